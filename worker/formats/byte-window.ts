/** The least that the window holds at a time, in bytes. */
const initialCapacity = 64 * 1024;

/** How many bytes of the file lie behind a stretch of the UTF-8 text that was made of it. */
export type Measure = (bytes: Buffer, from: number, to: number) => number;

/**
 * The text that has arrived and is not yet read as rows: `bytes` from `start` on, UTF-8.
 * It owns one buffer and uses it again, growing it only for a row that is longer.
 */
export class ByteWindow {
  /** Ends where the text does that has arrived. */
  bytes: Buffer;
  start = 0;
  /** Where `start` is in the file, in bytes. */
  offset: number;
  /** Where `start` is in the text, in bytes of UTF-8. */
  position = 0;
  #buffer: Buffer = Buffer.allocUnsafe(initialCapacity);
  readonly #measure: Measure | undefined;

  /** Without a measure, a byte of text is a byte of the file. */
  constructor(offset: number, measure: Measure | undefined) {
    this.bytes = this.#buffer.subarray(0, 0);
    this.offset = offset;
    this.#measure = measure;
  }

  get end(): number {
    return this.bytes.length;
  }

  get length(): number {
    return this.end - this.start;
  }

  append(chunk: Buffer): void {
    if (this.end + chunk.length > this.#buffer.length) this.#makeRoom(chunk.length);
    const end = this.end + chunk.length;
    chunk.copy(this.#buffer, this.end);
    this.bytes = this.#buffer.subarray(0, end);
  }

  /** Moves `start` behind what was read. */
  consumeTo(at: number): void {
    this.offset += this.#measure?.(this.bytes, this.start, at) ?? at - this.start;
    this.position += at - this.start;
    this.start = at;
  }

  #makeRoom(count: number): void {
    const kept = this.length;
    const needed = kept + count;
    const target =
      needed > this.#buffer.length
        ? Buffer.allocUnsafe(Math.max(needed, 2 * this.#buffer.length))
        : this.#buffer;
    this.bytes.copy(target, 0, this.start);
    this.#buffer = target;
    this.start = 0;
    this.bytes = target.subarray(0, kept);
  }
}
