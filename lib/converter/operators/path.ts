import type { JsonValue } from '../../json.ts';
import type { Evaluate } from '../evaluation.ts';
import { sourcesOf, takesMany } from '../operator.ts';
import type { Operator } from '../operator.ts';
import { isInheritedKey } from '../own-properties.ts';

export const path = {
  names: ['path'],
  family: 'values',
  yields: 'any',
  signature: takesMany([], [['any', 'source']]),
  summary:
    'Each source on the result of the one before; the index into a list is text: `["path", "items", "0"]`.',
  compile(call) {
    const steps = sourcesOf(call);
    return (record, evaluation) => {
      let value: JsonValue | undefined = record;
      for (const step of steps) {
        value = step(value, evaluation);
        if (value === undefined) return undefined;
      }
      return value;
    };
  },
} satisfies Operator;

const listIndex = /^(?:0|[1-9]\d{0,8})$/;

/** BASIC_PATH: a key of the current value taken literally, or an index when that value is a list. */
export function compileBasicPath(key: string): Evaluate {
  const index = listIndex.test(key) ? Number(key) : -1;
  if (isInheritedKey(key)) {
    return (record) => (isKeyed(record) && Object.hasOwn(record, key) ? record[key] : undefined);
  }
  return (record) => {
    if (isKeyed(record)) return record[key];
    return index >= 0 && Array.isArray(record) ? record[index] : undefined;
  };
}

function isKeyed(value: JsonValue): value is { [key: string]: JsonValue } {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
