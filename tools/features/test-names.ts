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
  const suite = suiteOf(node);
  const within = suite === undefined ? suites : [...suites, suite.replace(tagged, '')];
  return Object.entries(node).flatMap(([field, part]) => {
    // The name itself is the first argument: it lies in what is around the suite.
    if (suite === undefined || field !== 'arguments' || !Array.isArray(part)) return textsIn(part, suites);
    return part.flatMap((argument, at) => textsIn(argument, at === 0 ? suites : within));
  });
}

interface Call {
  readonly type: string;
  readonly callee: { readonly value?: unknown };
  readonly arguments: readonly { readonly expression: object }[];
}

/** The name of the suite that a call of `suite` or `describe` defines. */
function suiteOf(node: object): string | undefined {
  const { type, callee, arguments: given } = node as Partial<Call>;
  const isSuite = type === 'CallExpression' && (callee?.value === 'suite' || callee?.value === 'describe');
  const name = isSuite ? given?.[0] : undefined;
  return name === undefined ? undefined : textOf(name.expression);
}

function textOf(node: object): string | undefined {
  const { type, value, quasis } = node as { type?: string; value?: unknown; quasis?: { raw: string }[] };
  if (type === 'StringLiteral') return String(value);
  if (type === 'TemplateLiteral') return quasis?.map(({ raw }) => raw).join('…');
  return undefined;
}
