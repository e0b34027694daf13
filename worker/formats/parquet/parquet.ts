import { TerminalError } from '../../../lib/errors.ts';
import type { JsonObject } from '../../../lib/json.ts';
import {
  maxRawBytes,
  type FormatContext,
  type FormatLimits,
  type RandomAccessContext,
  type RandomAccessFile,
  type RandomAccessFormat,
  type RecordItem,
  type RecordRead,
} from '../format.ts';
import { resolveOptions, type OptionsSchema, type OptionValues } from '../options.ts';
import { tooLong } from '../rows.ts';
import type { RecordAssembler } from './assemble-record.ts';
import { corrupt } from './errors.ts';
import { readFooter } from './footer.ts';
import type { ColumnToRead } from './pages/column-pages.ts';
import { keepStretch } from './pages/keep-stretch.ts';
import { PageMemory } from './pages/page-memory.ts';
import { parseSize } from './parse-size.ts';
import { openRowGroup, readRows, type OpenParquet } from './row-group-reader.ts';
import { binaryColumns } from './schema/binary-columns.ts';
import { buildRecordShape } from './schema/build-shape.ts';
import { buildSchemaTree, type SchemaTree } from './schema/schema-tree.ts';
import type { StructShape } from './schema/shape.ts';
import { leafTypeOf, rawLeafType, type LeafContext } from './values/leaf-types.ts';
import { RowState } from './values/row-state.ts';

const options = {
  binaryAsText: {
    type: 'boolean',
    default: false,
    description:
      'Whether binary columns without a declared meaning hold text, as old writers left them; else base64.',
  },
  maxPageMemory: {
    type: 'text',
    default: '192Mi',
    description: 'What the open pages of the files that are read at a time may take, such as 192Mi.',
    check: (text) =>
      parseSize(text) === undefined
        ? `must be a number of bytes with the suffix Ki, Mi or Gi, such as 192Mi, not ${JSON.stringify(text)}`
        : undefined,
  },
} satisfies OptionsSchema;

/**
 * Apache Parquet. It is read page by page: the pages of all columns at one row are open at a time, whatever the length
 * of the row groups, and rows are put together from them one by one. Row groups before the wanted rows are not read.
 */
export const parquet = {
  name: 'Parquet',
  access: 'random',
  extensions: ['.parquet', '.parq'],
  options,
  read(file, given, ctx) {
    return readFile(file, resolveOptions('the format Parquet', options, given), ctx);
  },
} satisfies RandomAccessFormat;

const mebibyte = 1024 * 1024;

/** A file of no more than this is read at once, by one request. */
const readWhole = 4 * mebibyte;

/** A batch of records ends with either. */
const batch = { rows: 1024, characters: 4 * mebibyte };

async function* readFile(
  file: RandomAccessFile,
  values: OptionValues<typeof options>,
  ctx: RandomAccessContext,
): AsyncGenerator<readonly RecordItem[]> {
  if (file.size === 0) return;
  const limit = parseSize(values.maxPageMemory) as number;
  const open = await openParquet(file, { limit, binaryAsText: values.binaryAsText }, ctx);
  const groups = planGroups(open, ctx.afterRow);
  const need = groups.reduce((most, { bytes }) => Math.max(most, bytes), 0);
  const release = await ctx.memory.reserve({ bytes: Math.min(need, limit), of: limit }, ctx.signal);
  try {
    const count = limitCharacters(ctx.limits.maxDecodedBytes);
    for (const group of groups) {
      for await (const items of readGroup(open, group, ctx)) {
        count(items);
        yield items;
      }
    }
  } finally {
    release();
  }
}

/** Counts what it is given, and throws when that is more than a file may hold. */
function limitCharacters(limit: number): (items: readonly RecordItem[]) => void {
  let characters = 0;
  return (items) => {
    characters += items.reduce((sum, item) => sum + sizeOf(item), 0);
    if (characters > limit) throw tooMany(limit);
  };
}

async function openParquet(
  stored: RandomAccessFile,
  { limit, binaryAsText }: { readonly limit: number; readonly binaryAsText: boolean },
  { limits, signal }: FormatContext,
): Promise<OpenParquet> {
  const small = { first: 0, end: stored.size };
  const file = stored.size <= readWhole ? await keepStretch(stored, small, signal) : stored;
  const memory = new PageMemory(limit);
  const footer = await readFooter(file, memory, signal);
  const tree = buildSchemaTree(footer.schema, limits.maxDepth);
  const shape = buildRecordShape(tree.root);
  const row = new RowState(limits.maxRecordBytes);
  const leaf = { row, maxValueBytes: limits.maxRecordBytes, maxDepth: limits.maxDepth, binaryAsText };
  return { file, footer, memory, row, shape, columns: columnsOf(tree, shape, leaf) };
}

