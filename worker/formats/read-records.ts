import { TerminalError } from '../../lib/errors.ts';
import type { JsonValue } from '../../lib/json.ts';
import type { CodecLimits } from '../codecs/codec.ts';
import { decompress } from '../codecs/decompress.ts';
import { compressionNames, isCompressionName, type CompressionName } from '../codecs/registry.ts';
import type { FileFormat, FormatLimits, RandomAccessFile, RecordItem, MemoryPool } from './format.ts';
import { createMemoryPool } from './memory-pool.ts';
import { formatNames, formats, isFormatName, type FormatName } from './registry.ts';

/** A stored file, as an object store or a disk gives it. */
export interface StoredFile {
  /** A stream is destroyed in the end, whether or not it was read. */
  readonly body: AsyncIterable<Buffer> & { readonly destroy?: () => unknown };
  readonly contentEncoding?: string | undefined;
}

/** How its bytes become records; names as the API has them, options as the format has them. */
export interface ReadSettings {
  readonly format: string;
  readonly compression: string;
  readonly options: Readonly<Record<string, JsonValue | undefined>>;
}

export type ReadLimits = CodecLimits & FormatLimits;

const mebibyte = 1024 * 1024;

export const defaultReadLimits: ReadLimits = Object.freeze({
  /** A hundred times what is advised for a file. */
  maxDecodedBytes: 1024 * 1024 * mebibyte,
  /** Deflate reaches 1032 on one repeated byte; logs reach 100. */
  maxRatio: 500,
  maxRecordBytes: 16 * mebibyte,
  maxDepth: 100,
});

export interface ReadContext {
  readonly limits?: ReadLimits;
  /** Of all files that the process reads at a time. Default: this one is alone. */
  readonly memory?: MemoryPool;
  /** Rows up to this one are not wanted; formats that can pass over them do. */
  readonly afterRow?: number;
}

/**
 * A stored file's rows: decompressed, decoded and parsed. Whatever reads files (the import, the preview, the command
 * line) reads them here, so that they cannot differ. A file that is broken as a whole, and settings that are wrong,
 * are a `TerminalError`; a broken row is an item. Leaving early, and errors, give the body back.
 *
 * How the file must be opened follows from its format: `accessOf`.
 */
export async function* readRecords(
  file: StoredFile | RandomAccessFile,
  settings: ReadSettings,
  signal: AbortSignal,
  { limits = defaultReadLimits, memory = createMemoryPool(), afterRow = 0 }: ReadContext = {},
): AsyncGenerator<readonly RecordItem[]> {
  try {
    const format = formats[formatNamed(settings.format)] as FileFormat;
    const compression = compressionNamed(settings.compression);
    if (format.access === 'random') {
      refuseCompression(format, compression);
      yield* format.read(randomAccess(file, format), settings.options, { signal, limits, memory, afterRow });
    } else {
      const { body, contentEncoding } = streamed(file, format);
      const ctx = { signal, limits };
      yield* format.read(
        decompress({ bytes: body, compression, contentEncoding }, ctx),
        settings.options,
        ctx,
      );
    }
  } finally {
    if ('body' in file) file.body.destroy?.();
  }
}

/** Whether files of a format are read from their beginning on, or wherever their rows lie. */
export function accessOf(format: string): FileFormat['access'] {
  return isFormatName(format) ? formats[format].access : 'stream';
}

function randomAccess(file: StoredFile | RandomAccessFile, { name }: FileFormat): RandomAccessFile {
  if ('read' in file) return file;
  throw invalid(`${name} is read from its end on, and a stream cannot be. Name a file or an object.`);
}

function streamed(file: StoredFile | RandomAccessFile, { name }: FileFormat): StoredFile {
  if ('body' in file) return file;
  throw invalid(`${name} is read from its beginning on, and the file was opened otherwise.`);
}

function refuseCompression({ name }: FileFormat, compression: CompressionName): void {
  if (compression === 'Auto' || compression === 'None') return;
  throw invalid(
    `${name} compresses its own pages: set compression to None, or to Auto, not to ${compression}.`,
  );
}

function formatNamed(name: string): FormatName {
  if (isFormatName(name)) return name;
  throw unknownName('format', name, formatNames);
}

function compressionNamed(name: string): CompressionName {
  if (isCompressionName(name)) return name;
  throw unknownName('compression', name, compressionNames);
}

function unknownName(what: string, name: string, valid: readonly string[]): TerminalError {
  return invalid(`${JSON.stringify(name)} is not a ${what}. Valid are ${valid.join(', ')}.`);
}

function invalid(message: string): TerminalError {
  return new TerminalError({ reason: 'InvalidFormat', message });
}
