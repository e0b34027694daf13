import { once } from 'node:events';
import type { PoolClient } from 'pg';
import { from as copyFrom } from 'pg-copy-streams';

/**
 * Sends `chunks`, in the text format of COPY, into the table that `sql` names. Answers the number of rows.
 * The stream is not destroyed when the server refuses: the server has left the copy by itself then, and the
 * connection is good for the ROLLBACK.
 */
export async function copyIn(client: PoolClient, sql: string, chunks: Iterable<Buffer>): Promise<number> {
  const stream = client.query(copyFrom(sql));
  const finished = new Promise<void>((resolve, reject) => {
    stream.once('finish', resolve);
    stream.once('error', reject);
  });
  // Awaited below; an error that comes before is not to be reported as one that nobody handles.
  finished.catch(() => undefined);
  for (const chunk of chunks) {
    if (!stream.write(chunk)) await once(stream, 'drain');
  }
  stream.end();
  await finished;
  return stream.rowCount ?? 0;
}

/** A value of one column. undefined is NULL. */
export type CopyValue = string | number | undefined;

/** Big enough that the count of writes does not matter, small enough to keep the socket busy meanwhile. */
const chunkSize = 1 << 18;

/**
 * Makes rows in the text format of COPY, in chunks, as they come.
 * The caller has made sure that no cell holds NUL (`cleanText`).
 */
export class CopyEncoder {
  readonly #chunks: Buffer[] = [];
  #text = '';

  add(row: readonly CopyValue[]): void {
    this.#text += encodeRow(row);
    if (this.#text.length >= chunkSize) this.#cut();
  }

  /** All of them. */
  finish(): readonly Buffer[] {
    if (this.#text !== '') this.#cut();
    return this.#chunks;
  }

  #cut(): void {
    this.#chunks.push(Buffer.from(this.#text));
    this.#text = '';
  }
}

export function encodeCopy<Item>(
  items: Iterable<Item>,
  toRow: (item: Item) => readonly CopyValue[],
): readonly Buffer[] {
  const encoder = new CopyEncoder();
  for (const item of items) encoder.add(toRow(item));
  return encoder.finish();
}

function encodeRow(row: readonly CopyValue[]): string {
  let line = '';
  for (const [column, value] of row.entries()) {
    if (column > 0) line += '\t';
    line += encodeCell(value);
  }
  return `${line}\n`;
}

function encodeCell(value: CopyValue): string {
  if (value === undefined) return '\\N';
  if (typeof value === 'number') return String(value);
  return needsEscape.test(value) ? value.replace(escaped, escapeOne) : value;
}

const needsEscape = /[\\\t\n\r]/;
const escaped = /[\\\t\n\r]/g;
const escapes: Readonly<Record<string, string>> = { '\\': '\\\\', '\t': '\\t', '\n': '\\n', '\r': '\\r' };

function escapeOne(character: string): string {
  return escapes[character] ?? character;
}
