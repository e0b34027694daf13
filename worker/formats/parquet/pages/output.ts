/** What a decompression has written so far. */
export interface Output {
  readonly bytes: Buffer;
  at: number;
}

/** Up to here a loop is quicker than a call into the runtime. */
const short = 32;

/**
 * Repeats what was written `offset` bytes before, for `length` bytes, which may reach into what it writes itself.
 * False where there is nothing so far back, or no room.
 */
export function copyWithin(out: Output, offset: number, length: number): boolean {
  const { bytes } = out;
  const from = out.at - offset;
  if (offset === 0 || from < 0 || out.at + length > bytes.length) return false;
  if (offset >= length && length > short) {
    bytes.copyWithin(out.at, from, from + length);
  } else {
    for (let index = 0; index < length; index += 1) bytes[out.at + index] = bytes[from + index] as number;
  }
  out.at += length;
  return true;
}

/** Takes over bytes as they are. False where there are not so many, or there is no room. */
export function copyFrom(source: Buffer, from: number, length: number, out: Output): boolean {
  const { bytes } = out;
  if (from + length > source.length || out.at + length > bytes.length) return false;
  if (length > short) source.copy(bytes, out.at, from, from + length);
  else for (let index = 0; index < length; index += 1) bytes[out.at + index] = source[from + index] as number;
  out.at += length;
  return true;
}
