/** How much a codec may make of what it was given; beyond it the file fails as `DecompressionLimitExceeded`. */
export interface CodecLimits {
  /** Bytes that may come out of one file. */
  readonly maxDecodedBytes: number;
  /** Bytes out for each byte in. Small files, which may shrink a lot, are not held to it. */
  readonly maxRatio: number;
}

export interface CodecContext {
  readonly signal: AbortSignal;
  readonly limits: CodecLimits;
}

/** A compression: bytes in, bytes out. */
export interface Codec {
  /** As the CRD's enum has it. */
  readonly name: string;
  /** Endings of file names, with the dot. */
  readonly extensions: readonly string[];
  /** The first bytes of every file so compressed; undefined where there are none to tell it by. */
  readonly magic: Buffer | undefined;
  /**
   * Streams: holds a bounded part of the file at any time, reads on only when asked for more, and returns its
   * source when its consumer leaves early. A broken file is a `TerminalError`. Never called with an empty file.
   */
  decode(bytes: AsyncIterable<Buffer>, ctx: CodecContext): AsyncIterable<Buffer>;
}
