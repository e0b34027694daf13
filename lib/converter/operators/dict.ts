import type { JsonObject } from '../../json.ts';
import type { Evaluate } from '../evaluation.ts';
import { quote } from '../load-errors.ts';
import { takesMany } from '../operator.ts';
import type { Operator, OperatorCall } from '../operator.ts';
import { setOwnValue } from '../own-properties.ts';

export const dict = {
  names: ['dict'],
  family: 'values',
  yields: 'dict',
  signature: takesMany(
    [
      ['text', 'key'],
      ['any', 'source'],
    ],
    [
      ['text', 'key'],
      ['any', 'source'],
    ],
  ),
  summary:
    'An object; a key whose source has no value is left out. The same as a JSON object `{"key": SOURCE}`.',
  compile(call) {
    const keys = keysOf(call);
    const sources = keys.map((_, index) => call.source(index * 2 + 1));
    return keys.includes('__proto__') ? buildGuarded(keys, sources) : build(keys, sources);
  },
} satisfies Operator;

function keysOf(call: OperatorCall): readonly string[] {
  const keys = new Set<string>();
  for (let index = 0; index < call.count; index += 2) {
    const key = call.text(index);
    if (keys.has(key)) call.refuse(index, `the key ${quote(key)} stands twice: remove one of the two`);
    keys.add(key);
  }
  return [...keys];
}

function build(keys: readonly string[], sources: readonly Evaluate[]): Evaluate {
  const count = keys.length;
  return (record, evaluation) => {
    const output: JsonObject = {};
    for (let index = 0; index < count; index++) {
      const value = sources[index]!(record, evaluation);
      if (value !== undefined) output[keys[index]!] = value;
    }
    return output;
  };
}

function buildGuarded(keys: readonly string[], sources: readonly Evaluate[]): Evaluate {
  return (record, evaluation) => {
    const output: JsonObject = {};
    for (const [index, key] of keys.entries()) {
      const value = sources[index]?.(record, evaluation);
      if (value !== undefined) setOwnValue(output, key, value);
    }
    return output;
  };
}
