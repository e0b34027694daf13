import type { ByteWindow } from '../byte-window.ts';
import type { FormatLimits, RecordItem } from '../format.ts';
import { notText, rejectRow, tooLong, type RowReader } from '../rows.ts';
import { headerInvalid, maxColumns, openColumns, openHeader, type Columns } from './columns.ts';
import type { Dialect } from './dialect.ts';
import { relaxRow } from './relax-row.ts';
import { RowCutter, type Cut } from './row-cutter.ts';

/** The text of a row and its fields, or what is wrong with it. */
type Row =
  | { readonly kind: 'fields'; readonly text: string; readonly fields: readonly string[] }
  | { readonly kind: 'problem'; readonly field: number | undefined; readonly reason: string };

/**
 * CSV text to records.
 *
 * When a row turns out wrong (its quote is never closed, or closed where it cannot be), nobody knows where it ends:
 * had one quote too many been written, everything up to the next quote would be lost with it. So only its first line
 * is rejected, and reading goes on with the next line. As far as the wrong row was followed, though, a line may be a
 * part of one of its values; there a row is taken only if it has exactly as many fields as there are columns, and more
 * than one. Whatever is rejected so is accounted for, line by line. No byte is followed much more than twice: within
 * an unclosed quote no other one opens.
 *
 * With `relaxQuotes`, a row that turns out wrong on its first line is tried as that line alone, with its quotes taken
 * as they come; where that gives fields it is a row as any other, and nothing is in doubt.
 */
export class CsvReader implements RowReader {
  readonly #dialect: Dialect;
  readonly #limits: FormatLimits;
  readonly #cutter: RowCutter;
  #columns: Columns | undefined;
  #row = 0;
  /** The rest of a row that was rejected for its length is still to be dropped. */
  #skipping = false;
  /** So much must have arrived before another look, which would else be one at the same bytes. */
  #awaited = 0;
  /** Rows before this place in the text may be parts of a value of the row `#doubtedRow`. */
  #doubtedTo = 0;
  #doubtedRow = 0;

  constructor(dialect: Dialect, limits: FormatLimits) {
    this.#dialect = dialect;
    this.#limits = limits;
    this.#cutter = new RowCutter(dialect, limits.maxRecordBytes);
    this.#cutter.maxFields = maxColumns + 1;
    if (dialect.columns !== undefined) this.#setColumns(openColumns(dialect.columns));
  }

  take(window: ByteWindow, count: number, final: boolean): RecordItem[] {
    const items: RecordItem[] = [];
    if (window.length < this.#awaited && !final) return items;
    if (!this.#cutter.begin(window, final)) return this.#await(window, items);
    while (items.length < count && window.length > 0) {
      if (this.#skipping) {
        this.#skipping = !this.#cutter.skipLine(window);
        continue;
      }
      const cut = this.#cutter.cut(window, final);
      if (cut === undefined) return this.#await(window, items);
      this.#awaited = 0;
      const item = this.#readRow(window, cut);
      if (item !== undefined) items.push(item);
      this.#skipping = cut.next === undefined;
      window.consumeTo(cut.next ?? cut.end);
    }
    return items;
  }

  #await(window: ByteWindow, items: RecordItem[]): RecordItem[] {
    this.#awaited = Math.min(2 * window.length, this.#limits.maxRecordBytes + 1);
    return items;
  }

  #setColumns(columns: Columns): void {
    this.#columns = columns;
    this.#cutter.maxFields = columns.names.length + 1;
  }

  /** Undefined: no row, but an empty line or the header. */
  #readRow(window: ByteWindow, cut: Cut): RecordItem | undefined {
    if (cut.kind === 'line' && cut.end === window.start) return undefined;
    const row = this.#rowOf(window, cut);
    if (this.#columns === undefined) {
      this.#setColumns(headerOf(row));
      return undefined;
    }
    this.#row += 1;
    if (row.kind === 'problem' && cut.kind === 'broken') this.#doubt(window, cut.followedTo);
    const checked = this.#checkWidth(row, this.#columns.names.length, window.position);
    if (checked.kind === 'problem') return this.#reject(window, cut.end, checked);
    const record = this.#columns.toRecord(checked.fields);
    return { kind: 'record', row: this.#row, offset: window.offset, record, text: checked.text };
  }