function columnsOf(tree: SchemaTree, shape: StructShape, leaf: LeafContext): readonly ColumnToRead[] {
  const binary = new Set(binaryColumns(shape));
  return tree.columns.map((node, index) => ({
    name: node.path,
    type: binary.has(index) ? rawLeafType : leafTypeOf(node, leaf),
    maxDef: node.def,
    maxRep: node.rep,
  }));
}

interface PlannedGroup {
  /** Where it stands in the footer; its columns are looked up when its turn comes. */
  readonly at: number;
  readonly rows: number;
  /** Rows of the groups before it. */
  readonly before: number;
  /** The most that its pages can take: all of them at once. */
  readonly bytes: number;
}

/** The row groups that hold rows behind `afterRow`. */
function planGroups(open: OpenParquet, afterRow: number): readonly PlannedGroup[] {
  let before = 0;
  const groups = open.footer.rowGroups.map((at): PlannedGroup => {
    const { rows, chunks } = openRowGroup(open, at);
    const bytes = chunks.reduce((sum, { decodedBytes }) => sum + decodedBytes, 0);
    before += rows;
    return { at, rows, before: before - rows, bytes };
  });
  // Some writers leave the number at zero.
  if (before < open.footer.rows) {
    throw corrupt(`it declares ${open.footer.rows} rows, and its row groups ${before}`);
  }
  return groups.filter(({ before: first, rows }) => rows > 0 && first + rows > afterRow);
}

async function* readGroup(
  open: OpenParquet,
  group: PlannedGroup,
  ctx: FormatContext,
): AsyncGenerator<readonly RecordItem[]> {
  const rowGroup = openRowGroup(open, group.at);
  const offset = rowGroup.chunks.reduce((least, { start }) => Math.min(least, start), Infinity);
  let row = group.before;
  let items: RecordItem[] = [];
  let characters = 0;
  for await (const { assembler, ready } of readRows(open, rowGroup, ctx)) {
    for (let count = 0; count < ready; count += 1) {
      row += 1;
      items.push(itemOf(assembler, { row, offset }, ctx.limits));
      characters += assembler.row.size;
      if (items.length < batch.rows && characters < batch.characters) continue;
      yield items;
      items = [];
      characters = 0;
    }
  }
  if (items.length > 0) yield items;
}

function sizeOf(item: RecordItem): number {
  return item.kind === 'record' ? (item.size ?? 0) : item.raw.length;
}

/** Runs of one value make any number of rows of a few bytes. */
function tooMany(limit: number): TerminalError {
  return new TerminalError({
    reason: 'DecompressionLimitExceeded',
    message: `The records of the file have more than ${limit} characters, which one file may hold.`,
    cure: 'Split it into smaller files.',
  });
}

function itemOf(
  assembler: RecordAssembler,
  position: { readonly row: number; readonly offset: number },
  { maxRecordBytes }: FormatLimits,
): RecordItem {
  const record = assembler.next();
  const { full, problem, size } = assembler.row;
  if (problem === undefined && !full) return new ParquetRecord(position, record, size);
  const { column, reason } = problem ?? { column: undefined, reason: tooLong(maxRecordBytes) };
  return { kind: 'reject', ...position, column, reason, raw: rawText(record) };
}

/** What could be made of the row. Cut between characters, and long enough before for most. */
function rawText(record: JsonObject): string {
  const text = Buffer.from(JSON.stringify(record).slice(0, maxRawBytes));
  return new TextDecoder().decode(text.subarray(0, maxRawBytes), { stream: true });
}

/** A row, whose text few ask for: it is made when they do. */
class ParquetRecord implements RecordRead {
  readonly kind = 'record';
  readonly row: number;
  readonly offset: number;
  readonly record: JsonObject;
  readonly size: number;

  constructor(
    { row, offset }: { readonly row: number; readonly offset: number },
    record: JsonObject,
    size: number,
  ) {
    this.row = row;
    this.offset = offset;
    this.record = record;
    this.size = size;
  }

  get text(): string {
    return JSON.stringify(this.record);
  }
}
