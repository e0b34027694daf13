import { digits, endOfDigits, milliseconds, readOffset } from './iso-time.ts';
import { quote } from './load-errors.ts';

/** What a text has told so far. */
export interface TimeParts {
  year: number;
  /** From 1. */
  month: number;
  day: number;
  /** 0: not told. */
  dayOfYear: number;
  hour: number;
  minute: number;
  second: number;
  millisecond: number;
  /** Hours that AM and PM add; undefined: the clock has 24 hours. */
  halfDay: number | undefined;
  /** From UTC, in milliseconds. */
  offset: number;
}

/** Reads on from a place and tells the next place, or -1 when the text does not fit. */
export type TimeStep = (text: string, at: number, parts: TimeParts) => number;

export type ReadTimeFormat =
  | { readonly kind: 'read'; readonly steps: readonly TimeStep[] }
  | { readonly kind: 'invalid'; readonly message: string };

/** A run of one letter, or literal text. */
interface Token {
  readonly letter: string | undefined;
  readonly text: string;
}

const known = 'y u M L d D H k K h m s S a E Z X x z';

export function readTimeFormat(format: string): ReadTimeFormat {
  if (format === '') return invalid(format, 'is empty: write one such as "yyyy-MM-dd HH:mm:ss"');
  const tokens = tokensOf(format);
  if (typeof tokens === 'string') return invalid(format, tokens);
  const steps: TimeStep[] = [];
  for (const [index, token] of tokens.entries()) {
    const step = token.letter === undefined ? literal(token.text) : stepOf(token, tokens[index + 1]);
    if (step === undefined) {
      const problem = `has ${quote(token.text)}: the letters are ${known}; other text stands between single quotes`;
      return invalid(format, problem);
    }
    steps.push(step);
  }
  return { kind: 'read', steps };
}

function invalid(format: string, problem: string): ReadTimeFormat {
  return { kind: 'invalid', message: `the time format ${quote(format)} ${problem}` };
}

const tokenForm = /'((?:[^']|'')*)'|([A-Za-z])\2*|[^A-Za-z']+/gy;

function tokensOf(format: string): readonly Token[] | string {
  const tokens: Token[] = [];
  let end = 0;
  for (const match of format.matchAll(tokenForm)) {
    const [whole, quoted, letter] = match;
    end = match.index + whole.length;
    if (letter !== undefined) tokens.push({ letter, text: whole });
    else
      tokens.push({
        letter: undefined,
        text: quoted === '' ? "'" : (quoted?.replaceAll("''", "'") ?? whole),
      });
  }
  return end === format.length
    ? tokens
    : 'has a single quote without its partner: write two for the character itself';
}

function literal(expected: string): TimeStep {
  return (text, at) => (text.startsWith(expected, at) ? at + expected.length : -1);
}

type NumberPart = Exclude<keyof TimeParts, 'halfDay' | 'offset' | 'millisecond'>;

const numberLetters: Record<string, NumberPart> = {
  y: 'year',
  u: 'year',
  M: 'month',
  L: 'month',
  d: 'day',
  D: 'dayOfYear',
  H: 'hour',
  k: 'hour',
  K: 'hour',
  h: 'hour',
  m: 'minute',
  s: 'second',
};

const wordSteps: Readonly<Record<string, TimeStep>> = {
  a: halfDay,
  E: weekday,
  Z: zone,
  X: zone,
  x: zone,
  z: zone,
};

function stepOf({ letter = '', text }: Token, next: Token | undefined): TimeStep | undefined {
  const count = text.length;
  if (isMonthName(letter, count)) return monthName;
  if (letter === 'S') return fraction(isNumber(next) ? count : undefined);
  const part = Object.hasOwn(numberLetters, letter) ? numberLetters[letter] : undefined;
  if (part !== undefined) return numberStep(part, letter, { count, adjacent: isNumber(next) });
  return Object.hasOwn(wordSteps, letter) ? wordSteps[letter] : undefined;
}

