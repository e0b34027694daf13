import type { RandomAccessFile } from '../../format.ts';
import { corrupt } from '../errors.ts';
import type { ColumnChunk } from '../metadata.ts';

/** The bytes of one column's pages, read in stretches that are larger than what is asked for. */
export class ChunkBytes {
  readonly #file: RandomAccessFile;
  readonly #chunk: ColumnChunk;
  readonly #fileEnd: number;
  readonly #stretch: number;
  #bytes: Buffer = Buffer.alloc(0);
  /** Place of the first byte that is not yet taken: in the file, and in `#bytes`. */
  #position: number;
  #at = 0;

  constructor(
    file: RandomAccessFile,
    chunk: ColumnChunk,
    { fileEnd, stretch }: { readonly fileEnd: number; readonly stretch: number },
  ) {
    this.#file = file;
    this.#chunk = chunk;
    this.#fileEnd = fileEnd;
    this.#stretch = stretch;
    this.#position = chunk.start;
  }

  /** So many bytes may still come; some writers declare a little less than they wrote. */
  get left(): number {
    return this.#fileEnd - this.#position;
  }

  /** The next bytes, not yet taken: `count` of them, or fewer where the file has no more. */
  async peek(count: number, signal: AbortSignal): Promise<Buffer> {
    const wanted = Math.min(count, this.left);
    const have = this.#bytes.length - this.#at;
    if (have < wanted) await this.#load(wanted, signal);
    return this.#bytes.subarray(this.#at);
  }

  /** Passes over bytes that were peeked at. */
  skip(count: number): void {
    this.#at += count;
    this.#position += count;
  }

  async take(count: number, signal: AbortSignal): Promise<Buffer> {
    if (count > this.left) throw corrupt('a page reaches beyond the end of the pages');
    const bytes = (await this.peek(count, signal)).subarray(0, count);
    this.skip(count);
    return bytes;
  }

  async #load(wanted: number, signal: AbortSignal): Promise<void> {
    const rest = this.#bytes.subarray(this.#at);
    const first = this.#position + rest.length;
    const ahead = Math.min(this.#position + this.#stretch, this.#chunk.end);
    const more = await this.#file.read(first, Math.max(this.#position + wanted, ahead), signal);
    this.#bytes = rest.length === 0 ? more : Buffer.concat([rest, more]);
    this.#at = 0;
  }
}
