import { textOf } from '../casts.ts';
import { compileTimeFormat } from '../java-time-format.ts';
import { takes } from '../operator.ts';
import type { Operator } from '../operator.ts';

export const parseTimeToMs = {
  names: ['parse_time_to_ms'],
  family: 'time',
  yields: 'number',
  signature: takes(['text', 'format'], ['string', 'source']),
  summary:
    'Epoch milliseconds of a text in a Java time format, e.g. `M/d/yyyy H:mm:ss`; without a zone UTC. Text of another form: no value.',
  compile(call) {
    const format = compileTimeFormat(call.text(0));
    if (format.kind === 'invalid') {
      call.refuse(0, format.message);
      return () => undefined;
    }
    const { parse } = format;
    const source = call.source(1);
    return (record, evaluation) => {
      const text = textOf(source(record, evaluation));
      return text === undefined ? undefined : parse(text);
    };
  },
} satisfies Operator;