function isMonthName(letter: string, count: number): boolean {
  return (letter === 'M' || letter === 'L') && count >= 3;
}

function isNumber(token: Token | undefined): boolean {
  if (token?.letter === undefined) return false;
  if (isMonthName(token.letter, token.text.length)) return false;
  return token.letter === 'S' || Object.hasOwn(numberLetters, token.letter);
}

/** The number of letters counts only where another number follows at once, as in `yyyyMMdd`. */
function numberStep(
  part: NumberPart,
  letter: string,
  { count, adjacent }: { readonly count: number; readonly adjacent: boolean },
): TimeStep {
  const most = adjacent ? count : part === 'year' ? 4 : part === 'dayOfYear' ? 3 : 2;
  const least = adjacent ? count : 1;
  const wrapsAt = letter === 'k' ? 24 : 0;
  const lowest = letter === 'k' || letter === 'h' || letter === 'D' ? 1 : 0;
  return (text, at, parts) => {
    const end = Math.min(endOfDigits(text, at), at + most);
    if (end - at < least) return -1;
    const number = digits(text, at, end - at);
    if (number < lowest) return -1;
    parts[part] =
      part === 'year' && end - at === 2 && count === 2 ? 2000 + number : number === wrapsAt ? 0 : number;
    return end;
  };
}

function fraction(count: number | undefined): TimeStep {
  return (text, at, parts) => {
    const end = Math.min(endOfDigits(text, at), at + (count ?? 9));
    if (end === at) return -1;
    parts.millisecond = milliseconds(text, at, end);
    return end;
  };
}

function halfDay(text: string, at: number, parts: TimeParts): number {
  const word = text.slice(at, at + 2).toUpperCase();
  if (word !== 'AM' && word !== 'PM') return -1;
  parts.halfDay = word === 'AM' ? 0 : 12;
  return at + 2;
}

const months = 'january february march april may june july august september october november december'.split(
  ' ',
);
const days = 'monday tuesday wednesday thursday friday saturday sunday'.split(' ');

/** English names, whole or the first three letters, in any case. */
function monthName(text: string, at: number, parts: TimeParts): number {
  const [index, end] = nameAt(text, at, months);
  parts.month = index + 1;
  return end;
}

/** Read and believed: the date tells the day of the week by itself. */
function weekday(text: string, at: number): number {
  return nameAt(text, at, days)[1];
}

function nameAt(text: string, at: number, names: readonly string[]): readonly [index: number, end: number] {
  const rest = text.slice(at, at + 9).toLowerCase();
  const index = names.findIndex((name) => rest.startsWith(name.slice(0, 3)));
  const name = names[index];
  if (name === undefined) return [index, -1];
  return [index, at + (rest.startsWith(name) ? name.length : 3)];
}

/** Names of zones that mean one offset everywhere (RFC 822), in hours. */
const zoneHours: Record<string, number> = {
  UTC: 0,
  GMT: 0,
  UT: 0,
  Z: 0,
  EST: -5,
  EDT: -4,
  CST: -6,
  CDT: -5,
  MST: -7,
  MDT: -6,
  PST: -8,
  PDT: -7,
};

const zoneForm = /^(?:(?:UTC|GMT|UT)?([+-]\d{2}(?::?\d{2})?)|(UTC|GMT|UT|Z|[ECMP][SD]T))(?![A-Za-z\d])/i;
const longestZone = 12;

function zone(text: string, at: number, parts: TimeParts): number {
  const [whole, shift, name] = zoneForm.exec(text.slice(at, at + longestZone)) ?? [];
  if (whole === undefined) return -1;
  const hours = zoneHours[name?.toUpperCase() ?? ''];
  const offset = shift === undefined ? (hours ?? 0) * 3_600_000 : readOffset(shift, 0);
  if (offset === undefined) return -1;
  parts.offset = offset;
  return at + whole.length;
}
