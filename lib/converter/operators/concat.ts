import { textOf } from '../casts.ts';
import { spend } from '../evaluation.ts';
import { sourcesOf, takesMany } from '../operator.ts';
import type { Operator } from '../operator.ts';

export const concat = {
  names: ['concat'],
  family: 'strings',
  yields: 'string',
  signature: takesMany([['string', 'source']], [['string', 'source']]),
  summary: 'The results as text, joined; one without a value, null, a list or an object: no value.',
  compile(call) {
    const sources = sourcesOf(call);
    return (record, evaluation) => {
      let joined = '';
      for (const source of sources) {
        const text = textOf(source(record, evaluation));
        if (text === undefined || !spend(evaluation, text.length)) return undefined;
        joined += text;
      }
      return joined;
    };
  },
} satisfies Operator;
