import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { compileConverter } from '../../lib/converter/compile-converter.ts';
import type { Converter, LoadError } from '../../lib/converter/converter.ts';
import type { JsonObject, JsonValue } from '../../lib/json.ts';
import { compileKeyPattern } from '../../lib/pattern.ts';
import { conversions } from '../../worker/conversions/registry.ts';

/**
 * Conformance to Amplitude's converter language: one file a family, one case a claim. `case` is a case of the
 * published language, `basis` says how firm it is: D printed in Amplitude's reference, C follows from it, O left open
 * there and decided here (`docs/decisions/0003-open-points-of-the-converter-language.md`).
 */
interface GoldenCase {
  readonly case?: number;
  readonly name: string;
  readonly rows: readonly string[];
  readonly basis: 'D' | 'C' | 'O';
  /** A source description, as the only field `result` of a converter; or a whole document; or a key pattern. */
  readonly source?: JsonValue;
  readonly document?: JsonValue;
  readonly pattern?: string;
  readonly prefix?: string;
  readonly record: JsonObject;
  readonly expect: Expectation;
}

interface Expectation {
  readonly value?: JsonValue;
  readonly noValue?: true;
  readonly output?: JsonObject;
  readonly skip?: string;
  readonly errors?: readonly { readonly path: string; readonly says: string }[];
  readonly event?: {
    readonly kind: string;
    readonly userId?: string;
    readonly body: JsonObject;
    /** The body has these fields and no others. */
    readonly whole?: true;
  };
  readonly keys?: Readonly<Record<string, boolean>>;
}

const folder = new URL('converter/', import.meta.url);
const now = Date.UTC(2026, 0, 2, 3, 4, 5, 678);

for (const file of readdirSync(folder)) {
  const cases = JSON.parse(readFileSync(new URL(file, folder), 'utf8')) as GoldenCase[];
  for (const golden of cases) {
    const numbered = golden.case === undefined ? '' : `case ${golden.case}: `;
    test(`[${golden.rows.join('] [')}] ${numbered}${golden.name}`, () => check(golden));
  }
}

test('[I-31] [I-32] [I-33] [I-34] all sixty conformance cases are here', () => {
  const numbers = readdirSync(folder)
    .flatMap((file) => JSON.parse(readFileSync(new URL(file, folder), 'utf8')) as GoldenCase[])
    .map((golden) => golden.case);
  assert.deepEqual(
    Array.from({ length: 60 }, (_, index) => index + 1).filter((number) => !numbers.includes(number)),
    [],
  );
});

function check(golden: GoldenCase): void {
  const { expect } = golden;
  if (expect.keys !== undefined) return checkKeys(golden, expect.keys);
  const document = golden.document ?? { convertToAmplitudeFunc: { result: golden.source ?? null } };
  if (expect.errors !== undefined) return checkErrors(document, expect.errors);
  if (expect.event !== undefined) return checkEvent(document, golden.record, expect.event);
  const converted = compiled(document).convert(golden.record, { now });
  if (expect.skip !== undefined) assert.deepEqual(converted, { kind: 'skip', reason: expect.skip });
  else assert.deepEqual(converted, { kind: 'output', output: expectedOutput(expect) });
}

function expectedOutput(expect: Expectation): JsonObject {
  if (expect.output !== undefined) return expect.output;
  return expect.noValue ? {} : { result: expect.value ?? null };
}

function compiled(document: JsonValue): Converter {
  const result = compileConverter(document);
  assert.equal(result.kind, 'compiled', JSON.stringify(result));
  return (result as { readonly converter: Converter }).converter;
}

function checkErrors(document: JsonValue, expected: readonly { readonly path: string; readonly says: string }[]): void {
  const result = compileConverter(document);
  const errors: readonly LoadError[] = result.kind === 'invalid' ? result.errors : [];
  assert.deepEqual(
    errors.map(({ path }) => path),
    expected.map(({ path }) => path),
  );
  for (const [index, { says }] of expected.entries()) {
    assert.ok(errors[index]?.message.includes(says), `${errors[index]?.message} should say ${says}`);
  }
}

function checkEvent(document: JsonValue, record: JsonObject, expected: NonNullable<Expectation['event']>): void {
  const opened = conversions.amplitude.open(document as JsonObject, { clock: { now: () => now } });
  assert.equal(opened.kind, 'opened', JSON.stringify(opened));
  if (opened.kind !== 'opened') return;
  const outcome = opened.conversion.convert(record, { bucket: 'b', key: 'k.json', version: 'v1', row: 7 });
  assert.equal(outcome.kind, 'event', JSON.stringify(outcome));
  if (outcome.kind !== 'event') return;
  const { event } = outcome;
  assert.equal(event.kind, expected.kind);
  if (expected.userId !== undefined) assert.equal(event.userId, expected.userId);
  const names = Object.keys(expected.whole ? event.body : expected.body);
  assert.deepEqual(Object.fromEntries(names.map((name) => [name, event.body[name]])), expected.body);
}

function checkKeys({ pattern = '', prefix }: GoldenCase, keys: Readonly<Record<string, boolean>>): void {
  const matcher = compileKeyPattern({ regex: pattern }, prefix);
  assert.equal(matcher.kind, 'compiled', JSON.stringify(matcher));
  for (const [key, matches] of Object.entries(keys)) {
    if (matcher.kind === 'compiled') assert.equal(matcher.matches(key), matches, key);
  }
}
