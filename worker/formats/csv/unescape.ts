/** Takes the escapes out of a quoted field: bytes `from` to `to` hold its content. */
export type Unescape = (bytes: Buffer, from: number, to: number) => Buffer;

/** The result is good until the next call. */
export function createUnescape(quote: Buffer, escape: Buffer): Unescape {
  let scratch = Buffer.allocUnsafe(4096);
  return (bytes, from, to) => {
    if (scratch.length < to - from) scratch = Buffer.allocUnsafe(2 * (to - from));
    let length = 0;
    for (let at = from; at < to; at += 1) {
      if (bytes[at] === escape[0]) at += escapeLength(bytes, at, { quote, escape });
      scratch[length] = bytes[at] as number;
      length += 1;
    }
    return scratch.subarray(0, length);
  };
}

/** Bytes to leave out at `at`, before the character that stands for itself; 0 where the escape escapes nothing. */
function escapeLength(
  bytes: Buffer,
  at: number,
  marks: { readonly quote: Buffer; readonly escape: Buffer },
): number {
  const { quote, escape } = marks;
  if (!standsAt(bytes, at, escape)) return 0;
  const next = at + escape.length;
  return standsAt(bytes, next, quote) || standsAt(bytes, next, escape) ? escape.length : 0;
}

export function standsAt(bytes: Buffer, at: number, mark: Buffer): boolean {
  for (let index = 0; index < mark.length; index += 1) {
    if (bytes[at + index] !== mark[index]) return false;
  }
  return true;
}
