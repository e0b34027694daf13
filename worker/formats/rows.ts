import { isAscii, isUtf8 } from 'node:buffer';
import { ByteWindow } from './byte-window.ts';
import { maxRawBytes, type FormatContext, type RecordItem, type RecordReject } from './format.ts';
import { openText } from './text-source.ts';

/** Items in one array: enough to make the cost of handing it over small. */
const batchSize = 1024;

/** However large the pieces are in which a file arrives, the window grows by no more at a time. */
const maxPiece = 1024 * 1024;

/** Cuts text into rows; one for each file. */
export interface RowReader {
  /**
   * Reads rows from the start of the window and moves it behind them; at most `count` of them. Fewer mean that the
   * next row is not yet there whole. With `final` no more text will come, and the window is read to its end.
   */
  take(window: ByteWindow, count: number, final: boolean): readonly RecordItem[];
}

/** The rows of a file of text, as `reader` cuts them. */
export async function* readRows(
  bytes: AsyncIterable<Buffer>,
  reader: RowReader,
  ctx: FormatContext,
): AsyncGenerator<readonly RecordItem[]> {
  const source = await openText(bytes);
  try {
    const window = new ByteWindow(source.markLength, source.measure);
    for await (const chunk of source.chunks) {
      for (let at = 0; at < chunk.length; at += maxPiece) {
        window.append(chunk.subarray(at, at + maxPiece));
        yield* takeAll(window, reader, false, ctx.signal);
      }
    }
    yield* takeAll(window, reader, true, ctx.signal);
  } finally {
    await source.close();
  }
}

function* takeAll(
  window: ByteWindow,
  reader: RowReader,
  final: boolean,
  signal: AbortSignal,
): Generator<readonly RecordItem[]> {
  for (;;) {
    signal.throwIfAborted();
    const items = reader.take(window, batchSize, final);
    if (items.length > 0) yield items;
    if (items.length < batchSize) return;
  }
}

/** What is known of a stretch of bytes, so that not every row in it must be looked at. */
export type TextKind = 'ascii' | 'utf8' | 'unknown';

/** `bytes` must not begin or end within a character. */
export function textKindOf(bytes: Buffer): TextKind {
  if (isAscii(bytes)) return 'ascii';
  return isUtf8(bytes) ? 'utf8' : 'unknown';
}

/** A stretch as a string; undefined when it is not UTF-8. */
export function decodeText(bytes: Buffer, from: number, to: number, kind: TextKind): string | undefined {
  if (kind === 'ascii') return bytes.toString('latin1', from, to);
  if (kind === 'unknown' && !isUtf8(bytes.subarray(from, to))) return undefined;
  return bytes.toString('utf8', from, to);
}

/** A stretch as a reject keeps it: cut between characters, and readable also where it is not UTF-8. */
function rawText(bytes: Buffer, from: number, to: number): string {
  let end = Math.min(to, from + maxRawBytes);
  if (end < to) {
    const longestCharacter = 4;
    while (end > from + maxRawBytes - longestCharacter && isContinuation(bytes[end])) end -= 1;
  }
  return bytes.toString('utf8', from, end);
}

function isContinuation(byte: number | undefined): boolean {
  return byte !== undefined && (byte & 0xc0) === 0x80;
}

/** What stands at the start of the window up to `end`, as a rejected row. */
export function rejectRow(
  window: ByteWindow,
  end: number,
  problem: { readonly row: number; readonly column: string | undefined; readonly reason: string },
): RecordReject {
  return { kind: 'reject', ...problem, offset: window.offset, raw: rawText(window.bytes, window.start, end) };
}

export const notText =
  'The row holds bytes that are no text in the encoding of the file, which is UTF-8 unless it begins with a byte order mark of UTF-16. Correct what writes it.';

export function tooLong(maxRecordBytes: number): string {
  return `The row is longer than ${maxRecordBytes} bytes. Look for a missing line end, or raise the limit on the length of a row.`;
}
