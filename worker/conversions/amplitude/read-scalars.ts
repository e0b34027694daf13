import { numberOf } from '../../../lib/converter/casts.ts';
import type { JsonValue } from '../../../lib/json.ts';
import { cutText, isBlank, longestText, refuse } from './checking.ts';
import type { Checking } from './checking.ts';

/** Reads a field of one type; undefined when it is blank or refused. Text of CSV files is taken for its type. */
export type ReadField<Value extends JsonValue = JsonValue> = (
  value: JsonValue | undefined,
  column: string,
  checking: Checking,
) => Value | undefined;

/** Text, cut to 1024 characters; numbers and booleans become text. */
export const readText: ReadField<string> = (value, column, checking) => {
  const text = textOf(value, column, checking);
  return text === undefined ? undefined : cutText(text);
};

/** Text that tells one thing from another, so never cut. */
export const readWholeText: ReadField<string> = (value, column, checking) => {
  const text = textOf(value, column, checking);
  return text === undefined || text.length <= longestText
    ? text
    : refuse(checking, column, text, `is longer than ${longestText} characters: map a shorter one`);
};

function textOf(value: JsonValue | undefined, column: string, checking: Checking): string | undefined {
  if (isBlank(value)) return undefined;
  if (typeof value === 'string') return value;
  if (typeof value === 'object') return refuse(checking, column, value, mustBeText(value));
  if (typeof value === 'number' && Number.isInteger(value) && !Number.isSafeInteger(value)) {
    return refuse(
      checking,
      column,
      value,
      'is a number of more than 15 digits, the last of which got lost: write it in quotes in the file',
    );
  }
  return String(value);
}

function mustBeText(value: JsonValue): string {
  return Array.isArray(value)
    ? 'is a list and must be text: map one item, e.g. ["path", "field", "0"]'
    : 'is an object and must be text: map one of its fields, e.g. ["path", "field", "name"]';
}

export const readNumber: ReadField<number> = (value, column, checking) => {
  if (isBlank(value)) return undefined;
  return (
    numberOf(value) ??
    refuse(
      checking,
      column,
      value,
      'is no number: write digits with a point, or map null where there is none',
    )
  );
};

export const readInteger: ReadField<number> = (value, column, checking) => {
  const number = readNumber(value, column, checking);
  return number === undefined || Number.isSafeInteger(number)
    ? number
    : refuse(
        checking,
        column,
        value ?? null,
        'is no whole number of at most 15 digits: map ["round", …] of it',
      );
};

export const readBoolean: ReadField<boolean> = (value, column, checking) => {
  if (isBlank(value)) return undefined;
  if (typeof value === 'boolean') return value;
  const word = typeof value === 'string' && value.length <= 5 ? value.toLowerCase() : '';
  if (word === 'true' || word === 'false') return word === 'true';
  return refuse(checking, column, value, 'is neither true nor false: map ["equals", "field", ["value", …]]');
};
