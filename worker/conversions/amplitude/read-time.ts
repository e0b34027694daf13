import { numberOf } from '../../../lib/converter/casts.ts';
import { isBlank, refuse } from './checking.ts';
import type { ReadField } from './read-scalars.ts';

/** The last millisecond of the year 9999: what is above are micro- or nanoseconds. */
const latest = 253_402_300_799_999;

/** Epoch milliseconds, as a number or in text; a fraction of a millisecond is cut. */
export const readTime: ReadField<number> = (value, column, checking) => {
  if (isBlank(value)) return undefined;
  const time = numberOf(value);
  if (time === undefined) {
    return refuse(
      checking,
      column,
      value,
      'is no number of milliseconds since 1970: map ["iso_time_to_ms", …] for an ISO time, ["parse_time_to_ms", "format", …] for another',
    );
  }
  if (time < 1)
    return refuse(
      checking,
      column,
      value,
      'is not after the beginning of 1970: map the time of the event in milliseconds',
    );
  if (time > latest) {
    return refuse(
      checking,
      column,
      value,
      'is after the year 9999, so it is not in milliseconds: map ["divide", …, ["value", 1000]] for microseconds, 1000000 for nanoseconds',
    );
  }
  return Math.trunc(time);
};
