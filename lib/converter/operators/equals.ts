import { isJsonObject } from '../../json.ts';
import type { JsonObject, JsonValue } from '../../json.ts';
import { spend } from '../evaluation.ts';
import type { Evaluation } from '../evaluation.ts';
import { deepestNesting } from '../nesting.ts';
import { takes } from '../operator.ts';
import type { Operator } from '../operator.ts';

export const equals = {
  names: ['equals', 'eq', '='],
  family: 'booleans',
  yields: 'bool',
  signature: takes(['any', 'source'], ['any', 'source']),
  summary:
    'True when both are equal, in type too: 1 is not "1". Lists and objects are compared item by item. No value counts as null.',
  compile(call) {
    const [left, right] = [call.source(0), call.source(1)];
    return (record, evaluation) => {
      const [a, b] = [left(record, evaluation) ?? null, right(record, evaluation) ?? null];
      return areEqual(a, b, { levels: deepestNesting, evaluation });
    };
  },
} satisfies Operator;

interface Comparison {
  /** Objects and lists one inside another that are still looked into; deeper ones count as different. */
  readonly levels: number;
  readonly evaluation: Evaluation;
}

function areEqual(a: JsonValue, b: JsonValue, comparison: Comparison): boolean {
  if (!isNested(a) || !isNested(b)) return a === b;
  if (comparison.levels === 0 || !spend(comparison.evaluation, 1)) return false;
  const inner = { levels: comparison.levels - 1, evaluation: comparison.evaluation };
  if (Array.isArray(a)) return Array.isArray(b) && areListsEqual(a, b, inner);
  return isJsonObject(b) && areObjectsEqual(a, b, inner);
}

function isNested(value: JsonValue): value is JsonValue[] | JsonObject {
  return typeof value === 'object' && value !== null;
}

function areListsEqual(a: readonly JsonValue[], b: readonly JsonValue[], inner: Comparison): boolean {
  if (a.length !== b.length || !spend(inner.evaluation, a.length)) return false;
  return a.every((item, index) => areEqual(item, b[index] ?? null, inner));
}

function areObjectsEqual(a: JsonObject, b: JsonObject, inner: Comparison): boolean {
  const keys = Object.keys(a);
  if (keys.length !== Object.keys(b).length || !spend(inner.evaluation, keys.length)) return false;
  return keys.every((key) => Object.hasOwn(b, key) && areEqual(a[key] ?? null, b[key] ?? null, inner));
}
