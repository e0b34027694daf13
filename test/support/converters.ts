import fc from 'fast-check';
import { compileConverter } from '../../lib/converter/compile-converter.ts';
import type { Converter } from '../../lib/converter/converter.ts';
import type { Operator, Parameter } from '../../lib/converter/operator.ts';
import { operators } from '../../lib/converter/registry.ts';
import type { JsonObject, JsonValue } from '../../lib/json.ts';

/** Names that records, converters and literals of the laws have in common, those that every object inherits too. */
const names = [
  'a',
  'b',
  'c',
  '0',
  '1',
  'x.y',
  '$set',
  '__proto__',
  'constructor',
  'toString',
  'prototype',
  '',
];

/** Texts that mean something to one operator or another. */
const texts = [
  ...names,
  ',',
  '(a*)*b',
  '[0-9]+',
  '(?<g>a)|b',
  'yyyy-MM-dd',
  'M/d/yyyy H:mm:ss',
  '2015-08-10T12:00:00.5Z',
  '1/1/2021 5:06:07',
  'AP6qCz41AAAwhCUA',
  '{"__proto__":{"x":1},"a":[1]}',
  '[[[[1]]]]',
  '1645066434189',
  'true',
  'False',
  '-1.5e3',
  'ab\ud800\0',
  'a'.repeat(3000),
];

/** JSON values whose keys and texts come from the pools; objects made as JSON.parse makes them. */
export const jsonValues: fc.Arbitrary<JsonValue> = fc.letrec<{ value: JsonValue }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'medium', withCrossShrink: true },
    fc.constantFrom<JsonValue>(null, true, false, 0, -0, 1, 1.5, 2 ** 53, -1, 1e308, 1645066434189),
    fc.oneof(fc.constantFrom(...texts), fc.string()),
    fc.array(tie('value'), { maxLength: 4 }),
    objectOf(tie('value')),
  ),
})).value;

export const records: fc.Arbitrary<JsonObject> = objectOf(jsonValues);

function objectOf(values: fc.Arbitrary<JsonValue>): fc.Arbitrary<JsonObject> {
  const entries = fc.array(fc.tuple(fc.oneof(fc.constantFrom(...names), fc.string()), values), {
    maxLength: 6,
  });
  return entries.map((pairs) => Object.fromEntries(pairs));
}

/** Source descriptions of the right form; texts may still be wrong for their operator. */
export const sources: fc.Arbitrary<JsonValue> = fc.letrec<{ source: JsonValue }>((tie) => ({
  source: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.constantFrom<JsonValue>(...names),
    jsonValues.map((literal) => ['value', literal]),
    objectOf(tie('source')),
    ...Object.values(operators).map((operator: Operator) => callOf(operator, tie('source'))),
  ),
})).source;

function callOf(operator: Operator, source: fc.Arbitrary<JsonValue>): fc.Arbitrary<JsonValue> {
  const { once, repeated } = operator.signature;
  const argument = ({ kind }: Parameter): fc.Arbitrary<JsonValue> => {
    if (kind === 'text') return fc.constantFrom(...texts);
    if (kind !== 'literal') return source;
    return operator.names[0] === 'bool'
      ? fc.boolean()
      : operator.names[0] === 'int'
        ? fc.integer()
        : jsonValues;
  };
  const group = fc.tuple(...repeated.map(argument));
  return fc
    .tuple(
      fc.constantFrom(...operator.names),
      fc.tuple(...once.map(argument)),
      fc.array(group, { maxLength: 2 }),
    )
    .map(([name, first, groups]) => [name, ...first, ...groups.flat()]);
}

/** The converter with that source as its only field `result`; fails when it does not compile. */
export function converterOf(source: JsonValue): Converter {
  const compiled = compileConverter({ convertToAmplitudeFunc: { result: source } });
  if (compiled.kind === 'compiled') return compiled.converter;
  throw new Error(compiled.errors.map(({ path, message }) => `${path}: ${message}`).join('; '));
}
