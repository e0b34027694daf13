import type { JsonValue } from '../../lib/json.ts';

const delimiters = [',', ';', '\t', '|'] as const;
const looked = 50;

/**
 * The options of CSV that differ from the defaults, guessed from the first lines: the delimiter that cuts them into the
 * same number of fields, and a header unless a field of the first line looks like a value.
 */
export function guessCsv(text: string): Readonly<Record<string, JsonValue>> {
  const lines = text
    .replace(/^\uFEFF/u, '')
    .split(/\r\n|\n|\r/u)
    .filter((line) => line !== '')
    .slice(0, looked);
  const delimiter = delimiters.toSorted((a, b) => scoreOf(b, lines) - scoreOf(a, lines))[0] ?? ',';
  const [first = ''] = lines;
  const fields = fieldsOf(first, delimiter);
  const header = fields.every(isName) && new Set(fields).size === fields.length;
  return {
    ...(delimiter === ',' ? {} : { delimiter }),
    ...(header ? {} : { header, columns: fields.map((_, index) => `column_${String(index + 1)}`) }),
  };
}

/** How many fields most lines have, weighed by how many lines agree; 0 when it cuts nothing. */
function scoreOf(delimiter: string, lines: readonly string[]): number {
  const counts = lines.map((line) => fieldsOf(line, delimiter).length);
  const most = counts.toSorted((a, b) => a - b)[Math.floor(counts.length / 2)] ?? 1;
  if (most === 1) return 0;
  return counts.filter((count) => count === most).length * (1 + most / 1000);
}

/** Good enough for a guess: quotes are heeded where they are paired. */
function fieldsOf(line: string, delimiter: string): readonly string[] {
  const plain = line.replaceAll(/"(?:[^"]|"")*"/gu, (quoted) =>
    quoted.slice(1, -1).replaceAll(delimiter, ' '),
  );
  return plain.split(delimiter).map((field) => field.trim());
}

/** A value has a digit in front, is empty, or is a sentence. */
function isName(field: string): boolean {
  return (
    /^[\p{L}_$@[(][^\n]{0,99}$/u.test(field) &&
    !/^(?:true|false|null)$/iu.test(field) &&
    !field.includes('@.')
  );
}
