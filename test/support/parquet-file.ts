/** Writes simple Parquet files, of any size: required columns of text and whole numbers, plain, in several groups. */
export interface ParquetContent {
  /** By name: the value of each row, counted from 1; a Buffer is written where text should be, as it is. */
  readonly columns: Readonly<Record<string, (row: number) => number | string | Buffer>>;
  readonly rows: number;
  readonly rowsInGroup: number;
  /** Default: all of a group. */
  readonly rowsInPage?: number;
}

interface Chunk {
  readonly name: string;
  readonly text: boolean;
  readonly at: number;
  readonly size: number;
  readonly values: number;
}

const mark = Buffer.from('PAR1');

export function parquetFile(content: ParquetContent): Buffer {
  const parts: Buffer[] = [mark];
  let at = mark.length;
  const groups: { readonly rows: number; readonly chunks: readonly Chunk[] }[] = [];
  for (let first = 1; first <= content.rows; first += content.rowsInGroup) {
    const last = Math.min(content.rows, first + content.rowsInGroup - 1);
    const chunks = Object.entries(content.columns).map(([name, valueOf]): Chunk => {
      const pages = pagesOf(valueOf, { first, last, rowsInPage: content.rowsInPage ?? content.rowsInGroup });
      parts.push(pages);
      at += pages.length;
      const text = typeof valueOf(1) !== 'number';
      return { name, text, at: at - pages.length, size: pages.length, values: last - first + 1 };
    });
    groups.push({ rows: last - first + 1, chunks });
  }
  const footer = footerOf(content, groups);
  const length = Buffer.alloc(4);
  length.writeUInt32LE(footer.length);
  return Buffer.concat([...parts, footer, length, mark]);
}

function pagesOf(
  valueOf: (row: number) => number | string | Buffer,
  { first, last, rowsInPage }: { readonly first: number; readonly last: number; readonly rowsInPage: number },
): Buffer {
  const pages: Buffer[] = [];
  for (let from = first; from <= last; from += rowsInPage) {
    const to = Math.min(last, from + rowsInPage - 1);
    const rows = Array.from({ length: to - from + 1 }, (_, index) => from + index);
    const data = Buffer.concat(rows.flatMap((row) => plainOf(valueOf(row))));
    const header = struct([
      [1, i32(0)],
      [2, i32(data.length)],
      [3, i32(data.length)],
      [5, struct([1, 2, 3, 4].map((id) => [id, i32([rows.length, 0, 3, 3][id - 1] ?? 0)]))],
    ]);
    pages.push(header.bytes, data);
  }
  return Buffer.concat(pages);
}

function plainOf(value: number | string | Buffer): Buffer[] {
  if (typeof value === 'number') {
    const bytes = Buffer.alloc(8);
    bytes.writeBigInt64LE(BigInt(value));
    return [bytes];
  }
  const bytes = Buffer.from(value as string);
  const length = Buffer.alloc(4);
  length.writeUInt32LE(bytes.length);
  return [length, bytes];
}

const types = { int64: 2, byteArray: 6 };
const utf8 = 0;

function footerOf(
  { columns, rows }: ParquetContent,
  groups: readonly { readonly rows: number; readonly chunks: readonly Chunk[] }[],
): Buffer {
  const fields = Object.entries(columns).map(([name, valueOf]) =>
    typeof valueOf(1) === 'number'
      ? struct([
          [1, i32(types.int64)],
          [3, i32(0)],
          [4, text(name)],
        ])
      : struct([
          [1, i32(types.byteArray)],
          [3, i32(0)],
          [4, text(name)],
          [6, i32(utf8)],
        ]),
  );
  const root = struct([
    [4, text('root')],
    [5, i32(fields.length)],
  ]);
  return struct([
    [1, i32(1)],
    [2, list([root, ...fields])],
    [3, i64(rows)],
    [4, list(groups.map((group) => groupOf(group)))],
  ]).bytes;
}

function groupOf({ rows, chunks }: { readonly rows: number; readonly chunks: readonly Chunk[] }): Thrift {
  const columns = chunks.map(({ name, text: isText, at, size, values }) =>
    struct([
      [2, i64(at)],
      [
        3,
        struct([
          [1, i32(isText ? types.byteArray : types.int64)],
          [2, list([i32(0)])],
          [3, list([text(name)])],
          [4, i32(0)],
          [5, i64(values)],
          [6, i64(size)],
          [7, i64(size)],
          [9, i64(at)],
        ]),
      ],
    ]),
  );
  const size = chunks.reduce((sum, chunk) => sum + chunk.size, 0);
  return struct([
    [1, list(columns)],
    [2, i64(size)],
    [3, i64(rows)],
  ]);
}

/** A value in Thrift's compact protocol, and its type there. */
interface Thrift {
  readonly type: number;
  readonly bytes: Buffer;
}

const i32 = (value: number): Thrift => ({ type: 5, bytes: varint(zigzag(value)) });
const i64 = (value: number): Thrift => ({ type: 6, bytes: varint(zigzag(value)) });

function text(value: string): Thrift {
  const bytes = Buffer.from(value);
  return { type: 8, bytes: Buffer.concat([varint(BigInt(bytes.length)), bytes]) };
}

function list(elements: readonly Thrift[]): Thrift {
  const type = elements[0]?.type ?? 12;
  const head = Buffer.concat([Buffer.from([0xf0 | type]), varint(BigInt(elements.length))]);
  return { type: 9, bytes: Buffer.concat([head, ...elements.map(({ bytes }) => bytes)]) };
}

function struct(fields: readonly (readonly [id: number, value: Thrift])[]): Thrift {
  let before = 0;
  const parts = fields.flatMap(([id, { type, bytes }]) => {
    const head = Buffer.from([((id - before) << 4) | type]);
    before = id;
    return [head, bytes];
  });
  return { type: 12, bytes: Buffer.concat([...parts, Buffer.from([0])]) };
}

function zigzag(value: number): bigint {
  return BigInt(value) * 2n;
}

function varint(value: bigint): Buffer {
  const bytes: number[] = [];
  let left = value;
  for (; left >= 128n; left >>= 7n) bytes.push(Number(left & 127n) | 128);
  return Buffer.from([...bytes, Number(left)]);
}
