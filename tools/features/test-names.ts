import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { sourceFiles } from '../rooms/graph.ts';
import { programOf } from '../rooms/imports-of.ts';

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
  return textsIn(programOf(path, text), []).flatMap(({ text: name, suites }) => {
    const [tags] = tagged.exec(name) ?? [];
    if (tags === undefined) return [];
    const rows = tags.match(/[A-Z]-\d{2}/g) ?? [];
    return { path, rows, name: [...suites, name.slice(tags.length)].join(': ') };
  });
}

/** Names of the tests that a file defines by calls of `test` or `it`, each behind those of the suites around it. */
export function namesOfTests(path: string, text: string): readonly string[] {
  return textsIn(programOf(path, text), [])
    .filter(({ calledBy }) => calledBy === 'test' || calledBy === 'it')
    .map(({ text: name, suites }) => [...suites, name].join(': '));
}

interface Text {
  readonly text: string;
  /** Names of the suites around it, the outermost first, without their rows. */
  readonly suites: readonly string[];
  /** The function whose first argument it is. */
  readonly calledBy?: string;
}

/** Every string and template of a program, in order. */
function textsIn(node: unknown, suites: readonly string[]): readonly Text[] {
  if (typeof node !== 'object' || node === null) return [];
  const text = textOf(node);
  if (text !== undefined) return [{ text, suites }];
  const call = namedCall(node);
  if (call === undefined) return Object.values(node).flatMap((part) => textsIn(part, suites));
  const isSuite = call.calledBy === 'suite' || call.calledBy === 'describe';
  const within = isSuite ? [...suites, call.name.replace(tagged, '')] : suites;
  return [{ text: call.name, suites, calledBy: call.calledBy }, ...textsIn(call.rest, within)];
}

interface Call {
  readonly type: string;
  readonly callee: { readonly name?: unknown };
  readonly arguments: readonly object[];
}

/** A call of a plain function whose first argument is a text, like `test('name', …)`. */
function namedCall(node: object): { calledBy: string; name: string; rest: readonly object[] } | undefined {
  const { type, callee, arguments: given } = node as Partial<Call>;
  if (type !== 'CallExpression' || typeof callee?.name !== 'string') return undefined;
  const [first, ...rest] = given ?? [];
  const name = first === undefined ? undefined : textOf(first);
  return name === undefined ? undefined : { calledBy: callee.name, name, rest };
}

interface TextNode {
  readonly type?: string;
  readonly value?: unknown;
  readonly quasis?: readonly { readonly value: { readonly raw: string } }[];
}

function textOf(node: object): string | undefined {
  const { type, value, quasis } = node as TextNode;
  if (type === 'Literal' && typeof value === 'string') return value;
  if (type === 'TemplateLiteral') return quasis?.map((part) => part.value.raw).join('…');
  return undefined;
}
