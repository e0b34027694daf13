/** Days and milliseconds of the proleptic Gregorian calendar in UTC, as ISO 8601 counts them. */

export const msPerDay = 86_400_000;

const daysBefore = [0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334] as const;
const monthLengths = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31] as const;

function isLeap(year: number): boolean {
  return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
}

/** Days since 1970-01-01; undefined where the calendar has no such day, or for NaN. Months count from 1. */
export function epochDay(year: number, month: number, day: number): number | undefined {
  if (!(year >= 0 && year <= 9999 && month >= 1 && month <= 12 && day >= 1)) return undefined;
  const leap = isLeap(year) ? 1 : 0;
  if (day > monthLengths[month - 1]! + (month === 2 ? leap : 0)) return undefined;
  const past = year - 1;
  const leapDays = Math.floor(past / 4) - Math.floor(past / 100) + Math.floor(past / 400);
  return 365 * past + leapDays + daysBefore[month - 1]! + (month > 2 ? leap : 0) + day - 719_163;
}

/** Milliseconds in a day; undefined where a clock does not show that time. */
export function timeOfDay(hour: number, minute: number, second: number): number | undefined {
  if (!(hour <= 23 && minute <= 59 && second <= 59)) return undefined;
  return ((hour * 60 + minute) * 60 + second) * 1000;
}
