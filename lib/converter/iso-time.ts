import { epochDay, msPerDay, timeOfDay } from './calendar.ts';

/**
 * Epoch milliseconds of an ISO 8601 date-time, undefined for any other text:
 * `YYYY-MM-DD`, then optionally `T` or a space and `HH:MM`, `:SS`, a fraction of up to 9 digits (cut to
 * milliseconds), and `Z` or an offset `+HH`, `+HHMM`, `+HH:MM`. Without a zone it is UTC.
 *
 * Read by character codes: this is the operator that nearly every record goes through.
 */
export function parseIsoTime(text: string): number | undefined {
  if (text.length < 10 || text.length > 35 || text[4] !== '-' || text[7] !== '-') return undefined;
  const day = epochDay(digits(text, 0, 4), digits(text, 5, 2), digits(text, 8, 2));
  if (day === undefined) return undefined;
  if (text.length === 10) return day * msPerDay;
  return isTimeSeparator(text.charCodeAt(10)) && text[13] === ':'
    ? readTime(text, day * msPerDay)
    : undefined;
}

/** `T`, `t` or a space. */
function isTimeSeparator(code: number): boolean {
  return code === 84 || code === 116 || code === 32;
}

function readTime(text: string, dayStart: number): number | undefined {
  let end = 16;
  let second = 0;
  if (text[16] === ':') {
    second = digits(text, 17, 2);
    end = 19;
  }
  const time = timeOfDay(digits(text, 11, 2), digits(text, 14, 2), second);
  if (time === undefined) return undefined;
  let fraction = 0;
  if (end === 19 && text[19] === '.') {
    end = endOfDigits(text, 20);
    if (end === 20 || end > 29) return undefined;
    fraction = milliseconds(text, 20, end);
  }
  const offset = readOffset(text, end);
  return offset === undefined ? undefined : dayStart + time + fraction - offset;
}

/** The offset from UTC in milliseconds that the rest of the text says; no rest is UTC. */
export function readOffset(text: string, start: number): number | undefined {
  const sign = text[start];
  if (sign === undefined) return 0;
  if (sign === 'Z' || sign === 'z') return text.length === start + 1 ? 0 : undefined;
  if (sign !== '+' && sign !== '-') return undefined;
  const [hours, minutes] = [digits(text, start + 1, 2), readMinutes(text, start + 3)];
  if (!(hours <= 18 && minutes <= 59)) return undefined;
  return (hours * 60 + minutes) * (sign === '-' ? -60_000 : 60_000);
}

/** The minutes of an offset, with a colon before them, without, or none; NaN for anything else. */
function readMinutes(text: string, start: number): number {
  const length = text.length - start;
  if (length === 0) return 0;
  if (length === 2) return digits(text, start, 2);
  return length === 3 && text[start] === ':' ? digits(text, start + 1, 2) : Number.NaN;
}

/** The number in `count` digits; NaN when one of them is none, which no comparison of the calendar passes. */
export function digits(text: string, start: number, count: number): number {
  let number = 0;
  for (let at = start; at < start + count; at++) {
    const digit = text.charCodeAt(at) - 48;
    if (!(digit >= 0 && digit <= 9)) return Number.NaN;
    number = number * 10 + digit;
  }
  return number;
}

export function endOfDigits(text: string, start: number): number {
  let end = start;
  while (end < text.length && text.charCodeAt(end) >= 48 && text.charCodeAt(end) <= 57) end++;
  return end;
}

/** A fraction of a second, cut to milliseconds. */
export function milliseconds(text: string, start: number, end: number): number {
  const length = Math.min(end - start, 3);
  return digits(text, start, length) * 10 ** (3 - length);
}

const lastShown = 253_402_300_799_999;

/** `YYYY-MM-DDTHH:MM:SS` in UTC, milliseconds cut; undefined outside the years 0 to 9999. */
export function formatIsoTime(ms: number): string | undefined {
  if (!(ms >= -62_167_219_200_000 && ms <= lastShown)) return undefined;
  return new Date(ms).toISOString().slice(0, 19);
}
