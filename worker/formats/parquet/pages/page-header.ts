import { corrupt } from '../errors.ts';
import { thriftTypes, type ThriftReader } from '../thrift-reader.ts';

/** What stands before each page. */
export type PageHeader = DictionaryPage | DataPage | OtherPage;

interface PageSizes {
  /** Bytes behind the header, and what they are decompressed. */
  readonly encodedBytes: number;
  readonly decodedBytes: number;
  /** CRC-32 of the bytes behind the header; undefined where the writer made none. */
  readonly crc: number | undefined;
}

export interface DictionaryPage extends PageSizes {
  readonly kind: 'dictionary';
  readonly values: number;
  readonly encoding: number;
}

export interface DataPage extends PageSizes {
  readonly kind: 'data';
  /** Entries: values, nulls, and empty lists. */
  readonly values: number;
  readonly encoding: number;
  readonly levels: LevelsV1 | LevelsV2;
}

/** The levels are compressed with the values. */
interface LevelsV1 {
  readonly version: 1;
  readonly defEncoding: number;
  readonly repEncoding: number;
}

/** The levels stand before the values, are never compressed, and are of a known length. */
interface LevelsV2 {
  readonly version: 2;
  readonly defBytes: number;
  readonly repBytes: number;
  readonly compressed: boolean;
}

/** An index; readers pass over it. */
interface OtherPage extends PageSizes {
  readonly kind: 'other';
}

type Fields = Readonly<Record<number, number>>;

export function readPageHeader(reader: ThriftReader): PageHeader {
  const own: Record<number, number> = {};
  const within: Record<number, Fields> = {};
  reader.struct((id, type) => {
    if (id <= 4 && isWhole(type)) own[id] = reader.integer();
    else if (type === thriftTypes.struct) within[id] = readFields(reader);
    else reader.skip(type);
  });
  const sizes = sizesOf(own);
  switch (own[1]) {
    case 0:
      return { kind: 'data', ...sizes, ...dataOf(within[5]), levels: levelsV1(within[5]) };
    case 1:
      return { kind: 'other', ...sizes };
    case 2:
      return { kind: 'dictionary', ...sizes, ...dictionaryOf(within[7]) };
    case 3:
      return { kind: 'data', ...sizes, ...dataOf(within[8], 4), levels: levelsV2(within[8], sizes) };
    default:
      throw corrupt('a page is of a kind that there is not');
  }
}

/** The integers of a structure; booleans as 1 and 0, the rest passed over. */
function readFields(reader: ThriftReader): Fields {
  const fields: Record<number, number> = {};
  reader.struct((id, type) => {
    if (type === thriftTypes.true) fields[id] = 1;
    else if (type === thriftTypes.false) fields[id] = 0;
    else if (isWhole(type)) fields[id] = reader.integer();
    else reader.skip(type);
  });
  return fields;
}

function isWhole(type: number): boolean {
  return type === thriftTypes.i16 || type === thriftTypes.i32 || type === thriftTypes.i64;
}

function sizesOf(own: Fields): PageSizes {
  return { decodedBytes: countOf(own, 2), encodedBytes: countOf(own, 3), crc: own[4] };
}

function dataOf(
  fields: Fields | undefined,
  encodingAt = 2,
): { readonly values: number; readonly encoding: number } {
  return { values: countOf(fields, 1), encoding: countOf(fields, encodingAt) };
}

const dictionaryOf = (fields: Fields | undefined) => dataOf(fields);

function levelsV1(fields: Fields | undefined): LevelsV1 {
  return { version: 1, defEncoding: countOf(fields, 3), repEncoding: countOf(fields, 4) };
}

function levelsV2(fields: Fields | undefined, sizes: PageSizes): LevelsV2 {
  const defBytes = countOf(fields, 5);
  const repBytes = countOf(fields, 6);
  if (defBytes + repBytes > Math.min(sizes.encodedBytes, sizes.decodedBytes)) {
    throw corrupt('a page has levels that are longer than itself');
  }
  return { version: 2, defBytes, repBytes, compressed: fields?.[7] !== 0 };
}

function countOf(fields: Fields | undefined, id: number): number {
  const value = fields?.[id];
  if (value === undefined || value < 0 || !Number.isSafeInteger(value)) {
    throw corrupt('the header of a page lacks a size, or has one below zero');
  }
  return value;
}
