import type { Dialect } from './dialect.ts';
import { carriageReturn, lineFeed, type LineEnd } from './record-scanner.ts';

/**
 * What ends the rows of a file, told from the first line end outside quotes: LF (also behind a carriage return), or a
 * carriage return alone. Undefined while none has arrived.
 */
export function tellLineEnd(bytes: Buffer, from: number, dialect: Dialect): LineEnd | undefined {
  const [quote, escape] = [dialect.quote?.[0], dialect.escape?.[0]];
  let quoted = false;
  for (let at = from; at < bytes.length; at += 1) {
    const byte = bytes[at];
    if (quoted && byte === escape && escape !== quote) at += 1;
    else if (byte === quote) quoted = !quoted;
    else if (!quoted && byte === lineFeed) return 'LF';
    else if (!quoted && byte === carriageReturn) return lineEndAt(bytes, at);
  }
  return undefined;
}

function lineEndAt(bytes: Buffer, at: number): LineEnd | undefined {
  if (at + 1 === bytes.length) return undefined;
  return bytes[at + 1] === lineFeed ? 'LF' : 'CR';
}
