import { TerminalError } from '../../lib/errors.ts';
import type { JsonObject, JsonValue } from '../../lib/json.ts';
import type { Codec } from '../../worker/codecs/codec.ts';
import { decompress } from '../../worker/codecs/decompress.ts';
import { peek } from '../../worker/codecs/peek.ts';
import { codecs } from '../../worker/codecs/registry.ts';
import { signatureLength, startsWith, tellSignature } from '../../worker/codecs/signatures.ts';
import type { RandomAccessFile, RecordItem } from '../../worker/formats/format.ts';
import { defaultReadLimits, readRecords, type StoredFile } from '../../worker/formats/read-records.ts';
import { formats, type FormatName } from '../../worker/formats/registry.ts';
import { guessCsv } from './guess-csv.ts';

/** The beginning of a file, and how it is written. */
export interface Sample {
  /** As `spec.files` has them; the options of CSV are those that differ from the defaults. */
  readonly format: 'JSONLines' | 'CSV' | 'Parquet';
  readonly compression: string;
  readonly csv: Readonly<Record<string, JsonValue>>;
  readonly records: readonly JsonObject[];
  /** Rows of the sample that could not be read. */
  readonly rejected: number;
}

/** So much of the decompressed file is looked at. */
const sampleBytes = 1024 * 1024;

/**
 * Looks at the first bytes of a file: what compresses it, whether it is JSON lines or CSV in which dialect, and its
 * first records. Errors: `FormatMismatch` for a file that is neither, and those of the codecs.
 */
export async function readSample(file: StoredFile | RandomAccessFile, signal: AbortSignal): Promise<Sample> {
  if ('read' in file) return await readParquet(file, signal);
  const raw = await peek(file.body, signatureLength);
  try {
    const codec = Object.values<Codec>(codecs).find(({ magic }) => magic && startsWith(raw.head, magic));
    const ctx = { signal, limits: defaultReadLimits };
    const text = await readHead(decompress({ bytes: raw.bytes, compression: 'Auto' }, ctx));
    const isJson = /^\uFEFF?\s*\{/u.test(text);
    const csv = isJson ? {} : guessCsv(text);
    const format = isJson ? 'JSONLines' : 'CSV';
    const compression = codec?.name ?? 'None';
    return { format, compression, csv, ...(await readRows(text, { format, csv }, signal)) };
  } finally {
    await raw.close();
    file.body.destroy?.();
  }
}

/** So many rows of a file that is no text are looked at. */
const sampleRows = 1000;

/** What a sample's name says of its format; text is told by its first bytes. */
export function sampleFormat(name: string): FormatName {
  const { extensions } = formats.Parquet;
  return extensions.some((extension) => name.toLowerCase().endsWith(extension)) ? 'Parquet' : 'JSONLines';
}

async function readParquet(file: RandomAccessFile, signal: AbortSignal): Promise<Sample> {
  const settings = { format: 'Parquet', compression: 'None', options: {} };
  const items: RecordItem[] = [];
  for await (const batch of readRecords(file, settings, signal)) {
    items.push(...batch);
    if (items.length >= sampleRows) break;
  }
  return { format: 'Parquet', compression: 'None', csv: {}, ...sortItems(items) };
}

/** Whole lines only, unless the file is shorter than the sample. */
async function readHead(bytes: AsyncIterable<Buffer>): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of bytes) {
    chunks.push(Buffer.from(chunk));
    size += chunk.length;
    if (size >= sampleBytes) break;
  }
  const head = Buffer.concat(chunks);
  refuseOtherFormats(head);
  const end = size >= sampleBytes ? head.lastIndexOf(10) + 1 : head.length;
  return head.toString('utf8', 0, end);
}

function refuseOtherFormats(head: Buffer): void {
  const other = head.includes(0) ? (tellSignature(head, 'format') ?? 'binary or UTF-16') : undefined;
  if (other === undefined && head.length > 0) return;
  throw new TerminalError({
    reason: 'FormatMismatch',
    message:
      other === undefined
        ? 'The sample is empty. Name a file with some rows.'
        : `The sample is ${other}, and a manifest is made from JSON lines or CSV in UTF-8, or Parquet. Begin with a file of examples instead.`,
  });
}

async function readRows(
  text: string,
  { format, csv }: Pick<Sample, 'format' | 'csv'>,
  signal: AbortSignal,
): Promise<Pick<Sample, 'records' | 'rejected'>> {
  const settings = { format, compression: 'None', options: csv };
  const body = { [Symbol.asyncIterator]: () => oneChunk(Buffer.from(text)) };
  const items: RecordItem[] = [];
  for await (const batch of readRecords({ body }, settings, signal)) items.push(...batch);
  return sortItems(items);
}

function sortItems(items: readonly RecordItem[]): Pick<Sample, 'records' | 'rejected'> {
  const records = items.flatMap((item) => (item.kind === 'record' ? [item.record] : []));
  return { records, rejected: items.length - records.length };
}

async function* oneChunk(chunk: Buffer): AsyncGenerator<Buffer> {
  yield chunk;
}
