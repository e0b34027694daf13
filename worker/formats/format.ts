import type { JsonObject, JsonValue } from '../../lib/json.ts';
import type { OptionsSchema } from './options.ts';

/** A row of a file, or why it could not be read. */
export type RecordItem = RecordRead | RecordReject;

interface RowPosition {
  /**
   * Counts from 1, and is the same however the bytes arrive: ids are made from it. A header is no row, nor is an
   * empty line; a rejected row is one.
   */
  readonly row: number;
  /** Of the row's first byte in the decompressed file. */
  readonly offset: number;
}

export interface RecordRead extends RowPosition {
  readonly kind: 'record';
  readonly record: JsonObject;
  /** The row as it stands in the file, without its line end. */
  readonly text: string;
}

export interface RecordReject extends RowPosition {
  readonly kind: 'reject';
  readonly column: string | undefined;
  /** A sentence that names the value and the way out. */
  readonly reason: string;
  /** The row as it stands in the file, cut to `maxRawBytes`. */
  readonly raw: string;
}

/** What a rejected row keeps of its text. */
export const maxRawBytes = 4096;

export interface FormatLimits {
  /** Bytes (as UTF-8) of one row; a longer one is rejected without being held in memory. */
  readonly maxRecordBytes: number;
  /** Levels of nesting of one record. */
  readonly maxDepth: number;
}

export interface FormatContext {
  readonly signal: AbortSignal;
  readonly limits: FormatLimits;
}

/** Options as a user gave them; `resolveOptions` checks them and fills in the defaults. */
export type FormatOptions = Readonly<Record<string, JsonValue | undefined>>;

export interface FileFormat {
  /** As the CRD's enum has it. */
  readonly name: string;
  /** Endings of file names, with the dot. */
  readonly extensions: readonly string[];
  readonly options: OptionsSchema;
  /**
   * Rows of the decompressed bytes, some at a time and in their order. Bad rows are items; what breaks the whole
   * file is a `TerminalError`. Holds a bounded part of the file, reads on only when asked for more, and returns
   * its source when its consumer leaves early. The given bytes are free to be reused once the next are asked for.
   */
  read(
    bytes: AsyncIterable<Buffer>,
    options: FormatOptions,
    ctx: FormatContext,
  ): AsyncIterable<readonly RecordItem[]>;
}
