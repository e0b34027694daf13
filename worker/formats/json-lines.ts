import type { ByteWindow } from './byte-window.ts';
import type { StreamFormat, FormatLimits, RecordItem } from './format.ts';
import { parseJsonRecord } from './json-record.ts';
import { resolveOptions } from './options.ts';
import {
  decodeText,
  notText,
  readRows,
  rejectRow,
  textKindOf,
  tooLong,
  type RowReader,
  type TextKind,
} from './rows.ts';

const lineFeed = 0x0a;

/**
 * One JSON object a line. A line ends with LF or CRLF, the last one also with the file; nothing else ends one, so
 * that U+2028 within a string is data. Lines of white space alone are passed over and do not count as rows.
 */
export const jsonLines = {
  name: 'JSONLines',
  access: 'stream',
  extensions: ['.jsonl', '.ndjson', '.json'],
  options: {},
  read(bytes, options, ctx) {
    resolveOptions('the format JSONLines', {}, options);
    return readRows(bytes, new JsonLinesReader(ctx.limits), ctx);
  },
} satisfies StreamFormat;

class JsonLinesReader implements RowReader {
  readonly #limits: FormatLimits;
  #row = 0;
  /** The rest of a line that was rejected for its length is still to be dropped. */
  #skipping = false;

  constructor(limits: FormatLimits) {
    this.#limits = limits;
  }

  take(window: ByteWindow, count: number, final: boolean): RecordItem[] {
    const items: RecordItem[] = [];
    const kind = this.#kindOfLines(window, final);
    while (items.length < count && window.length > 0) {
      const at = window.bytes.indexOf(lineFeed, window.start);
      const whole = at >= 0 || final;
      const end = at >= 0 ? at : window.end;
      if (!whole && !this.#skipping && window.length <= this.#limits.maxRecordBytes) break;
      if (!this.#skipping) this.#readLine(window, end, kind, items);
      this.#skipping = !whole;
      window.consumeTo(at >= 0 ? at + 1 : window.end);
    }
    return items;
  }

  #kindOfLines(window: ByteWindow, final: boolean): TextKind {
    const unread = window.bytes.subarray(window.start);
    return textKindOf(final ? unread : unread.subarray(0, unread.lastIndexOf(lineFeed) + 1));
  }

  /** `end` may lie within a line that is too long; what follows of it is dropped. */
  #readLine(window: ByteWindow, end: number, kind: TextKind, items: RecordItem[]): void {
    const { maxRecordBytes } = this.#limits;
    if (end - window.start > maxRecordBytes) {
      this.#reject(window, window.start + maxRecordBytes, tooLong(maxRecordBytes), items);
      return;
    }
    const text = decodeText(window.bytes, window.start, end, kind);
    if (text === undefined) {
      this.#reject(window, end, notText, items);
      return;
    }
    const parsed = text.length === 0 ? undefined : parseJsonRecord(text, this.#limits.maxDepth);
    if (parsed === undefined || (parsed.kind === 'reject' && text.trim() === '')) return;
    if (parsed.kind === 'reject') {
      this.#reject(window, end, parsed.reason, items);
      return;
    }
    this.#row += 1;
    const line = text.endsWith('\r') ? text.slice(0, -1) : text;
    items.push({
      kind: 'record',
      row: this.#row,
      offset: window.offset,
      record: parsed.record,
      text: line,
    });
  }

  #reject(window: ByteWindow, end: number, reason: string, items: RecordItem[]): void {
    this.#row += 1;
    const lineEnd = window.bytes[end - 1] === 0x0d ? end - 1 : end;
    items.push(rejectRow(window, lineEnd, { row: this.#row, column: undefined, reason }));
  }
}
