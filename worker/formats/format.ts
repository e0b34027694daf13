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
  /** Of the row's first byte in the decompressed file; where rows lie in columns, of the first byte of their group. */
  readonly offset: number;
}

export interface RecordRead extends RowPosition {
  readonly kind: 'record';
  readonly record: JsonObject;
  /** The row as it stands in the file, without its line end; of a binary format, as JSON. */
  readonly text: string;
  /** Characters of `text`, or about so many, where it is only made when it is asked for. */
  readonly size?: number;
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

/** A stored file of which any stretch can be had. */
export interface RandomAccessFile {
  /** Bytes of the whole file. */
  readonly size: number;
  /** The bytes from `first` to before `end`, all of them; `end` is not beyond the file's. */
  read(first: number, end: number, signal: AbortSignal): Promise<Buffer>;
}

/** What the files that a process reads at a time share: memory that some of them need much of. */
export interface MemoryPool {
  /**
   * Waits until so many bytes `of` all are free, or no one else has any; what is given must be released. A file asks
   * once, before it holds anything, so that no two can wait for each other.
   */
  reserve(need: { readonly bytes: number; readonly of: number }, signal: AbortSignal): Promise<() => void>;
}

export interface RandomAccessContext extends FormatContext {
  readonly limits: FormatLimits & {
    /** Characters of the records of one file. Without a codec in between, the format sees to it. */
    readonly maxDecodedBytes: number;
  };
  readonly memory: MemoryPool;
  /** Rows up to this one are not wanted: what can be passed over without reading it is. They may come all the same. */
  readonly afterRow: number;
}

interface FormatBasics {
  /** As the CRD's enum has it. */
  readonly name: string;
  /** Endings of file names, with the dot. */
  readonly extensions: readonly string[];
  readonly options: OptionsSchema;
}

export interface StreamFormat extends FormatBasics {
  readonly access: 'stream';
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

/** A format that says at its end where its rows lie. It compresses by itself: no codec is between it and the file. */
export interface RandomAccessFormat extends FormatBasics {
  readonly access: 'random';
  /** As with `StreamFormat`. What it holds of a file is bounded by an option of its own. */
  read(
    file: RandomAccessFile,
    options: FormatOptions,
    ctx: RandomAccessContext,
  ): AsyncIterable<readonly RecordItem[]>;
}

export type FileFormat = StreamFormat | RandomAccessFormat;
