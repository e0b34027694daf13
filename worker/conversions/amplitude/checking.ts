import { quote } from '../../../lib/converter/load-errors.ts';
import type { JsonValue } from '../../../lib/json.ts';

/** Why an event cannot be, and in which of its fields. */
export interface Fault {
  readonly column: string;
  readonly reason: string;
}

/**
 * The check of one event. Readers give the value as it is to be stored, or undefined: the field is then absent, or
 * `fault` says that the event cannot be. The first fault stays.
 */
export interface Checking {
  fault: Fault | undefined;
  /** Characters that the event's objects may still have. */
  room: number;
}

/** An event's objects in characters: Amplitude takes requests under 1 MB. */
export const largestEvent = 1024 * 1024;

/** Longest text of a field or a property; longer ones are cut. */
export const longestText = 1024;

export function startChecking(): Checking {
  return { fault: undefined, room: largestEvent };
}

/** `problem` follows the field and its value, and ends with the way out. */
export function refuse(checking: Checking, column: string, value: JsonValue, problem: string): undefined {
  checking.fault ??= { column, reason: `${column} ${quote(value)} ${problem}` };
  return undefined;
}

/** What says nothing: null, and the empty cell of a CSV file. */
export function isBlank(value: JsonValue | undefined): value is null | '' | undefined {
  return value === undefined || value === null || value === '';
}

/** Cut to `longestText`, never inside a character of two code units. */
export function cutText(text: string): string {
  if (text.length <= longestText) return text;
  const last = text.charCodeAt(longestText - 1);
  return text.slice(0, last >= 0xd800 && last <= 0xdbff ? longestText - 1 : longestText);
}
