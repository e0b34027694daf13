import { formatIsoTime } from '../iso-time.ts';
import { takes } from '../operator.ts';
import type { Operator } from '../operator.ts';

export const isoTimeNow = {
  names: ['iso_time_now'],
  family: 'time',
  yields: 'string',
  signature: takes(),
  summary: 'The time of the conversion as `YYYY-MM-DDTHH:MM:SS` in UTC.',
  compile() {
    return (_, evaluation) => formatIsoTime(evaluation.now);
  },
} satisfies Operator;

export const msTimeNow = {
  names: ['ms_time_now'],
  family: 'time',
  yields: 'number',
  signature: takes(),
  summary: 'The time of the conversion in epoch milliseconds.',
  compile() {
    return (_, evaluation) => evaluation.now;
  },
} satisfies Operator;
