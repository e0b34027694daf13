import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { describeOperators } from '../../lib/converter/describe-operators.ts';
import type { Operator } from '../../lib/converter/operator.ts';
import { operatorNames, operators } from '../../lib/converter/registry.ts';
import type { JsonValue } from '../../lib/json.ts';

const golden = new URL('../golden/converter/', import.meta.url);
const sources = readdirSync(golden).flatMap((file) =>
  (JSON.parse(readFileSync(new URL(file, golden), 'utf8')) as { source?: JsonValue }[]).map(
    ({ source }) => source,
  ),
);
const called = new Set(sources.flatMap((source) => (Array.isArray(source) ? [source[0]] : [])));

test('[I-32] [I-33] [I-34] there are 35 operators, 23 general ones, 6 of booleans and 6 of numbers', () => {
  const families = Object.values(operators).map(({ family }) => family);
  const count = (...wanted: string[]): number => families.filter((family) => wanted.includes(family)).length;
  assert.deepEqual([count('values', 'strings', 'time'), count('booleans'), count('numbers')], [23, 6, 6]);
});

test('[I-32] [I-33] [I-34] no name stands for two operators', () => {
  const all = Object.values(operators).flatMap(({ names }: Operator) => names);
  assert.deepEqual(all.toSorted(), operatorNames.toSorted());
});

for (const [name, operator] of Object.entries(operators) as [string, Operator][]) {
  test(`[I-32] the operator ${name} is listed under its name, described, and shown by a golden case for each of its names`, () => {
    assert.equal(operator.names[0], name);
    assert.match(operator.summary, /^[`A-Z].*\.$/);
    assert.ok(describeOperators().includes(operator.summary.replaceAll('|', '\\|')));
    for (const alias of operator.names) assert.ok(called.has(alias), `${alias} has no golden case`);
  });
}
