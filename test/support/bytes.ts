import { defaultReadLimits, type ReadLimits } from '../../worker/formats/read-records.ts';
import type { FormatContext, RecordItem } from '../../worker/formats/format.ts';
import type { CodecContext } from '../../worker/codecs/codec.ts';

/** A stream of bytes that tells how it was read. */
export interface WatchedBytes extends AsyncIterable<Buffer> {
  /** Pieces that were asked for. */
  readonly taken: number;
  /** It was read to its end, or given back. */
  readonly closed: boolean;
}

/** The pieces of a generator, each made when it is asked for. */
export function watchedBytes(pieces: Iterable<Buffer>): WatchedBytes {
  const state = { taken: 0, closed: false };
  async function* generate(): AsyncGenerator<Buffer> {
    try {
      for (const piece of pieces) {
        state.taken += 1;
        yield piece;
      }
    } finally {
      state.closed = true;
    }
  }
  return {
    get taken() {
      return state.taken;
    },
    get closed() {
      return state.closed;
    },
    [Symbol.asyncIterator]: () => generate(),
  };
}

/** Cut into pieces of so many bytes; each a copy, so that a reader that keeps one is found out. */
export function* inPieces(bytes: Buffer, size: number): Generator<Buffer> {
  const piece = Buffer.alloc(size);
  for (let at = 0; at < bytes.length; at += size) {
    const length = bytes.copy(piece, 0, at, at + size);
    yield piece.subarray(0, length);
    piece.fill(0x3f);
  }
}

/** Cut where the list says, over and over. */
export function* inPiecesOf(bytes: Buffer, sizes: readonly number[]): Generator<Buffer> {
  for (let at = 0, count = 0; at < bytes.length; count += 1) {
    const size = sizes[count % sizes.length] ?? 1;
    yield Buffer.from(bytes.subarray(at, at + size));
    at += size;
  }
}

export function readContext(
  limits: Partial<ReadLimits> = {},
  signal = new AbortController().signal,
): FormatContext & CodecContext {
  return { signal, limits: { ...defaultReadLimits, ...limits } };
}

export async function collectItems(
  batches: AsyncIterable<readonly RecordItem[]>,
): Promise<readonly RecordItem[]> {
  const items: RecordItem[] = [];
  for await (const batch of batches) items.push(...batch);
  return items;
}

export async function collectBytes(chunks: AsyncIterable<Buffer>): Promise<Buffer> {
  const all: Buffer[] = [];
  for await (const chunk of chunks) all.push(Buffer.from(chunk));
  return Buffer.concat(all);
}
