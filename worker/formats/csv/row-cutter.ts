import { isAscii, isUtf8 } from 'node:buffer';
import type { ByteWindow } from '../byte-window.ts';
import type { Dialect } from './dialect.ts';
import { tellLineEnd } from './line-end.ts';
import {
  boundsPerField,
  byteOf,
  carriageReturn,
  RecordScanner,
  type Fault,
  type LineEnd,
  type Scan,
} from './record-scanner.ts';
import { createUnescape, type Unescape } from './unescape.ts';

/** A row that was found at the start of the window; places are those of the window's bytes. */
export type Cut = WholeCut | BrokenCut;

interface WholeCut {
  /** `line`: split it by the delimiter. `scanned`: the scanner has its fields. */
  readonly kind: 'line' | 'scanned';
  /** Where its text ends. */
  readonly end: number;
  /** Where the next row begins. */
  readonly next: number;
}

interface BrokenCut {
  readonly kind: 'broken';
  readonly fault: Fault | 'tooLong' | 'unclosedWithinLimit';
  /** Counts from 0; undefined for the row as a whole. */
  readonly field: number | undefined;
  /** Of its first line, or of as much of that as a row may be long. */
  readonly end: number;
  /** Where the second line begins; undefined when the first one is too long to wait for its end. */
  readonly next: number | undefined;
  /** How far the row was followed before it turned out wrong. */
  readonly followedTo: number;
}

/** The fields of a row, and the row itself, as texts. */
export interface RowText {
  readonly text: string;
  readonly fields: readonly string[];
}

/** Finds the rows in the window, and their fields; knows nothing of columns. One for each file. */
export class RowCutter {
  readonly #dialect: Dialect;
  readonly #maxRecordBytes: number;
  readonly #scanner: RecordScanner | undefined;
  readonly #unescape: Unescape | undefined;
  #maxFields = Infinity;
  #lineEnd: LineEnd | undefined;
  #terminator = 0;
  /** A quote at or behind the start of the window; Infinity: there is none. */
  #quoteAt = -1;
  #ascii = false;

  constructor(dialect: Dialect, maxRecordBytes: number) {
    this.#dialect = dialect;
    this.#maxRecordBytes = maxRecordBytes;
    const { quote, escape } = dialect;
    if (quote === undefined || escape === undefined) return;
    this.#scanner = new RecordScanner({ ...dialect, quote, escape });
    this.#unescape = createUnescape(quote, escape);
  }

