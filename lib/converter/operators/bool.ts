import { quote } from '../load-errors.ts';
import { takes } from '../operator.ts';
import type { Operator } from '../operator.ts';

export const bool = {
  names: ['bool'],
  family: 'booleans',
  yields: 'bool',
  signature: takes(['literal', 'true or false']),
  summary: 'The boolean as it stands; anything else is an error when the converter is loaded.',
  compile(call) {
    const literal = call.literal(0);
    if (typeof literal !== 'boolean') {
      call.refuse(0, `${quote(literal)} is no boolean: write true or false without quotes, or ["value", …]`);
    }
    return () => literal;
  },
} satisfies Operator;
