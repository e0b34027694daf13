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
    else if (quoted) at += escapeLength(bytes, at, dialect);
    else if (bytes[at] === lineFeed || bytes[at] === carriageReturn) return lineEndAt(bytes, at);
  }
  return undefined;
}

/** What to pass over besides the character itself. Where the escape is the quote, two of it close and open again. */
function escapeLength(bytes: Buffer, at: number, { escape }: Dialect): number {
  return escape !== undefined && standsAt(bytes, at, escape) ? escape.length : 0;
}

function lineEndAt(bytes: Buffer, at: number): LineEnd | undefined {
  if (bytes[at] === lineFeed) return 'LF';
  if (at + 1 === bytes.length) return undefined;
  return bytes[at + 1] === lineFeed ? 'LF' : 'CR';
}
