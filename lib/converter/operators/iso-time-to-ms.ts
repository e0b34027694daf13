import { parseIsoTime } from '../iso-time.ts';
import { takes } from '../operator.ts';
import type { Operator } from '../operator.ts';

export const isoTimeToMs = {
  names: ['iso_time_to_ms'],
  family: 'time',
  yields: 'number',
  signature: takes(['string', 'source']),
  summary:
    'Epoch milliseconds of an ISO 8601 text: a date, or a date and time with up to 9 fraction digits and a zone; without a zone UTC. Other text: no value.',
  compile(call) {
    const source = call.source(0);
    return (record, evaluation) => {
      const text = source(record, evaluation);
      return typeof text === 'string' ? parseIsoTime(text) : undefined;
    };
  },
} satisfies Operator;
