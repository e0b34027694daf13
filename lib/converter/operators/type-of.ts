import { typeOf as typeOfValue } from '../casts.ts';
import { takes } from '../operator.ts';
import type { Operator } from '../operator.ts';

export const typeOf = {
  names: ['typeof'],
  family: 'values',
  yields: 'string',
  signature: takes(['any', 'source']),
  summary: 'One of `string`, `list`, `dict`, `bool`, `number`, `null`; no value counts as null.',
  compile(call) {
    const source = call.source(0);
    return (record, evaluation) => typeOfValue(source(record, evaluation));
  },
} satisfies Operator;
