import { RecordAssembler } from './assemble-record.ts';
import type { FormatContext, RandomAccessFile } from '../format.ts';
import { ColumnReader } from './column-reader.ts';
import { corrupt } from './errors.ts';
import { readRowGroup, type ColumnChunk, type RowGroup } from './metadata.ts';
import type { Footer } from './footer.ts';
import { ChunkBytes } from './pages/chunk-bytes.ts';
import { ColumnPages, type ColumnToRead } from './pages/column-pages.ts';
import { keepStretch } from './pages/keep-stretch.ts';
import type { PageMemory } from './pages/page-memory.ts';
import type { StructShape } from './schema/shape.ts';
import { EndOfThrift } from './thrift-reader.ts';
import type { RowState } from './values/row-state.ts';

/** All that reading the row groups of one file needs. */
export interface OpenParquet {
  readonly file: RandomAccessFile;
  readonly footer: Footer;
  readonly shape: StructShape;
  readonly columns: readonly ColumnToRead[];
  readonly memory: PageMemory;
  readonly row: RowState;
}

const mebibyte = 1024 * 1024;

/** A row group of no more than this is read at once: one request instead of one for each column. */
const readWhole = 16 * mebibyte;
/** What all columns together read ahead, and a column at most and at least. */
const readAhead = { all: 32 * mebibyte, most: 4 * mebibyte, least: 4 * 1024 };
/** Columns that load at a time. */
const loadLanes = 8;

export function openRowGroup(
  { footer, columns }: Pick<OpenParquet, 'footer' | 'columns'>,
  at: number,
): RowGroup {
  try {
    return readRowGroup(footer.bytes, at, { fileEnd: footer.at, columns: columns.length });
  } catch (error) {
    if (error instanceof EndOfThrift) throw corrupt('its footer ends within a row group');
    throw error;
  }
}

/**
 * The rows of one row group, some at a time: calls `next` of what it gives so often. All pages that the rows need are
 * open then, and are closed when they are used up, or the reader leaves.
 */
export async function* readRows(
  parquet: OpenParquet,
  { rows, chunks }: RowGroup,
  ctx: FormatContext,
): AsyncGenerator<{ readonly assembler: RecordAssembler; readonly ready: number }> {
  if (rows > 0 && chunks.length === 0) throw corrupt('it has rows without columns');
  const file = await preload(parquet.file, chunks, ctx.signal);
  const readers = openColumns({ ...parquet, file }, chunks);
  const assembler = new RecordAssembler(parquet.shape, readers, parquet.row);
  try {
    for (let left = rows; left > 0;) {
      ctx.signal.throwIfAborted();
      await loadMissing(readers, ctx.signal);
      const ready = readers.reduce((least, { rowsReady }) => Math.min(least, rowsReady), left);
      yield { assembler, ready };
      left -= ready;
    }
  } finally {
    for (const reader of readers) reader.close();
  }
}

async function preload(
  file: RandomAccessFile,
  chunks: readonly ColumnChunk[],
  signal: AbortSignal,
): Promise<RandomAccessFile> {
  const first = chunks.reduce((least, { start }) => Math.min(least, start), Infinity);
  const end = chunks.reduce((most, chunk) => Math.max(most, chunk.end), 0);
  return end > first && end - first <= readWhole ? await keepStretch(file, { first, end }, signal) : file;
}

function openColumns(
  { file, footer, columns, memory, row }: OpenParquet,
  chunks: readonly ColumnChunk[],
): readonly ColumnReader[] {
  const share = Math.floor(readAhead.all / columns.length);
  const stretch = Math.max(readAhead.least, Math.min(readAhead.most, share));
  return columns.map((column, index) => {
    const chunk = chunks[index] as ColumnChunk;
    const bytes = new ChunkBytes(file, chunk, { fileEnd: footer.at, stretch });
    return new ColumnReader(column, new ColumnPages(column, chunk, bytes, memory), { memory, row });
  });
}

/** Opens pages of every column that has no row ready. Nothing is under way any more when it ends, or fails. */
async function loadMissing(readers: readonly ColumnReader[], signal: AbortSignal): Promise<void> {
  const missing = readers.filter(({ rowsReady }) => rowsReady === 0);
  if (missing.length === 0) return;
  const failures: unknown[] = [];
  const lanes = Array.from({ length: Math.min(loadLanes, missing.length) }, async () => {
    for (let reader = missing.pop(); reader !== undefined && failures.length === 0; reader = missing.pop()) {
      await reader.load(signal).catch((error: unknown) => failures.push(error));
    }
  });
  await Promise.all(lanes);
  if (failures.length > 0) throw failures[0];
}
