import { numberOf } from '../casts.ts';
import { formatIsoTime } from '../iso-time.ts';
import { takes } from '../operator.ts';
import type { Operator } from '../operator.ts';

export const msToIsoTime = {
  names: ['ms_to_iso_time'],
  family: 'time',
  yields: 'string',
  signature: takes(['number', 'source']),
  summary: '`YYYY-MM-DDTHH:MM:SS` in UTC of epoch milliseconds, a number or text; the milliseconds are cut.',
  compile(call) {
    const source = call.source(0);
    return (record, evaluation) => {
      const ms = numberOf(source(record, evaluation));
      return ms === undefined ? undefined : formatIsoTime(ms);
    };
  },
} satisfies Operator;