  #rowOf(window: ByteWindow, cut: Cut): Row {
    if (cut.kind === 'broken') {
      const relaxed = this.#relaxed(window, cut);
      return relaxed ?? { kind: 'problem', field: cut.field, reason: this.#reasonOf(cut.fault, cut.field) };
    }
    const row = this.#cutter.read(window, cut);
    return row === undefined
      ? { kind: 'problem', field: undefined, reason: notText }
      : { kind: 'fields', ...row };
  }

  #relaxed(window: ByteWindow, cut: Cut & { kind: 'broken' }): Row | undefined {
    if (!this.#dialect.relaxQuotes || cut.followedTo > cut.end) return undefined;
    if (cut.fault !== 'textAfterQuote' && cut.fault !== 'quoteInField') return undefined;
    const text = this.#cutter.readLine(window, cut);
    const fields = text === undefined ? undefined : relaxRow(text, this.#dialect);
    return text === undefined || fields === undefined ? undefined : { kind: 'fields', text, fields };
  }

  #doubt(window: ByteWindow, followedTo: number): void {
    const place = window.position + followedTo - window.start;
    if (place <= this.#doubtedTo) return;
    this.#doubtedTo = place;
    this.#doubtedRow = this.#row;
  }

  #checkWidth(row: Row, width: number, position: number): Row {
    if (row.kind === 'problem') return row;
    if (position < this.#doubtedTo && (row.fields.length !== width || width < 2)) {
      const reason = `The line may be part of a quoted value of row ${this.#doubtedRow}, and has not exactly one field for each column. Correct the quotes of row ${this.#doubtedRow}.`;
      return { kind: 'problem', field: undefined, reason };
    }
    if (row.fields.length <= width) return row;
    const reason = `The row has more fields than the file has columns, ${width}. Check the delimiter, ${JSON.stringify(this.#dialect.delimiterText)}, and quote the fields that contain it.`;
    return { kind: 'problem', field: undefined, reason };
  }

  #reject(window: ByteWindow, end: number, problem: Row & { kind: 'problem' }): RecordItem {
    const column = problem.field === undefined ? undefined : this.#columns?.names[problem.field];
    return rejectRow(window, end, { row: this.#row, column, reason: problem.reason });
  }

  #reasonOf(fault: (Cut & { kind: 'broken' })['fault'], field: number | undefined): string {
    const quote = this.#dialect.quote?.toString() ?? '';
    const where = `field ${(field ?? 0) + 1}`;
    switch (fault) {
      case 'tooLong':
        return tooLong(this.#limits.maxRecordBytes);
      case 'unclosedWithinLimit':
        return `The quote (${quote}) that opens ${where} is not closed within the ${this.#limits.maxRecordBytes} bytes that a row may have. Close it, or raise the limit on the length of a row.`;
      case 'unclosedQuote':
        return `The quote (${quote}) that opens ${where} is not closed before the end of the file. Close it, or write the file anew if it was cut off.`;
      case 'textAfterQuote':
        return `Text follows the closing quote (${quote}) of ${where}, where a delimiter or a line end must. Escape the quotes within the field.`;
      case 'quoteInField':
        return `A quote (${quote}) stands within ${where}, which does not begin with one. Quote the field and escape the quote, or set quote to nothing if the file quotes no fields.`;
    }
  }
}

function headerOf(row: Row): Columns {
  if (row.kind === 'fields') return openHeader(row.fields);
  throw headerInvalid(`The header row cannot be read. ${row.reason}`);
}
