import type { JsonObject } from '../../json.ts';
import { objectOf } from '../casts.ts';
import { spend } from '../evaluation.ts';
import { takesMany } from '../operator.ts';
import type { Operator } from '../operator.ts';
import { setOwnValue } from '../own-properties.ts';

export const excludeKeys = {
  names: ['exclude_keys'],
  family: 'values',
  yields: 'dict',
  signature: takesMany([['dict', 'source']], [['text', 'key']]),
  summary: 'The object without the keys.',
  compile(call) {
    const source = call.source(0);
    const excluded = new Set(Array.from({ length: call.count - 1 }, (_, index) => call.text(index + 1)));
    return (record, evaluation) => {
      const object = objectOf(source(record, evaluation));
      if (object === undefined) return undefined;
      const keys = Object.keys(object);
      if (!spend(evaluation, keys.length)) return undefined;
      const rest: JsonObject = {};
      for (const key of keys) {
        if (!excluded.has(key)) setOwnValue(rest, key, object[key]!);
      }
      return rest;
    };
  },
} satisfies Operator;
