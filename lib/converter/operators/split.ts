import { textOf } from '../casts.ts';
import { spend } from '../evaluation.ts';
import { takes } from '../operator.ts';
import type { Operator } from '../operator.ts';

export const split = {
  names: ['split'],
  family: 'strings',
  yields: 'list',
  signature: takes(['text', 'separator'], ['string', 'source']),
  summary:
    'A list of the parts of a text between the separator, which is no pattern; empty parts stay. Null, a list or an object: no value.',
  compile(call) {
    const [separator, source] = [call.text(0), call.source(1)];
    if (separator === '')
      call.refuse(0, 'an empty separator separates nothing: write the characters between the parts');
    return (record, evaluation) => {
      const text = textOf(source(record, evaluation));
      return text === undefined || !spend(evaluation, text.length + 1) ? undefined : text.split(separator);
    };
  },
} satisfies Operator;
