import type { JsonValue } from '../../json.ts';
import { spend } from '../evaluation.ts';
import { deepestNesting, isNestedWithin } from '../nesting.ts';
import { takes } from '../operator.ts';
import type { Operator } from '../operator.ts';

export const parseJsonElement = {
  names: ['parse_json_element', 'parse_json_object'],
  family: 'values',
  yields: 'any',
  signature: takes(['any', 'source']),
  summary: 'The JSON value in a text; not text, not JSON or nested deeper than 64 levels: no value.',
  compile(call) {
    const source = call.source(0);
    return (record, evaluation) => {
      const text = source(record, evaluation);
      if (typeof text !== 'string' || !mayBeJson(text) || !spend(evaluation, text.length)) return undefined;
      return parsed(text);
    };
  },
} satisfies Operator;

function parsed(text: string): JsonValue | undefined {
  try {
    const value = JSON.parse(text) as JsonValue;
    return isNestedWithin(value, deepestNesting) ? value : undefined;
  } catch {
    return undefined;
  }
}

const jsonStart = /^\s*[[{"\d\-tfn]/;

/** Spares most texts that are no JSON the price of an exception. */
function mayBeJson(text: string): boolean {
  return jsonStart.test(text);
}
