import type { Dialect } from './dialect.ts';

/** Which byte ends a row; before a line feed one carriage return belongs to the line end. */
export type LineEnd = 'LF' | 'CR';

export const lineFeed = 0x0a;
export const carriageReturn = 0x0d;

export function byteOf(lineEnd: LineEnd): number {
  return lineEnd === 'LF' ? lineFeed : carriageReturn;
}

export type Fault = 'unclosedQuote' | 'textAfterQuote' | 'quoteInField';

export type Scan =
  /** `end` is where the text of the row ends, `next` where the next row begins. */
  | { readonly kind: 'row'; readonly end: number; readonly next: number }
  /** The bytes end within the row. */
  | { readonly kind: 'partial'; readonly quoted: boolean; readonly field: number }
  /** `at` is how far the row was walked, `field` the field that is wrong, counted from 0. */
  | { readonly kind: 'malformed'; readonly fault: Fault; readonly field: number; readonly at: number };

/** Numbers in `bounds` for each field. */
export const boundsPerField = 3;

type Step = 'field' | 'row' | 'partial' | Fault;

/**
 * Walks one row byte by byte, for the rows in which a quote stands. Others are split without it.
 *
 * States: at the start of a field → in a plain field, or in a quoted one → behind a closing quote → at a delimiter
 * (the next field), at a line end (the row is done), or at something else (a fault).
 */
export class RecordScanner {
  /** For each field: start and end of its content, and 1 if it holds escapes. Fields beyond `maxFields` are left out. */
  readonly bounds: number[] = [];
  /** How many fields the row has, as far as it was walked. */
  fields = 0;
  maxFields = Infinity;
  readonly #delimiter: Buffer;
  readonly #quote: Buffer;
  readonly #escape: Buffer;
  #bytes: Buffer = Buffer.alloc(0);
  #to = 0;
  #final = false;
  #terminator = lineFeed;
  #at = 0;
  #rowEnd = 0;

  constructor(dialect: Dialect & { readonly quote: Buffer; readonly escape: Buffer }) {
    this.#delimiter = dialect.delimiter;
    this.#quote = dialect.quote;
    this.#escape = dialect.escape;
  }

  /** One row from `from` on, of which no byte from `to` on is looked at; `final` says that there is none. */
  scan(bytes: Buffer, from: number, to: number, mode: { final: boolean; lineEnd: LineEnd }): Scan {
    this.#bytes = bytes;
    this.#to = to;
    this.#final = mode.final;
    this.#terminator = byteOf(mode.lineEnd);
    this.#at = from;
    this.fields = 0;
    this.bounds.length = 0;
    for (;;) {
      const quoted = this.#matches(this.#quote, this.#at);
      const step = quoted ? this.#quotedField() : this.#plainField();
      if (step === 'partial') return { kind: 'partial', quoted, field: this.fields };
      if (step === 'row') {
        this.fields += 1;
        return { kind: 'row', end: this.#rowEnd, next: this.#at };
      }
      if (step !== 'field') return { kind: 'malformed', fault: step, field: this.fields, at: this.#at };
      this.fields += 1;
    }
  }

  #matches(mark: Buffer, at: number): boolean {
    if (at + mark.length > this.#to || this.#bytes[at] !== mark[0]) return false;
    for (let index = 1; index < mark.length; index += 1) {
      if (this.#bytes[at + index] !== mark[index]) return false;
    }
    return true;
  }

  /** Before: at the first byte of the content. After: behind the delimiter or line end. */
  #plainField(): Step {
    const bytes = this.#bytes;
    const [delimiter, quote] = [this.#delimiter[0], this.#quote[0]];
    const start = this.#at;
    let at = start;
    for (; at < this.#to; at += 1) {
      const byte = bytes[at];
      if (byte === this.#terminator) return this.#endPlainRow(start, at, at + 1);
      if (byte === delimiter && this.#matches(this.#delimiter, at)) {
        this.#record(start, at, 0);
        this.#at = at + this.#delimiter.length;
        return 'field';
      }
      if (byte === quote && this.#matches(this.#quote, at)) {
        this.#at = at;
        return 'quoteInField';
      }
    }
    return this.#final ? this.#endPlainRow(start, at, at) : 'partial';
  }

  #endPlainRow(start: number, at: number, next: number): Step {
    const returned = this.#terminator === lineFeed && at > start && this.#bytes[at - 1] === carriageReturn;
    const end = returned ? at - 1 : at;
    this.#record(start, end, 0);
    return this.#endRow(end, next);
  }

  /** Before: at the opening quote. After: as a plain field. */
  #quotedField(): Step {
    const bytes = this.#bytes;
    const [quote, escape] = [this.#quote[0], this.#escape[0]];
    const start = this.#at + this.#quote.length;
    let escapes = 0;
    let at = start;
    while (at < this.#to) {
      const byte = bytes[at];
      if (byte !== quote && byte !== escape) {
        at += 1;
        continue;
      }
      const escaped = this.#escapedLength(at);
      if (escaped > 0) escapes = 1;
      else if (this.#matches(this.#quote, at)) return this.#closeField(start, at, escapes);
      at += escaped > 0 ? escaped : 1;
    }
    this.#at = at;
    return this.#final ? 'unclosedQuote' : 'partial';
  }

  /** Bytes of the escape sequence at `at`; 0 where there is none. */
  #escapedLength(at: number): number {
    if (!this.#matches(this.#escape, at)) return 0;
    const next = at + this.#escape.length;
    if (this.#matches(this.#quote, next)) return this.#escape.length + this.#quote.length;
    if (this.#matches(this.#escape, next)) return 2 * this.#escape.length;
    return 0;
  }

  #closeField(start: number, end: number, escapes: number): Step {
    this.#record(start, end, escapes);
    const at = end + this.#quote.length;
    if (this.#matches(this.#delimiter, at)) {
      this.#at = at + this.#delimiter.length;
      return 'field';
    }
    const next = this.#behindLineEnd(at);
    if (next !== undefined) return this.#endRow(at, next);
    // What of the file is still missing behind the quote could make it another one, or be what must follow.
    const longest = Math.max(this.#delimiter.length, this.#quote.length, '\r\n'.length);
    if (at + longest > this.#to && !this.#final) return 'partial';
    this.#at = at;
    return 'textAfterQuote';
  }

  /** Where the next row begins if a line end, or the end of the file, is at `at`. */
  #behindLineEnd(at: number): number | undefined {
    const returned = this.#terminator === lineFeed && at < this.#to && this.#bytes[at] === carriageReturn;
    const behind = returned ? at + 1 : at;
    if (behind < this.#to && this.#bytes[behind] === this.#terminator) return behind + 1;
    return behind === this.#to && this.#final ? behind : undefined;
  }

  #endRow(end: number, next: number): Step {
    this.#rowEnd = end;
    this.#at = next;
    return 'row';
  }

  #record(start: number, end: number, escapes: number): void {
    if (this.fields < this.maxFields) this.bounds.push(start, end, escapes);
  }
}
