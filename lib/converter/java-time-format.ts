import { epochDay, msPerDay, timeOfDay } from './calendar.ts';
import { readTimeFormat } from './java-time-letters.ts';
import type { TimeParts, TimeStep } from './java-time-letters.ts';

/** Reads a text of that format as epoch milliseconds; undefined for any other text. */
type ParseTime = (text: string) => number | undefined;

export type CompiledTimeFormat =
  | { readonly kind: 'compiled'; readonly parse: ParseTime }
  | { readonly kind: 'invalid'; readonly message: string };

/**
 * A time format in the letters of Java's SimpleDateFormat and DateTimeFormatter. The whole text must match; a text
 * without a zone is UTC; parts that the format lacks are those of 1970-01-01T00:00:00.
 */
export function compileTimeFormat(format: string): CompiledTimeFormat {
  const read = readTimeFormat(format);
  if (read.kind === 'invalid') return read;
  const { steps } = read;
  return { kind: 'compiled', parse: (text) => parseTime(text, steps) };
}

/** No text that a sane format reads is longer. */
const longestTime = 256;

function parseTime(text: string, steps: readonly TimeStep[]): number | undefined {
  if (text.length > longestTime) return undefined;
  const parts: TimeParts = {
    year: 1970,
    month: 1,
    day: 1,
    dayOfYear: 0,
    hour: 0,
    minute: 0,
    second: 0,
    millisecond: 0,
    halfDay: undefined,
    offset: 0,
  };
  let at = 0;
  for (const step of steps) {
    at = step(text, at, parts);
    if (at < 0) return undefined;
  }
  return at === text.length ? instantOf(parts) : undefined;
}

function instantOf(parts: TimeParts): number | undefined {
  const day = dayOf(parts);
  const time = timeOfDay(hourOf(parts), parts.minute, parts.second);
  return day === undefined || time === undefined
    ? undefined
    : day * msPerDay + time + parts.millisecond - parts.offset;
}

function dayOf({ year, month, day, dayOfYear }: TimeParts): number | undefined {
  if (dayOfYear === 0) return epochDay(year, month, day);
  const [first, last] = [epochDay(year, 1, 1), epochDay(year, 12, 31)];
  if (first === undefined || last === undefined) return undefined;
  return first + dayOfYear - 1 <= last ? first + dayOfYear - 1 : undefined;
}

/** Twelve o'clock is 12 in `h`, 0 in `K`; both are 0 before the half day is added. NaN for an hour past 12. */
function hourOf({ hour, halfDay }: TimeParts): number {
  if (halfDay === undefined) return hour;
  return hour > 12 ? Number.NaN : (hour % 12) + halfDay;
}
