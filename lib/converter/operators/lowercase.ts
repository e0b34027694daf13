import { textOf } from '../casts.ts';
import { spend } from '../evaluation.ts';
import { takes } from '../operator.ts';
import type { Operator } from '../operator.ts';

export const lowercase = {
  names: ['lowercase', 'lower'],
  family: 'strings',
  yields: 'string',
  signature: takes(['string', 'source']),
  summary: 'The text in lower case. Null, a list or an object: no value.',
  compile(call) {
    const source = call.source(0);
    return (record, evaluation) => {
      const text = textOf(source(record, evaluation));
      return text === undefined || !spend(evaluation, text.length) ? undefined : text.toLowerCase();
    };
  },
} satisfies Operator;
