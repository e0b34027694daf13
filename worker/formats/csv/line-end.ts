import type { Dialect } from './dialect.ts';
import { carriageReturn, lineFeed, type LineEnd } from './record-scanner.ts';

/**
 * What ends the rows of a file, told from the first line end outside quotes: LF (also behind a carriage return), or a
 * carriage return alone. Undefined while none has arrived.
 */
export function tellLineEnd(bytes: Buffer, from: number, dialect: Dialect): LineEnd | undefined {
  const quote = dialect.quote?.[0];
  const escape = dialect.escape?.[0] === quote ? undefined : dialect.escape?.[0];
  let quoted = false;
  for (let at = from; at < bytes.length; at += 1) {
    const byte = bytes[at];
    if (byte === quote) quoted = !quoted;
    else if (quoted) at += byte === escape ? 1 : 0;
    else if (byte === lineFeed || byte === carriageReturn) return lineEndAt(bytes, at);
  }
  return undefined;
}

function lineEndAt(bytes: Buffer, at: number): LineEnd | undefined {
  if (bytes[at] === lineFeed) return 'LF';
  if (at + 1 === bytes.length) return undefined;
  return bytes[at + 1] === lineFeed ? 'LF' : 'CR';
}
