import { TerminalError } from '../../lib/errors.ts';
import type { JsonValue } from '../../lib/json.ts';
import type { CodecLimits } from '../codecs/codec.ts';
import { decompress } from '../codecs/decompress.ts';
import { compressionNames, isCompressionName, type CompressionName } from '../codecs/registry.ts';
import type { FormatLimits, RecordItem } from './format.ts';
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

/**
 * A stored file's rows: decompressed, decoded and parsed. Whatever reads files (the import, the preview, the command
 * line) reads them here, so that they cannot differ. A file that is broken as a whole, and settings that are wrong,
 * are a `TerminalError`; a broken row is an item. Leaving early, and errors, give the body back.
 */
export async function* readRecords(
  file: StoredFile,
  settings: ReadSettings,
  signal: AbortSignal,
  limits: ReadLimits = defaultReadLimits,
): AsyncGenerator<readonly RecordItem[]> {
  const ctx = { signal, limits };
  const { body, contentEncoding } = file;
  try {
    const format = formats[formatNamed(settings.format)];
    const compression = compressionNamed(settings.compression);
    const bytes = decompress({ bytes: body, compression, contentEncoding }, ctx);
    yield* format.read(bytes, settings.options, ctx);
  } finally {
    body.destroy?.();
  }
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
  return new TerminalError({
    reason: 'InvalidFormat',
    message: `${JSON.stringify(name)} is not a ${what}. Valid are ${valid.join(', ')}.`,
  });
}
