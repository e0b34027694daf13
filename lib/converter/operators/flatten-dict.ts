import { isJsonObject } from '../../json.ts';
import type { JsonObject } from '../../json.ts';
import { numberOf, objectOf } from '../casts.ts';
import { spend } from '../evaluation.ts';
import type { Evaluation } from '../evaluation.ts';
import { takes } from '../operator.ts';
import type { Operator } from '../operator.ts';
import { setOwnValue } from '../own-properties.ts';

const deepest = 64;

export const flattenDict = {
  names: ['flatten_dict'],
  family: 'values',
  yields: 'dict',
  signature: takes(['text', 'separator'], ['number', 'levels'], ['dict', 'source']),
  summary:
    'An object whose keys are the paths of a nested one, joined by the separator; at most so many levels become one (1 to 64), deeper objects and lists stay as they are.',
  compile(call) {
    const [separator, levels, source] = [call.text(0), call.source(1), call.source(2)];
    return (record, evaluation) => {
      const depth = numberOf(levels(record, evaluation));
      const object = objectOf(source(record, evaluation));
      if (object === undefined || depth === undefined || !Number.isInteger(depth) || depth < 1)
        return undefined;
      const flat: JsonObject = {};
      const flattening: Flattening = { flat, separator, evaluation };
      return addFlat(object, '', Math.min(depth, deepest), flattening) ? flat : undefined;
    };
  },
} satisfies Operator;

interface Flattening {
  readonly flat: JsonObject;
  readonly separator: string;
  readonly evaluation: Evaluation;
}

function addFlat(object: JsonObject, prefix: string, levels: number, flattening: Flattening): boolean {
  for (const key of Object.keys(object)) {
    const value = object[key]!;
    const path = prefix + key;
    if (!spend(flattening.evaluation, path.length + 1)) return false;
    if (levels > 1 && isJsonObject(value) && Object.keys(value).length > 0) {
      if (!addFlat(value, path + flattening.separator, levels - 1, flattening)) return false;
    } else {
      setOwnValue(flattening.flat, path, value);
    }
  }
  return true;
}
