import type { StreamFormat } from '../format.ts';
import { readRows } from '../rows.ts';
import { CsvReader } from './csv-reader.ts';
import { csvOptions, openDialect } from './dialect.ts';

/**
 * Comma-separated values after RFC 4180, with any delimiter, quote and escape; a value is always a text.
 *
 * - Rows end with LF, CRLF or, where the first one does, CR. Empty lines are passed over and do not count as rows; in
 *   a file of one column an empty value is therefore written as two quotes.
 * - A row with fewer fields than columns lacks the last ones; one with more is rejected.
 * - Quoting must be right: a quote within a plain field, text behind a closing quote and a quote that is not closed
 *   are rejected, since the values that were meant can only be guessed. Only the first line of such a row is given
 *   up; see `CsvReader`. With `relaxQuotes` the first two are guessed, as csv-parse guesses them.
 */
export const csv = {
  name: 'CSV',
  access: 'stream',
  extensions: ['.csv'],
  options: csvOptions,
  read(bytes, options, ctx) {
    return readRows(bytes, new CsvReader(openDialect(options), ctx.limits), ctx);
  },
} satisfies StreamFormat;
