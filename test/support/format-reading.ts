import type {
  FileFormat,
  FormatOptions,
  RandomAccessContext,
  RandomAccessFile,
  RecordItem,
} from '../../worker/formats/format.ts';
import type { ReadLimits } from '../../worker/formats/read-records.ts';
import { createMemoryPool } from '../../worker/formats/memory-pool.ts';
import { readContext, watchedBytes } from './bytes.ts';

/** A file in memory that tells how it was read. */
export interface WatchedFile extends RandomAccessFile {
  readonly reads: readonly { readonly first: number; readonly end: number }[];
}

export function fileOf(bytes: Buffer): WatchedFile {
  const reads: { first: number; end: number }[] = [];
  return {
    size: bytes.length,
    reads,
    read: (first, end, signal) => {
      signal.throwIfAborted();
      if (first < 0 || end > bytes.length) throw new Error(`bytes ${first} to ${end} of ${bytes.length}`);
      reads.push({ first, end });
      // A copy each time: what is kept of the file is the reader's own.
      return Promise.resolve(Buffer.from(bytes.subarray(first, end)));
    },
  };
}

export function randomAccessContext(
  changes: Partial<Omit<RandomAccessContext, 'limits'>> & { readonly limits?: Partial<ReadLimits> } = {},
): RandomAccessContext {
  const { limits, signal, ...others } = changes;
  return { ...readContext(limits, signal), memory: createMemoryPool(), afterRow: 0, ...others };
}

/** The rows of a file's bytes, in whatever way the format reads them. */
export function readBytes(
  format: FileFormat,
  pieces: Iterable<Buffer>,
  options: FormatOptions = {},
): AsyncIterable<readonly RecordItem[]> {
  return format.access === 'stream'
    ? format.read(watchedBytes(pieces), options, readContext())
    : format.read(fileOf(Buffer.concat([...pieces])), options, randomAccessContext());
}
