import { sourcesOf, takesMany } from '../operator.ts';
import type { Operator } from '../operator.ts';

export const any = {
  names: ['any'],
  family: 'values',
  yields: 'any',
  signature: takesMany([['any', 'source']], [['any', 'source']]),
  summary: 'The first source that has a value; null does not count as one.',
  compile(call) {
    const sources = sourcesOf(call);
    return (record, evaluation) => {
      for (const source of sources) {
        const value = source(record, evaluation);
        if (value !== undefined && value !== null) return value;
      }
      return undefined;
    };
  },
} satisfies Operator;
