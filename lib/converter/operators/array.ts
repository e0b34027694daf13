import type { JsonValue } from '../../json.ts';
import { sourcesOf, takesMany } from '../operator.ts';
import type { Operator } from '../operator.ts';

export const array = {
  names: ['array'],
  family: 'values',
  yields: 'list',
  signature: takesMany([['any', 'source']], [['any', 'source']]),
  summary: 'A list of the results; a source without a value is left out.',
  compile(call) {
    const sources = sourcesOf(call);
    return (record, evaluation) => {
      const items: JsonValue[] = [];
      for (const source of sources) {
        const item = source(record, evaluation);
        if (item !== undefined) items.push(item);
      }
      return items;
    };
  },
} satisfies Operator;
