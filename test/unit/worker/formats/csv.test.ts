import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parse } from 'csv-parse/sync';
import fc from 'fast-check';
import { TerminalError } from '../../../../lib/errors.ts';
import { csv } from '../../../../worker/formats/csv/csv.ts';
import type { FormatOptions, RecordItem } from '../../../../worker/formats/format.ts';
import type { ReadLimits } from '../../../../worker/formats/read-records.ts';
import { collectItems, inPiecesOf, readContext, watchedBytes } from '../../../support/bytes.ts';

interface DialectSample {
  readonly delimiter: string;
  readonly quote: string;
  readonly escape: string;
  readonly lineEnd: string;
}

/** Characters that mean something in one dialect or another are far more frequent than chance would have them. */
const character = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.constantFrom(',', ';', '"', "'", '\\', '|', '\t', '\n', '\r', ' ', '«', '¦', '»'),
  },
  {
    weight: 3,
    arbitrary: fc.constantFrom('a', 'b', '0', 'é', '東', '\u{1f600}', '\u2028', '\u0085', '\ufeff'),
  },
);
const field = fc.array(character, { maxLength: 12 }).map((characters) => characters.join(''));

const dialect: fc.Arbitrary<DialectSample> = fc
  .record({
    delimiter: fc.constantFrom(',', ';', '\t', '|', '||', '::', '¦', ', '),
    quote: fc.constantFrom('"', "'", '«'),
    escape: fc.constantFrom('', '\\', '»'),
    lineEnd: fc.constantFrom('\n', '\r\n', '\r'),
  })
  .filter(({ delimiter, quote }) => !delimiter.includes(quote));

const pieces = fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 5 });

const table = fc.integer({ min: 2, max: 5 }).chain((width) =>
  fc.array(fc.array(fc.tuple(field, fc.boolean()), { minLength: width, maxLength: width }), {
    maxLength: 8,
  }),
);

/** Fields that would not come back otherwise are quoted, and others by chance. */
function write(rows: readonly (readonly (readonly [string, boolean])[])[], sample: DialectSample): string {
  const { delimiter, quote, escape, lineEnd } = sample;
  const marker = escape === '' ? quote : escape;
  return rows
    .map((row) =>
      row
        .map(([text, quoted]) => {
          const special = [delimiter[0] ?? '', quote, '\n', '\r', '\ufeff', ' '];
          if (!quoted && !special.some((mark) => text.includes(mark)) && text !== '') return text;
          const escaped = Array.from(text, (one) => (one === quote || one === marker ? marker + one : one));
          return quote + escaped.join('') + quote;
        })
        .join(delimiter),
    )
    .map((line) => line + lineEnd)
    .join('');
}

function read(
  bytes: Buffer,
  options: FormatOptions,
  sizes: readonly number[],
  limits: Partial<ReadLimits> = {},
): Promise<readonly RecordItem[]> {
  return collectItems(csv.read(watchedBytes(inPiecesOf(bytes, sizes)), options, readContext(limits)));
}

/** Of a row: rarely one that does not matter. */
const limit = fc.oneof(fc.integer({ min: 1, max: 30 }), fc.constant(10_000));

/** As another reader of CSV, which is right in all of its own cases, reads it. */
function oracle(text: string, sample: DialectSample): string[][] {
  const { delimiter, quote, escape, lineEnd } = sample;
  return parse(text, {
    delimiter,
    quote,
    escape: escape === '' ? quote : escape,
    record_delimiter: lineEnd,
    skip_empty_lines: true,
    relax_column_count: true,
  });
}

