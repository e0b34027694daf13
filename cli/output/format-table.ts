/** Between two columns. */
const gap = '   ';

/** Cells below their headings, as kubectl prints them: each column as wide as its widest cell, within `maxWidth`. */
export function formatTable(
  headings: readonly string[],
  rows: readonly (readonly string[])[],
  maxWidth = 48,
): string {
  const lines = [headings, ...rows].map((row) => row.map((cell) => cut(oneLine(cell), maxWidth)));
  const widths = headings.map((_, column) => Math.max(...lines.map((row) => widthOf(row[column] ?? ''))));
  return lines.map((row) => `${formatLine(row, widths)}\n`).join('');
}

function formatLine(row: readonly string[], widths: readonly number[]): string {
  const cells = widths.map((width, column) => {
    const cell = row[column] ?? '';
    return cell + ' '.repeat(width - widthOf(cell));
  });
  return cells.join(gap).trimEnd();
}

/** Line breaks, control characters and changes of direction would break the table, or drive the terminal. */
function oneLine(cell: string): string {
  return cell.replaceAll(/[\p{Cc}\p{Zl}\p{Zp}\u202a-\u202e\u2066-\u2069]+/gu, ' ');
}

function cut(cell: string, maxWidth: number): string {
  const characters = charactersOf(cell);
  return characters.length <= maxWidth ? cell : `${characters.slice(0, maxWidth - 1).join('')}…`;
}

function widthOf(cell: string): number {
  return charactersOf(cell).length;
}

const segmenter = new Intl.Segmenter('en', { granularity: 'grapheme' });

/** As a reader counts them. */
function charactersOf(cell: string): readonly string[] {
  return Array.from(segmenter.segment(cell), ({ segment }) => segment);
}
