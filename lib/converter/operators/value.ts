import type { JsonObject, JsonValue } from '../../json.ts';
import { typeOf } from '../casts.ts';
import { deepestNesting, isNestedWithin } from '../nesting.ts';
import { takes } from '../operator.ts';
import type { Operator } from '../operator.ts';
import { setOwnValue } from '../own-properties.ts';

export const value = {
  names: ['value'],
  family: 'values',
  yields: (call) => typeOf(call.literal(0)),
  signature: takes(['literal', 'json']),
  summary: 'The JSON value as it stands.',
  compile(call) {
    const json = call.literal(0);
    if (!isNestedWithin(json, deepestNesting)) {
      call.refuse(0, `the value is nested deeper than ${deepestNesting} levels: flatten it`);
      return () => undefined;
    }
    const literal = frozenCopy(json);
    return () => literal;
  },
} satisfies Operator;

/** All outputs share the literal, so nobody may change it. */
function frozenCopy(json: JsonValue): JsonValue {
  if (typeof json !== 'object' || json === null) return json;
  if (Array.isArray(json)) return Object.freeze(json.map((item) => frozenCopy(item))) as JsonValue[];
  const copy: JsonObject = {};
  for (const [key, item] of Object.entries(json)) setOwnValue(copy, key, frozenCopy(item));
  return Object.freeze(copy);
}
