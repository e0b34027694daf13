import { numberOf, textOf } from '../casts.ts';
import { spend } from '../evaluation.ts';
import { firstWordOfMd5 } from '../md5.ts';
import { takes } from '../operator.ts';
import type { Operator } from '../operator.ts';

export const sampleMd5 = {
  names: ['sample_md5'],
  family: 'values',
  yields: 'bool',
  signature: takes(['number', 'percent'], ['any', 'key']),
  summary:
    'Whether the key is in the sample of that percentage: the first 32 bits of its MD5, as a share of all, are below it.',
  compile(call) {
    const [percent, key] = [call.source(0), call.source(1)];
    return (record, evaluation) => {
      const share = numberOf(percent(record, evaluation));
      if (share === undefined) return undefined;
      if (share <= 0 || share >= 100) return share > 0;
      const text = textOf(key(record, evaluation));
      if (text === undefined || !spend(evaluation, text.length)) return false;
      return firstWordOfMd5(text) < (share / 100) * 2 ** 32;
    };
  },
} satisfies Operator;