describe('reading CSV', () => {
  it('[P-17] any table in any dialect comes back as it was, as another reader has it, however it arrives', async () => {
    await fc.assert(
      fc.asyncProperty(table, dialect, pieces, async (rows, sample, sizes) => {
        const width = rows[0]?.length ?? 2;
        const columns = Array.from({ length: width }, (_, index) => `c${index}`);
        const text = write(rows, sample);
        const { delimiter, quote, escape } = sample;
        const options = { delimiter, quote, escape, header: false, columns };
        const items = await read(Buffer.from(text), options, sizes);
        const records = items.map((item) =>
          item.kind === 'record' ? Object.values(item.record) : item.reason,
        );
        assert.deepEqual(
          records,
          rows.map((row) => row.map(([value]) => value)),
        );
        assert.deepEqual(records, oracle(text, sample));
      }),
      { numRuns: 500 },
    );
  });

  it('any bytes read the same however they arrive, end, and fail with nothing but an error of ours', async () => {
    const text = fc.array(character, { maxLength: 80 }).map((characters) => Buffer.from(characters.join('')));
    const noise = fc.uint8Array({ maxLength: 60 }).map((bytes) => Buffer.from(bytes));
    const utf16 = text.map((bytes) => Buffer.from(`\ufeff${bytes.toString()}`, 'utf16le'));
    await fc.assert(
      fc.asyncProperty(fc.oneof(text, noise, utf16), dialect, pieces, limit, async (...given) => {
        const [bytes, { delimiter, quote, escape }, sizes, maxRecordBytes] = given;
        const options = { delimiter, quote, escape };
        const outcome = async (by: readonly number[]) => {
          return read(bytes, options, by, { maxRecordBytes }).catch((error: unknown) => {
            assert.ok(error instanceof TerminalError, String(error));
            return error.message;
          });
        };
        assert.deepEqual(await outcome(sizes), await outcome([bytes.length + 1]));
      }),
      { numRuns: 500 },
    );
  });

  it('every byte of a file is in exactly one row, in a line end, or in an empty line', async () => {
    const text = fc.array(character, { maxLength: 80 }).map((characters) => `x,y\n${characters.join('')}`);
    await fc.assert(
      fc.asyncProperty(text, pieces, async (content, sizes) => {
        const bytes = Buffer.from(content);
        let expected = 4;
        for (const item of await read(bytes, {}, sizes)) {
          const between = bytes.subarray(expected, item.offset).toString();
          assert.match(between, /^[\r\n]*$/);
          const row = Buffer.from(item.kind === 'record' ? item.text : item.raw);
          assert.deepEqual(bytes.subarray(item.offset, item.offset + row.length), row);
          expected = item.offset + row.length;
        }
        assert.match(bytes.subarray(expected).toString(), /^[\r\n]*$/);
      }),
      { numRuns: 500 },
    );
  });

  it('rejects a row beyond the limit, quoted or not, and reads on behind it, however it arrives', async () => {
    const long = 'x'.repeat(50);
    const text = `a,b\n1,${long}\n2,"${long}"\n3,"${long}\n${long}\n4,ok\n5,"ok"\n`;
    const expected = ['reject 1', 'reject 2', 'reject 3', 'reject 4', 'record 5', 'record 6'];
    for (const sizes of [[1000], [1], [7], [33, 2]]) {
      const batches = csv.read(
        watchedBytes(inPiecesOf(Buffer.from(text), sizes)),
        {},
        readContext({ maxRecordBytes: 40 }),
      );
      const items = await collectItems(batches);
      assert.deepEqual(
        items.map(({ kind, row }) => `${kind} ${row}`),
        expected,
      );
    }
  });

  it('[P-31] relaxed quotes leave every row where it is, and every record as it is', async () => {
    let relaxedRows = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.array(character, { maxLength: 80 }),
        dialect,
        pieces,
        async (characters, sample, sizes) => {
          const bytes = Buffer.from(`x${sample.delimiter}y\n${characters.join('')}`);
          const { delimiter, quote, escape } = sample;
          const options = { delimiter, quote, escape, header: false, columns: ['a', 'b', 'c', 'd'] };
          const strict = await read(bytes, options, sizes);
          const relaxed = await read(bytes, { ...options, relaxQuotes: true }, sizes);
          assert.deepEqual(
            relaxed.map(({ row, offset }) => [row, offset]),
            strict.map(({ row, offset }) => [row, offset]),
          );
          for (const [index, item] of strict.entries()) {
            if (item.kind === 'record') assert.deepEqual(relaxed[index], item);
            else if (relaxed[index]?.kind === 'record') relaxedRows += 1;
          }
        },
      ),
      { numRuns: 500 },
    );
    assert.ok(relaxedRows > 20);
  });

  it('takes a row of exactly the limit', async () => {
    for (const row of ['1,23456789', '1,"345678"']) {
      for (const lineEnd of ['', '\n']) {
        const bytes = Buffer.from(`a,b\n${row}${lineEnd}`);
        for (const [limit, kind] of [
          [10, 'record'],
          [9, 'reject'],
        ] as const) {
          const source = watchedBytes(inPiecesOf(bytes, [3]));
          const items = await collectItems(csv.read(source, {}, readContext({ maxRecordBytes: limit })));
          assert.deepEqual(
            items.map((item) => item.kind),
            [kind],
            `${row} of at most ${limit} bytes`,
          );
        }
      }
    }
  });

  it('an unclosed quote in a large file costs one row, not the rows behind it, and no more time than any other', async () => {
    const good = Array.from({ length: 20_000 }, (_, index) => `${index},"value ${index}",x\n`).join('');
    const plain = Array.from({ length: 20_000 }, (_, index) => `${index},value ${index},x\n`).join('');
    const bytes = Buffer.from(`a,b,c\n${good}1,"open,x\n${plain}`);
    const items = await read(bytes, {}, [65_536]);
    assert.equal(items.length, 40_001);
    assert.deepEqual(
      items.filter(({ kind }) => kind === 'reject').map(({ row }) => row),
      [20_001],
    );
  });

  it('a long row that arrives in small pieces is not walked anew for each of them', async () => {
    const value = 'many words, '.repeat(350_000);
    const bytes = Buffer.from(`a,b\n1,"${value}"\n`);
    const begun = performance.now();
    const [item] = await read(bytes, {}, [512]);
    assert.ok(item?.kind === 'record' && item.record['b'] === value);
    // Eight thousand walks of two megabytes take many times as long, on any machine.
    assert.ok(performance.now() - begun < 10_000);
  });

  it('a long value full of escapes comes back whole', async () => {
    const value = 'é"'.repeat(20_000);
    const bytes = Buffer.from(`a,b\n1,"${value.replaceAll('"', '""')}"\n2,"short ""one"""\n`);
    const [long, short] = await read(bytes, {}, [65_536]);
    assert.ok(long?.kind === 'record' && short?.kind === 'record');
    assert.equal(long.record['b'], value);
    assert.equal(short.record['b'], 'short "one"');
  });

  it('names every problem of its options at once', () => {
    const options = { delimiter: '\n', quote: '""', escape: 5, columns: ['a', 7], comment: '#' };
    assert.throws(
      () => csv.read(watchedBytes([]), options, readContext()),
      /comment is not one of them.*delimiter must not contain a line break.*quote must be one character.*escape must be a text.*columns must be a list of texts/,
    );
  });

  it('refuses a dialect in which a field could be read in two ways', () => {
    for (const options of [{ delimiter: ',"' }, { delimiter: '\\,', escape: '\\' }]) {
      assert.throws(() => csv.read(watchedBytes([]), options, readContext()), /contains the (quote|escape)/);
    }
  });

  it('refuses columns that are named twice, or beside a header', () => {
    const repeated = { header: false, columns: ['a', 'b', 'a'] };
    assert.throws(() => csv.read(watchedBytes([]), repeated, readContext()), /name "a" more than once/);
    assert.throws(() => csv.read(watchedBytes([]), { columns: ['a'] }, readContext()), /exactly one place/);
  });
});
