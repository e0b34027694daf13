import { parse } from 'csv-parse/sync';
import type { Dialect } from './dialect.ts';

/**
 * The fields of one line whose quotes do not follow the rules, as csv-parse takes them: a quote within a field that
 * does not begin with one is a part of its value, and so are the quotes of a field with text behind its closing quote.
 * Undefined where a quote stays open.
 */
export function relaxRow(
  line: string,
  { delimiterText, quote, escape }: Dialect,
): readonly string[] | undefined {
  try {
    const [fields] = parse(line, {
      delimiter: delimiterText,
      quote: quote?.toString() ?? null,
      escape: escape?.toString() ?? null,
      // The line has none: what looks like one is data.
      record_delimiter: '\n',
      relax_quotes: true,
    });
    return fields;
  } catch {
    return undefined;
  }
}
