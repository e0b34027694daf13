import { TerminalError } from '../../../lib/errors.ts';
import type { JsonObject } from '../../../lib/json.ts';
import { listNames, repeatedNames } from './dialect.ts';

/** More than any table has; a file of delimiters alone must not become a header. */
export const maxColumns = 10_000;

/** The names of a file's columns, and how a row's fields become a record of them. */
export interface Columns {
  readonly names: readonly string[];
  /** Fields beyond the names must have been refused; names without a field are left out of the record. */
  toRecord(fields: readonly string[]): JsonObject;
}

export function openColumns(names: readonly string[]): Columns {
  return { names, toRecord: names.includes('__proto__') ? defining(names) : assigning(names) };
}

/** A header row's fields as names: a nameless column is called by its number. Throws `HeaderInvalid`. */
export function openHeader(fields: readonly string[]): Columns {
  if (fields.length > maxColumns) {
    throw headerInvalid(
      `The header row names more than ${maxColumns} columns.`,
      'Check the delimiter, and that the first row is a header.',
    );
  }
  const names = fields.map((field, index) => (field === '' ? `column_${index + 1}` : field));
  const repeated = repeatedNames(names);
  if (repeated.length > 0) {
    throw headerInvalid(
      `The header row names ${listNames(repeated)} more than once.`,
      'Rename the columns, or take the header out of the file and name them in columns, with header: false.',
    );
  }
  return openColumns(names);
}

/** Without a cure of its own: that of the table. */
export function headerInvalid(message: string, cure?: string): TerminalError {
  return new TerminalError({ reason: 'HeaderInvalid', message, ...(cure === undefined ? {} : { cure }) });
}

function assigning(names: readonly string[]): Columns['toRecord'] {
  return (fields) => {
    const record: JsonObject = {};
    for (let index = 0; index < fields.length; index += 1) {
      record[names[index] as string] = fields[index] as string;
    }
    return record;
  };
}

/** Assignment to `__proto__` would set no field. */
function defining(names: readonly string[]): Columns['toRecord'] {
  return (fields) => Object.fromEntries(fields.map((field, index) => [names[index] as string, field]));
}
