import { quote } from '../load-errors.ts';
import { takes } from '../operator.ts';
import type { Operator } from '../operator.ts';

export const int = {
  names: ['int'],
  family: 'numbers',
  yields: 'number',
  signature: takes(['literal', 'integer']),
  summary: 'The integer as it stands; anything else is an error when the converter is loaded.',
  compile(call) {
    const literal = call.literal(0);
    if (!Number.isSafeInteger(literal)) {
      call.refuse(0, `${quote(literal)} is no integer: write a whole number without quotes, or ["value", …]`);
    }
    return () => literal;
  },
} satisfies Operator;
