import { readdirSync, readFileSync } from 'node:fs';

/** A list of the pages in `docs/decisions`, by number, for the index of `docs/`. */
export function renderDecisionsList(root: URL): string {
  const folder = new URL('docs/decisions/', root);
  const pages = readdirSync(folder)
    .filter((name) => /^\d{4}-.*\.md$/.test(name))
    .toSorted();
  return pages.map((name) => `- [${titleOf(new URL(name, folder))}](decisions/${name})`).join('\n');
}

function titleOf(page: URL): string {
  const title = /^# (.+)$/m.exec(readFileSync(page, 'utf8'))?.[1];
  if (title === undefined) throw new Error(`${page.pathname} has no title`);
  return title;
}
