import { TerminalError } from '../../../lib/errors.ts';
import type { FormatOptions } from '../format.ts';
import { resolveOptions, type OptionsSchema } from '../options.ts';

export const csvOptions = {
  delimiter: {
    type: 'text',
    default: ',',
    description: 'What stands between two fields, one or more characters.',
    check: (value: string) => (value === '' ? 'must not be empty' : lineBreakIn(value)),
  },
  quote: {
    type: 'text',
    default: '"',
    description:
      'The character around a field that may hold delimiters and line breaks. Empty: fields are never quoted.',
    check: (value: string) => moreThanOneCharacter(value) ?? lineBreakIn(value),
  },
  escape: {
    type: 'text',
    default: '',
    description:
      'The character that, within a quoted field, makes a quote or itself stand for itself. Empty: the quote, which is then written twice.',
    check: (value: string) => moreThanOneCharacter(value) ?? lineBreakIn(value),
  },
  header: {
    type: 'boolean',
    default: true,
    description: 'Whether the first row holds the names of the columns.',
  },
  columns: {
    type: 'list',
    default: [] as readonly string[],
    description: 'The names of the columns, in order, for files without a header row.',
  },
  relaxQuotes: {
    type: 'boolean',
    default: false,
    description:
      'Take a quote within a field that does not begin with one, and quotes of a field with text behind its closing quote, as part of the value, where such a row would be rejected.',
  },
} as const satisfies OptionsSchema;

/** How the rows of a CSV file are written; the marks as bytes of UTF-8. */
export interface Dialect {
  readonly delimiter: Buffer;
  readonly delimiterText: string;
  /** Undefined: fields are never quoted. */
  readonly quote: Buffer | undefined;
  /** The same as `quote`: a quote is written twice. */
  readonly escape: Buffer | undefined;
  /** Undefined: the first row holds them. */
  readonly columns: readonly string[] | undefined;
  /** Rows whose quotes do not follow the rules are read as far as they are on one line. */
  readonly relaxQuotes: boolean;
}

/** Throws a `TerminalError` `InvalidFormat` that names every wrong option. */
export function openDialect(options: FormatOptions): Dialect {
  const values = resolveOptions('the format CSV', csvOptions, options);
  const escape = values.escape === '' ? values.quote : values.escape;
  const problem = contradictionOf(values) ?? ambiguityOf(values.delimiter, values.quote, escape);
  if (problem !== undefined) {
    throw new TerminalError({
      reason: 'InvalidFormat',
      message: `The options of the format CSV contradict each other: ${problem}.`,
    });
  }
  const quoted = values.quote !== '';
  return {
    delimiter: Buffer.from(values.delimiter),
    delimiterText: values.delimiter,
    quote: quoted ? Buffer.from(values.quote) : undefined,
    escape: quoted ? Buffer.from(escape) : undefined,
    columns: values.header ? undefined : values.columns,
    relaxQuotes: values.relaxQuotes,
  };
}

function moreThanOneCharacter(value: string): string | undefined {
  return Array.from(value).length > 1 ? `must be one character, not ${JSON.stringify(value)}` : undefined;
}

function lineBreakIn(value: string): string | undefined {
  return /[\r\n]/.test(value) ? 'must not contain a line break, which ends a row' : undefined;
}

function contradictionOf(values: {
  readonly header: boolean;
  readonly columns: readonly string[];
}): string | undefined {
  if (values.header && values.columns.length > 0) {
    return 'header is true and columns are given; the names come from exactly one place, so remove columns, or set header to false';
  }
  if (!values.header && values.columns.length === 0) {
    return 'header is false and columns are missing; name the columns, or set header to true';
  }
  const repeated = repeatedNames(values.columns);
  return repeated.length > 0 ? `columns name ${listNames(repeated)} more than once` : undefined;
}

function ambiguityOf(delimiter: string, quote: string, escape: string): string | undefined {
  if (quote === '') return undefined;
  if (delimiter.includes(quote)) return `the delimiter ${JSON.stringify(delimiter)} contains the quote`;
  if (delimiter.includes(escape)) return `the delimiter ${JSON.stringify(delimiter)} contains the escape`;
  return undefined;
}

/** Each once, in the order of their first appearance. */
export function repeatedNames(names: readonly string[]): readonly string[] {
  const seen = new Set<string>();
  const repeated = new Set<string>();
  for (const name of names) (seen.has(name) ? repeated : seen).add(name);
  return [...repeated];
}

const namesListed = 5;

export function listNames(names: readonly string[]): string {
  const shown = names.slice(0, namesListed).map((name) => JSON.stringify(name));
  const more = names.length - shown.length;
  return more > 0 ? `${shown.join(', ')} and ${more} more` : shown.join(', ');
}
