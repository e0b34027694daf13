import type { TimeUnit } from '../schema/elements.ts';
import type { Whole } from './leaf-type.ts';

/** Digits of a fraction of a second, and how many of the unit make a second. */
const unitDigits = { milliseconds: 3, microseconds: 6, nanoseconds: 9 } as const satisfies Record<
  TimeUnit,
  number
>;

const secondsPerDay = 86_400;

/** Days since 1970 as `YYYY-MM-DD`; years of more or fewer than four digits as ISO 8601 has them, with a sign. */
export function formatDate(days: number): string {
  // Days of eras of 400 years, each of which has the same days; years begin in March, so that the leap day is the last.
  const shifted = days + 719_468;
  const era = Math.floor(shifted / 146_097);
  const dayOfEra = shifted - era * 146_097;
  const yearOfEra = Math.floor(
    (dayOfEra -
      Math.floor(dayOfEra / 1460) +
      Math.floor(dayOfEra / 36_524) -
      Math.floor(dayOfEra / 146_096)) /
      365,
  );
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const monthFromMarch = Math.floor((5 * dayOfYear + 2) / 153);
  const day = dayOfYear - Math.floor((153 * monthFromMarch + 2) / 5) + 1;
  const month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9;
  const year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0);
  return `${formatYear(year)}-${pad(month, 2)}-${pad(day, 2)}`;
}

function formatYear(year: number): string {
  if (year >= 0 && year <= 9999) return pad(year, 4);
  return `${year < 0 ? '-' : '+'}${pad(Math.abs(year), 6)}`;
}

/** Units since midnight as `HH:MM:SS.fff`, with as many digits as the unit has. */
export function formatTime(value: Whole, unit: TimeUnit): string {
  const { seconds, fraction } = split(value, unit);
  return clockTime(seconds, fraction, unit);
}

/** Units since 1970 as `YYYY-MM-DDTHH:MM:SS.fff`, and `Z` where they are counted in UTC. */
export function timestampFormatter(unit: TimeUnit, utc: boolean): (value: Whole) => string {
  const zone = utc ? 'Z' : '';
  // Events of one file mostly fall on few days.
  let lastDay = Number.NaN;
  let dayText = '';
  return (value) => {
    const { seconds, fraction } = split(value, unit);
    const day = Math.floor(seconds / secondsPerDay);
    if (day !== lastDay) {
      lastDay = day;
      dayText = formatDate(day);
    }
    return `${dayText}T${clockTime(seconds - day * secondsPerDay, fraction, unit)}${zone}`;
  };
}

/** Whole seconds, downwards, and the units beyond them. */
function split(value: Whole, unit: TimeUnit): { readonly seconds: number; readonly fraction: number } {
  const perSecond = 10 ** unitDigits[unit];
  if (typeof value === 'number') {
    const seconds = Math.floor(value / perSecond);
    return { seconds, fraction: value - seconds * perSecond };
  }
  const divisor = BigInt(perSecond);
  const rest = ((value % divisor) + divisor) % divisor;
  return { seconds: Number((value - rest) / divisor), fraction: Number(rest) };
}

function clockTime(seconds: number, fraction: number, unit: TimeUnit): string {
  const hour = Math.floor(seconds / 3600);
  const minute = Math.floor((seconds % 3600) / 60);
  return `${pad(hour, 2)}:${pad(minute, 2)}:${pad(seconds % 60, 2)}.${pad(fraction, unitDigits[unit])}`;
}

function pad(value: number, length: number): string {
  return String(value).padStart(length, '0');
}
