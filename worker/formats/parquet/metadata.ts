import { corrupt, encrypted, notSupported } from './errors.ts';
import { readSchemaElement, type SchemaElement } from './schema/elements.ts';
import { ThriftReader } from './thrift-reader.ts';

/** What the footer says of a file. Row groups are read of it when their turn comes. */
export interface FileMetadata {
  readonly schema: readonly SchemaElement[];
  readonly rows: number;
  /** Where each row group stands within the footer. */
  readonly rowGroups: readonly number[];
}

export interface RowGroup {
  readonly rows: number;
  readonly chunks: readonly ColumnChunk[];
}

/** The pages of one column in one row group. */
export interface ColumnChunk {
  /** Its place in the file, in bytes, from the first page on. */
  readonly start: number;
  readonly end: number;
  readonly codec: number;
  /** Entries: values, nulls, and empty lists. */
  readonly values: number;
  /** Of all its pages, decompressed. */
  readonly decodedBytes: number;
}

export function readFileMetadata(footer: Buffer): FileMetadata {
  const reader = new ThriftReader(footer);
  const schema: SchemaElement[] = [];
  const rowGroups: number[] = [];
  let rows = 0;
  reader.struct((id, type) => {
    if (id === 2) reader.list((index) => schema.push(readElement(reader, index)));
    else if (id === 3) rows = reader.integer();
    else if (id === 4) {
      reader.list((index, element) => {
        if (index >= maxRowGroups)
          throw notSupported(`it has more than ${maxRowGroups} row groups`, 'Split it.');
        rowGroups.push(reader.at);
        reader.skip(element);
      });
    } else reader.skip(type);
  });
  if (!isCount(rows)) throw corrupt(`it declares ${rows} rows`);
  return { schema, rows, rowGroups };
}

/** Far above what files have; they bound what a damaged footer can make of few bytes. */
const maxRowGroups = 1_000_000;
const maxElements = 50_000;

function readElement(reader: ThriftReader, index: number): SchemaElement {
  if (index < maxElements) return readSchemaElement(reader);
  throw notSupported(`its schema has more than ${maxElements} fields`, 'Write the columns that are needed.');
}

/** `fileEnd` is where the footer begins: no page can lie behind it. `columns` are those of the schema. */
export function readRowGroup(
  footer: Buffer,
  at: number,
  { fileEnd, columns }: { readonly fileEnd: number; readonly columns: number },
): RowGroup {
  const reader = new ThriftReader(footer, at);
  const chunks: ColumnChunk[] = [];
  let rows = 0;
  reader.struct((id, type) => {
    if (id === 1) {
      reader.list((index) => {
        if (index >= columns) throw corrupt(`a row group has more than the ${columns} columns of the schema`);
        chunks.push(readColumnChunk(reader, fileEnd));
      });
    } else if (id === 3) rows = reader.integer();
    else reader.skip(type);
  });
  if (!isCount(rows)) throw corrupt(`a row group declares ${rows} rows`);
  if (chunks.length !== columns) {
    throw corrupt(`a row group has ${chunks.length} columns, and the schema ${columns}`);
  }
  return { rows, chunks };
}

interface RawChunk {
  codec: number;
  values: number;
  decodedBytes: number;
  encodedBytes: number;
  dataAt: number;
  dictionaryAt: number;
}

function readColumnChunk(reader: ThriftReader, fileEnd: number): ColumnChunk {
  let raw: RawChunk | undefined;
  let hidden = false;
  reader.struct((id, type) => {
    if (id === 1 && reader.text() !== '') throw inAnotherFile();
    else if (id === 3) raw = readColumnMetadata(reader);
    else if (id === 8 || id === 9) {
      hidden = true;
      reader.skip(type);
    } else if (id !== 1) reader.skip(type);
  });
  if (hidden) throw encrypted('some of its columns are');
  if (raw === undefined) throw corrupt('a row group has a column without metadata');
  return placed(raw, fileEnd);
}

function readColumnMetadata(reader: ThriftReader): RawChunk {
  const raw: RawChunk = {
    codec: 0,
    values: 0,
    decodedBytes: 0,
    encodedBytes: 0,
    dataAt: 0,
    dictionaryAt: 0,
  };
  const fields: Readonly<Record<number, () => void>> = {
    4: () => (raw.codec = reader.integer()),
    5: () => (raw.values = reader.integer()),
    6: () => (raw.decodedBytes = reader.integer()),
    7: () => (raw.encodedBytes = reader.integer()),
    9: () => (raw.dataAt = reader.integer()),
    11: () => (raw.dictionaryAt = reader.integer()),
  };
  reader.struct((id, type) => (fields[id] ?? (() => reader.skip(type)))());
  return raw;
}

/** The file's first four bytes are its mark. */
const firstPage = 4;

function placed(raw: RawChunk, fileEnd: number): ColumnChunk {
  const { codec, values, decodedBytes, encodedBytes, dataAt, dictionaryAt } = raw;
  // Some write a zero for a dictionary that there is not.
  const start = dictionaryAt >= firstPage ? Math.min(dictionaryAt, dataAt) : dataAt;
  const end = start + encodedBytes;
  const sound = [values, decodedBytes, encodedBytes, start].every(isCount) && end <= fileEnd;
  if (!sound || (values > 0 && start < firstPage)) {
    throw corrupt(`a column's pages are said to lie at bytes ${start} to ${end} of ${fileEnd}`);
  }
  return { start, end, codec, values, decodedBytes };
}

function isCount(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0;
}

function inAnotherFile(): Error {
  return notSupported('its columns are in other files', 'Write each file with all of its columns.');
}
