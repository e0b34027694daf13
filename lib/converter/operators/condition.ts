import { truthOf } from '../casts.ts';
import { takes, takesMany } from '../operator.ts';
import type { Operator } from '../operator.ts';

export const condition = {
  names: ['condition', 'cond'],
  family: 'values',
  yields: 'any',
  signature: takesMany(
    [
      ['condition', 'condition'],
      ['any', 'source'],
    ],
    [
      ['condition', 'condition'],
      ['any', 'source'],
    ],
  ),
  summary: 'The source after the first true condition; none true: no value.',
  compile(call) {
    const branches = Array.from({ length: call.count / 2 }, (_, index) => ({
      holds: call.source(index * 2),
      result: call.source(index * 2 + 1),
    }));
    return (record, evaluation) => {
      for (const { holds, result } of branches) {
        if (truthOf(holds(record, evaluation))) return result(record, evaluation);
      }
      return undefined;
    };
  },
} satisfies Operator;

export const ifelse = {
  names: ['ifelse'],
  family: 'values',
  yields: 'any',
  signature: takes(['condition', 'condition'], ['any', 'then'], ['any', 'else']),
  summary: 'The second argument when the condition is true, else the third.',
  compile(call) {
    const [holds, then, otherwise] = [call.source(0), call.source(1), call.source(2)];
    return (record, evaluation) =>
      truthOf(holds(record, evaluation)) ? then(record, evaluation) : otherwise(record, evaluation);
  },
} satisfies Operator;
