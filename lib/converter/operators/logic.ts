import { truthOf } from '../casts.ts';
import { sourcesOf, takes, takesMany } from '../operator.ts';
import type { Operator } from '../operator.ts';

export const not = {
  names: ['not', '!'],
  family: 'booleans',
  yields: 'bool',
  signature: takes(['condition', 'condition']),
  summary: 'True when the argument is not true.',
  compile(call) {
    const source = call.source(0);
    return (record, evaluation) => !truthOf(source(record, evaluation));
  },
} satisfies Operator;

export const and = {
  names: ['and', '&&'],
  family: 'booleans',
  yields: 'bool',
  signature: takesMany([['condition', 'condition']], [['condition', 'condition']]),
  summary: 'True when all arguments are true.',
  compile(call) {
    const sources = sourcesOf(call);
    return (record, evaluation) => {
      for (const source of sources) {
        if (!truthOf(source(record, evaluation))) return false;
      }
      return true;
    };
  },
} satisfies Operator;

export const or = {
  names: ['or', '||'],
  family: 'booleans',
  yields: 'bool',
  signature: takesMany([['condition', 'condition']], [['condition', 'condition']]),
  summary: 'True when at least one argument is true.',
  compile(call) {
    const sources = sourcesOf(call);
    return (record, evaluation) => {
      for (const source of sources) {
        if (truthOf(source(record, evaluation))) return true;
      }
      return false;
    };
  },
} satisfies Operator;
