import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseSync } from '@swc/core';
import { sourceFiles } from '../rooms/graph.ts';

/** A test, or a suite of tests, that says which rows it shows: `[I-22, C-07] a killed worker repeats nothing`. */
export interface ShownRows {
  readonly path: string;
  readonly rows: readonly string[];
  /** What is behind the rows; `…` where it is computed. */
  readonly name: string;
}

const tagged = /^(?:\[[A-Z]-\d{2}(?:, ?[A-Z]-\d{2})*\]\s*)+/;

/** All names with rows in `test/`, whether they stand in a call of `test` or in a table of cases. */
export function readShownRows(root: string): readonly ShownRows[] {
  if (!existsSync(join(root, 'test'))) return [];
  return sourceFiles(root, 'test').flatMap((path) => shownRows(path, readFileSync(join(root, path), 'utf8')));
}

export function shownRows(path: string, text: string): readonly ShownRows[] {
  if (!/\[[A-Z]-\d{2}/.test(text)) return [];
  const program = parseSync(text, { syntax: 'typescript', target: 'esnext' });
  return textsIn(program, []).flatMap(({ text: name, suites }) => {
    const [tags] = tagged.exec(name) ?? [];
    if (tags === undefined) return [];
    const rows = tags.match(/[A-Z]-\d{2}/g) ?? [];
    return { path, rows, name: [...suites, name.slice(tags.length)].join(': ') };
  });
}

interface Text {
  readonly text: string;
  /** Names of the suites around it, the outermost first, without their rows. */
  readonly suites: readonly string[];
}

/** Every string and template of a program, in order. */
function textsIn(node: unknown, suites: readonly string[]): readonly Text[] {
  if (typeof node !== 'object' || node === null) return [];
  const text = textOf(node);
  if (text !== undefined) return [{ text, suites }];
  const { callee, arguments: given } = node as { callee?: { value?: unknown }; arguments?: Argument[] };
  const [name, ...rest] = given ?? [];
  const isSuite = callee?.value === 'suite' || callee?.value === 'describe';
  const title = isSuite && name !== undefined ? textOf(name.expression) : undefined;
  if (title === undefined) return Object.values(node).flatMap((part) => textsIn(part, suites));
  return [{ text: title, suites }, ...textsIn(rest, [...suites, title.replace(tagged, '')])];
}

interface Argument {
  readonly expression: object;
}

function textOf(node: object): string | undefined {
  const { type, value, quasis } = node as { type?: string; value?: unknown; quasis?: { raw: string }[] };
  if (type === 'StringLiteral') return String(value);
  if (type === 'TemplateLiteral') return quasis?.map(({ raw }) => raw).join('…');
  return undefined;
}
