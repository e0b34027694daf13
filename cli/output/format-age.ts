const second = 1_000;
const minute = 60 * second;
const hour = 60 * minute;
const day = 24 * hour;
const year = 365 * day;

/** A time span as kubectl shows an age: the largest unit, and the next one while that still says something. */
export function formatAge(milliseconds: number): string {
  const ms = Math.max(milliseconds, 0);
  if (ms < 2 * minute) return one(ms, second, 's');
  if (ms < 10 * minute) return two(ms, [minute, 'm'], [second, 's']);
  if (ms < 3 * hour) return one(ms, minute, 'm');
  if (ms < 8 * hour) return two(ms, [hour, 'h'], [minute, 'm']);
  if (ms < 2 * day) return one(ms, hour, 'h');
  if (ms < 8 * day) return two(ms, [day, 'd'], [hour, 'h']);
  if (ms < 2 * year) return one(ms, day, 'd');
  return ms < 8 * year ? two(ms, [year, 'y'], [day, 'd']) : one(ms, year, 'y');
}

function one(ms: number, unit: number, letter: string): string {
  return `${String(Math.floor(ms / unit))}${letter}`;
}

function two(
  ms: number,
  [unit, letter]: readonly [number, string],
  [below, next]: readonly [number, string],
): string {
  const rest = Math.floor((ms % unit) / below);
  return one(ms, unit, letter) + (rest === 0 ? '' : `${String(rest)}${next}`);
}
