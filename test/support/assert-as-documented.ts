import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';

const page = new URL('../../docs/reference/metrics.md', import.meta.url);

/** What a real process serves is what the page says of it, name by name. */
export async function assertAsDocumented(scrape: string, section: 'Operator' | 'Workers'): Promise<void> {
  const text = await readFile(page, 'utf8');
  const part = text.split(`\n## ${section}\n`)[1]?.split('\n## ')[0] ?? '';
  const documented = [...part.matchAll(/^\| `(\w+)` +\| (\w+)/gm)].map(([, name, kind]) => `${name} ${kind}`);
  const served = [...scrape.matchAll(/^# TYPE (\w+) (\w+)$/gm)]
    .map(([, name, kind]) => `${name} ${kind}`)
    .filter((name) => !/^(process|nodejs)_/.test(name));
  assert.deepEqual(served.toSorted(), documented.toSorted());
}