  /** Of a longer row, only so many fields are read. */
  set maxFields(count: number) {
    this.#maxFields = count;
    if (this.#scanner !== undefined) this.#scanner.maxFields = count;
  }

  /** To be called when the window has changed by more than what was cut. False: too little has arrived to begin. */
  begin(window: ByteWindow, final: boolean): boolean {
    this.#lineEnd ??= this.#tellLineEnd(window, final);
    if (this.#lineEnd === undefined) return false;
    this.#terminator = byteOf(this.#lineEnd);
    this.#quoteAt = -1;
    this.#ascii = isAscii(window.bytes.subarray(window.start));
    return true;
  }

  /** The row at the start of the window; undefined when its end has not arrived. */
  cut(window: ByteWindow, final: boolean): Cut | undefined {
    const { bytes, start } = window;
    const found = bytes.indexOf(this.#terminator, start);
    const end = found < 0 ? bytes.length : found;
    if (this.#nextQuote(bytes, start) < end) return this.#cutQuoted(window, found, final);
    if (end - start > this.#maxRecordBytes) return this.#broken(window, found, { fault: 'tooLong' });
    if (found < 0 && !final) return undefined;
    const returned = this.#lineEnd === 'LF' && end > start && bytes[end - 1] === carriageReturn;
    return { kind: 'line', end: returned ? end - 1 : end, next: found < 0 ? end : found + 1 };
  }

  /** The texts of the row that was cut last; undefined when it is not text. */
  read(window: ByteWindow, cut: WholeCut): RowText | undefined {
    const { bytes, start } = window;
    const row = bytes.subarray(start, cut.end);
    const ascii = this.#ascii || isAscii(row);
    if (!ascii && !isUtf8(row)) return undefined;
    const text = row.toString(ascii ? 'latin1' : 'utf8');
    if (cut.kind === 'line')
      return { text, fields: text.split(this.#dialect.delimiterText, this.#maxFields) };
    const fieldAt = ascii
      ? (from: number, to: number) => text.slice(from - start, to - start)
      : (from: number, to: number) => bytes.toString('utf8', from, to);
    return { text, fields: this.#scannedFields(bytes, fieldAt) };
  }

  /** The first line of a row that is broken, as a text; undefined when it is not text, or longer than a row may be. */
  readLine(window: ByteWindow, { end, next }: BrokenCut): string | undefined {
    if (next === undefined) return undefined;
    const returned = this.#lineEnd === 'LF' && end > window.start && window.bytes[end - 1] === carriageReturn;
    const line = window.bytes.subarray(window.start, returned ? end - 1 : end);
    return isUtf8(line) ? line.toString() : undefined;
  }

  /** Drops the rest of a row up to its line end; false: that has not arrived. */
  skipLine(window: ByteWindow): boolean {
    const found = window.bytes.indexOf(this.#terminator, window.start);
    window.consumeTo(found < 0 ? window.end : found + 1);
    return found >= 0;
  }

  #tellLineEnd(window: ByteWindow, final: boolean): LineEnd | undefined {
    const told = tellLineEnd(window.bytes, window.start, this.#dialect);
    return told ?? (final || window.length > this.#maxRecordBytes + 1 ? 'LF' : undefined);
  }

  #nextQuote(bytes: Buffer, from: number): number {
    const { quote } = this.#dialect;
    if (quote === undefined) return Infinity;
    if (this.#quoteAt < from) {
      const found = bytes.indexOf(quote, from);
      this.#quoteAt = found < 0 ? Infinity : found;
    }
    return this.#quoteAt;
  }

  #cutQuoted(window: ByteWindow, lineEnd: number, final: boolean): Cut | undefined {
    const reach = window.start + this.#maxRecordBytes + 1;
    const to = Math.min(window.end, reach);
    const scan = this.#scan(window, to, final && to === window.end);
    if (scan.kind === 'row') return { kind: 'scanned', end: scan.end, next: scan.next };
    if (scan.kind === 'partial') {
      if (to < reach) return undefined;
      const fault = scan.quoted ? 'unclosedWithinLimit' : 'tooLong';
      return this.#broken(window, lineEnd, { fault, field: scan.quoted ? scan.field : undefined, at: to });
    }
    if (lineEnd < 0 && !final && to < reach) return undefined;
    return this.#broken(window, lineEnd, scan);
  }

  #scan(window: ByteWindow, to: number, final: boolean): Scan {
    if (this.#scanner === undefined) throw new Error('a dialect without quotes has no quoted rows');
    return this.#scanner.scan(window.bytes, window.start, to, { final, lineEnd: this.#lineEnd ?? 'LF' });
  }

  #broken(
    window: ByteWindow,
    lineEnd: number,
    problem: {
      readonly fault: BrokenCut['fault'];
      readonly field?: number | undefined;
      readonly at?: number;
    },
  ): BrokenCut {
    const reach = window.start + this.#maxRecordBytes;
    const end = lineEnd < 0 ? window.end : lineEnd;
    const { fault, field, at } = problem;
    const followedTo = at ?? window.start;
    if (end > reach) return { kind: 'broken', fault, field, end: reach, next: undefined, followedTo };
    return { kind: 'broken', fault, field, end, next: lineEnd < 0 ? end : lineEnd + 1, followedTo };
  }

  #scannedFields(bytes: Buffer, fieldAt: (from: number, to: number) => string): readonly string[] {
    const bounds = this.#scanner?.bounds ?? [];
    const fields: string[] = [];
    for (let index = 0; index < bounds.length; index += boundsPerField) {
      const [from, to] = [bounds[index] as number, bounds[index + 1] as number];
      const escaped = bounds[index + 2] === 1 ? this.#unescape?.(bytes, from, to) : undefined;
      fields.push(escaped?.toString() ?? fieldAt(from, to));
    }
    return fields;
  }
}
