import { finite, termOf } from '../casts.ts';
import type { Evaluate } from '../evaluation.ts';
import { sourcesOf, takes, takesMany } from '../operator.ts';
import type { Operator, OperatorCall } from '../operator.ts';

/** Null and no value count as 0, text is read as a number; other text, a list or an object gives no value. */

export const round = {
  names: ['round'],
  family: 'numbers',
  yields: 'number',
  signature: takes(['number', 'source']),
  summary: 'The nearest integer; a half goes up (2.5 to 3, -2.5 to -2).',
  compile(call) {
    const source = call.source(0);
    return (record, evaluation) => {
      const term = termOf(source(record, evaluation));
      return term === undefined ? undefined : Math.round(term) + 0;
    };
  },
} satisfies Operator;

export const add = {
  names: ['add', '+'],
  family: 'numbers',
  yields: 'number',
  signature: takesMany([['number', 'source']], [['number', 'source']]),
  summary: 'The sum.',
  compile: (call) => compileFold(call, 0, (sum, term) => sum + term),
} satisfies Operator;

export const multiply = {
  names: ['multiply', '*'],
  family: 'numbers',
  yields: 'number',
  signature: takesMany([['number', 'source']], [['number', 'source']]),
  summary: 'The product.',
  compile: (call) => compileFold(call, 1, (product, term) => product * term),
} satisfies Operator;

export const subtract = {
  names: ['subtract', '-'],
  family: 'numbers',
  yields: 'number',
  signature: takes(['number', 'source'], ['number', 'source']),
  summary: 'The first minus the second.',
  compile: (call) => compilePair(call, (first, second) => first - second),
} satisfies Operator;

export const divide = {
  names: ['divide', '/'],
  family: 'numbers',
  yields: 'number',
  signature: takes(['number', 'source'], ['number', 'source']),
  summary: 'The first by the second, with its fraction (7 by 2 is 3.5); by 0: no value.',
  compile: (call) => compilePair(call, (first, second) => first / second),
} satisfies Operator;

function compileFold(
  call: OperatorCall,
  start: number,
  step: (so: number, term: number) => number,
): Evaluate {
  const sources = sourcesOf(call);
  return (record, evaluation) => {
    let result = start;
    for (const source of sources) {
      const term = termOf(source(record, evaluation));
      if (term === undefined) return undefined;
      result = step(result, term);
    }
    return finite(result);
  };
}

function compilePair(call: OperatorCall, combine: (first: number, second: number) => number): Evaluate {
  const [left, right] = [call.source(0), call.source(1)];
  return (record, evaluation) => {
    const [first, second] = [termOf(left(record, evaluation)), termOf(right(record, evaluation))];
    return first === undefined || second === undefined ? undefined : finite(combine(first, second));
  };
}
