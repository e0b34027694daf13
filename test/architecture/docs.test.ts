import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { suite, test } from 'node:test';
import { rooms } from '../../tools/rooms/table.ts';
import { projectFiles, projectRoot, readProjectFile } from '../support/project-files.ts';

const files = projectFiles();
const pages = files.filter((path) => path.endsWith('.md'));
const map = 'docs/ARCHITECTURE.md';

suite('the documents', () => {
  test('link only to files and headings that exist', () => {
    const broken = pages.flatMap((page) =>
      linksOf(page)
        .filter((link) => !leadsSomewhere(page, link))
        .map((link) => `${page}: ${link}`),
    );
    assert.deepEqual(broken, []);
  });

  test('can each be reached from the README', () => {
    const reached = new Set(['README.md']);
    for (const page of reached) {
      for (const link of linksOf(page)) {
        const target = targetOf(page, link);
        if (target.endsWith('.md')) reached.add(target);
      }
    }
    const docs = pages.filter((page) => page.startsWith('docs/'));
    assert.deepEqual(
      docs.filter((page) => !reached.has(page)),
      [],
    );
  });

  test('name in the map of the project the folders that exist, and no other', () => {
    const folders = /^## Folders$(.*?)^## /ms.exec(readProjectFile(map))?.[1] ?? '';
    const named = [...folders.matchAll(/^\| `([^`]+)`/gm)].map((match) => match[1] ?? '');
    const missing = named.filter((path) => !path.includes('*') && !isThere(path));
    assert.deepEqual(missing, []);
    const existing = rooms.map((room) => room.path).filter((path) => path.includes('*') || isThere(path));
    const expected = [...topFolders(), ...existing, ...foldersOfProduct()];
    assert.deepEqual(
      expected.filter((path) => !named.includes(path) && !named.includes(`${path}/`)),
      [],
    );
  });

  test('and all other files name no path of one machine and no registry', () => {
    // Written so that the patterns do not match themselves.
    const places = ['/roo[t]/', '/hom[e]/[a-z]', '/User[s]/[a-z]', '/wor[k]/'].join('|');
    const hosts = ['registry[.](npmjs|yarnpkg)', 'proxy[.]golang', 'files[.]pythonhosted'].join('|');
    const foreign = new RegExp(`(?:^|[\\s"'\`(=:,])(?:${places})|${hosts}`, 'm');
    const guilty = files.filter((path) => !isBinary(path) && foreign.test(readProjectFile(path)));
    assert.deepEqual(guilty, []);
  });
});

/** Targets of Markdown links and images that are no addresses of other sites. */
function linksOf(page: string): readonly string[] {
  const text = readProjectFile(page).replace(/```[\s\S]*?```|`[^`\n]*`/g, '');
  return [...text.matchAll(/\]\(([^)\s]+)\)/g)]
    .map((match) => match[1] ?? '')
    .filter((link) => !/^[a-z]+:/.test(link));
}

function targetOf(page: string, link: string): string {
  const path = decodeURI(link.split('#', 1)[0] ?? '');
  return path === '' ? page : normalize(join(dirname(page), path)).replace(/\/$/, '');
}

function leadsSomewhere(page: string, link: string): boolean {
  const target = targetOf(page, link);
  const heading = link.split('#')[1];
  if (!isThere(target)) return false;
  return heading === undefined || !target.endsWith('.md') || anchorsOf(target).includes(heading);
}

/** As GitHub makes them of headings; explicit ones too. */
function anchorsOf(page: string): readonly string[] {
  const text = readProjectFile(page);
  const headings = [...text.matchAll(/^#+ (.+)$/gm)].map((match) =>
    (match[1] ?? '')
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, '')
      .trim()
      .replace(/\s/g, '-'),
  );
  return [...headings, ...[...text.matchAll(/<a (?:id|name)="([^"]+)"/g)].map((match) => match[1] ?? '')];
}

function isThere(path: string): boolean {
  return existsSync(join(projectRoot, path));
}

function topFolders(): readonly string[] {
  return [...new Set(files.filter((path) => path.includes('/')).map((path) => path.split('/', 1)[0] ?? ''))];
}

/** Folders of the second level of what ships: each is an idea of its own. */
function foldersOfProduct(): readonly string[] {
  const parts = files
    .map((path) => path.split('/'))
    .filter(([top = '']) => ['lib', 'operator', 'worker', 'cli'].includes(top));
  return [...new Set(parts.filter((path) => path.length > 2).map((path) => path.slice(0, 2).join('/')))];
}

function isBinary(path: string): boolean {
  return readProjectFile(path).includes('\0');
}
