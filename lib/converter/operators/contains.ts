import type { JsonValue } from '../../json.ts';
import { textOf } from '../casts.ts';
import { spend } from '../evaluation.ts';
import { takes } from '../operator.ts';
import type { Operator } from '../operator.ts';

export const contains = {
  names: ['contains', 'is_substring'],
  family: 'booleans',
  yields: 'bool',
  signature: takes(['text', 'part'], ['any', 'source']),
  summary:
    'True when the text of the source contains the part, or when the source is a list with that text as an item. Null and no value: false.',
  compile(call) {
    const [part, source] = [call.text(0), call.source(1)];
    return (record, evaluation) => {
      const value: JsonValue | undefined = source(record, evaluation);
      if (Array.isArray(value)) return spend(evaluation, value.length) && value.includes(part);
      const text = textOf(value);
      return text !== undefined && spend(evaluation, text.length) && text.includes(part);
    };
  },
} satisfies Operator;
