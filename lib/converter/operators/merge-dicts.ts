import type { JsonObject, JsonValue } from '../../json.ts';
import { objectOf } from '../casts.ts';
import { spend } from '../evaluation.ts';
import { sourcesOf, takesMany } from '../operator.ts';
import type { Operator } from '../operator.ts';
import { setOwnValue } from '../own-properties.ts';

export const mergeDicts = {
  names: ['merge_dicts'],
  family: 'values',
  yields: 'dict',
  signature: takesMany([['dict', 'source']], [['dict', 'source']]),
  summary:
    'One object of several; of two equal keys the later source wins. What is null or absent is passed over.',
  compile(call) {
    const sources = sourcesOf(call);
    return (record, evaluation) => {
      let merged: JsonObject | undefined;
      for (const source of sources) {
        const value: JsonValue | undefined = source(record, evaluation);
        if (value === undefined || value === null) continue;
        const object = objectOf(value);
        if (object === undefined) return undefined;
        merged ??= {};
        const keys = Object.keys(object);
        if (!spend(evaluation, keys.length)) return undefined;
        for (const key of keys) setOwnValue(merged, key, object[key]!);
      }
      return merged;
    };
  },
} satisfies Operator;
