import type { Dialect } from './dialect.ts';
import { carriageReturn, lineFeed, type LineEnd } from './record-scanner.ts';
import { standsAt } from './unescape.ts';

/**
 * What ends the rows of a file, told from the first line end outside quotes: LF (also behind a carriage return), or a
 * carriage return alone. Undefined while none has arrived.
 */
export function tellLineEnd(bytes: Buffer, from: number, dialect: Dialect): LineEnd | undefined {
  let quoted = false;
  for (let at = from; at < bytes.length; at += 1) {
    if (dialect.quote !== undefined && standsAt(bytes, at, dialect.quote)) quoted = !quoted;
    else if (quoted) at += escapesNext(bytes, at, dialect) ? 1 : 0;
    else if (bytes[at] === lineFeed || bytes[at] === carriageReturn) return lineEndAt(bytes, at);
  }
  return undefined;
}

/** Where the escape is the quote, two of them in a row open and close it, which comes to the same. */
function escapesNext(bytes: Buffer, at: number, { escape }: Dialect): boolean {
  return escape !== undefined && standsAt(bytes, at, escape);
}

function lineEndAt(bytes: Buffer, at: number): LineEnd | undefined {
  if (bytes[at] === lineFeed) return 'LF';
  if (at + 1 === bytes.length) return undefined;
  return bytes[at + 1] === lineFeed ? 'LF' : 'CR';
}
