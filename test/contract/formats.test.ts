import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { reasonOf, TerminalError } from '../../lib/errors.ts';
import type { FormatOptions, RecordItem, StreamFormat } from '../../worker/formats/format.ts';
import { formats, type FormatName } from '../../worker/formats/registry.ts';
import { collectItems, inPieces, readContext, watchedBytes, type WatchedBytes } from '../support/bytes.ts';
import { projectRoot } from '../support/project-files.ts';

interface Sample {
  /** A file of so many good rows. */
  readonly file: (rows: number) => Buffer;
  /** Rows that follow one another in the middle of a file, without end. */
  readonly rowsFrom: (first: number) => Buffer;
  /** The beginning of a row that has no end, and more of it. */
  readonly endless: { readonly start: Buffer; readonly more: Buffer };
}

/** Formats that are read from their beginning on; `random-access-formats.test.ts` has the others. */
type StreamFormatName = {
  [Name in FormatName]: (typeof formats)[Name]['access'] extends 'stream' ? Name : never;
}[FormatName];

const { JSONLines, CSV } = formats;
const streamFormats = { JSONLines, CSV } satisfies Record<StreamFormatName, StreamFormat>;

/** One line for each format, beside its line in the registry. */
const samples: Readonly<Record<StreamFormatName, Sample>> = {
  JSONLines: {
    file: (rows) => joined(rows, jsonRow),
    rowsFrom: (first) => joined(200, jsonRow, first),
    endless: { start: Buffer.from('{"text":"'), more: Buffer.alloc(64 * 1024, 'x') },
  },
  CSV: {
    file: (rows) => Buffer.concat([Buffer.from('id,name,note\n'), joined(rows, csvRow)]),
    rowsFrom: (first) => joined(200, csvRow, first),
    endless: {
      start: Buffer.from('id,name\n1,"'),
      more: Buffer.from('long text, with ""quotes"";\n'.repeat(2000)),
    },
  },
};

function jsonRow(index: number): string {
  return `{"id":${index},"name":"Zoë ${index}","note":"a\\nb \u2028 c"}\n`;
}

function csvRow(index: number): string {
  return index % 3 === 0
    ? `${index},"Zoë, ""the"" ${index}","two\nlines"\n`
    : `${index},Zoë ${index},plain\n`;
}

function joined(count: number, row: (index: number) => string, first = 0): Buffer {
  return Buffer.from(Array.from({ length: count }, (_, index) => row(first + index)).join(''));
}

function readAll(
  format: StreamFormat,
  source: AsyncIterable<Buffer>,
  options: FormatOptions = {},
): Promise<readonly RecordItem[]> {
  return collectItems(format.read(source, options, readContext()));
}

/** What is left where a file is cut off. */
async function readCut(format: StreamFormat, bytes: Buffer): Promise<readonly RecordItem[]> {
  try {
    return await readAll(format, watchedBytes([bytes]));
  } catch (error) {
    assert.ok(error instanceof TerminalError, String(error));
    return [];
  }
}

for (const [name, format] of Object.entries<StreamFormat>(streamFormats)) {
  const sample = samples[name as StreamFormatName];

  describe(`the format ${name}`, () => {
    it(`${name} is registered under its own name and has at least six golden cases`, () => {
      assert.equal(format.name, name);
      assert.ok(readdirSync(join(projectRoot, 'test/golden/formats', name)).length >= 6);
    });

    it(`${name} reads an empty file as no rows`, async () => {
      assert.deepEqual(await readAll(format, watchedBytes([])), []);
      assert.deepEqual(await readAll(format, watchedBytes([Buffer.alloc(0)])), []);
    });

    it(`${name} numbers rows from 1 without a gap, in the order of the file`, async () => {
      const items = await readAll(format, watchedBytes([sample.file(3000)]));
      assert.deepEqual(
        items.map(({ row }) => row),
        Array.from({ length: 3000 }, (_, index) => index + 1),
      );
      assert.ok(items.every(({ kind }) => kind === 'record'));
    });

    it(`${name} reads the same however the bytes arrive, and keeps none of them`, async () => {
      const bytes = sample.file(50);
      const whole = await readAll(format, watchedBytes([bytes]));
      for (const size of [1, 2, 3, 5, 7, 64, 1000]) {
        assert.deepEqual(await readAll(format, watchedBytes(inPieces(bytes, size))), whole);
      }
    });

    it(`${name} says at which byte each row begins, also behind a byte order mark and in UTF-16`, async () => {
      const text = `\ufeff${sample.file(20).toString()}`;
      for (const encoding of ['utf8', 'utf16le'] as const) {
        const bytes = Buffer.from(text, encoding);
        const items = await readAll(format, watchedBytes(inPieces(bytes, 9)));
        assert.equal(items.length, 20);
        for (const item of items) {
          assert.ok(item.kind === 'record');
          const expected = Buffer.from(item.text, encoding);
          assert.deepEqual(bytes.subarray(item.offset, item.offset + expected.length), expected);
        }
      }
    });

    it(`${name} cut off anywhere still gives the rows before the cut, or fails as a whole`, async () => {
      const bytes = sample.file(6);
      const whole = await readAll(format, watchedBytes([bytes]));
      for (let length = 0; length < bytes.length; length += 1) {
        const items = await readCut(format, bytes.subarray(0, length));
        const records = items.filter((item) => item.kind === 'record' && item.offset + 1 < length);
        // The last row that is left may be the beginning of one.
        for (const record of records.slice(0, -2)) assert.deepEqual(record, whole[record.row - 1]);
        assert.ok(items.length <= whole.length + 1);
      }
    });

    it(`${name} stops with the reason of an abort, and gives the source back`, async () => {
      const abort = new AbortController();
      const source = watchedBytes(endlessRows(sample));
      const context = readContext({}, abort.signal);
      await assert.rejects(
        async () => {
          for await (const batch of format.read(source, {}, context)) {
            assert.ok(batch.length > 0);
            abort.abort(new Error(`${name} is no longer wanted`));
          }
        },
        new RegExp(`${name} is no longer wanted`),
      );
      assert.equal(source.closed, true);
    });

    it(`${name} gives the source back when its reader leaves, and takes nothing after that`, async () => {
      const source = watchedBytes(endlessRows(sample));
      const batches = format.read(source, {}, readContext())[Symbol.asyncIterator]();
      const first = await batches.next();
      assert.ok(first.done !== true && first.value.length > 0);
      await batches.return?.();
      await batches.return?.();
      assert.equal(source.closed, true);
      const { taken } = source;
      assert.deepEqual(await batches.next(), { done: true, value: undefined });
      assert.equal(source.taken, taken);
    });

    it(`${name} passes on what the source fails with, behind the rows that had come`, async () => {
      function* failing(): Generator<Buffer> {
        yield sample.file(3);
        throw new Error(`${name}: the connection broke`);
      }
      const items: RecordItem[] = [];
      await assert.rejects(
        async () => {
          const batches = format.read(watchedBytes(failing()), {}, readContext());
          for await (const batch of batches) items.push(...batch);
        },
        new RegExp(`${name}: the connection broke`),
      );
      assert.ok(items.length >= 2);
    });

    it(`${name} asks for more only when its reader does`, async () => {
      const source: WatchedBytes = watchedBytes(endlessRows(sample));
      const batches = format.read(source, {}, readContext())[Symbol.asyncIterator]();
      for (let count = 0; count < 20; count += 1) {
        const { taken } = source;
        await batches.next();
        assert.ok(source.taken - taken <= 3, `${source.taken - taken} pieces for one batch`);
      }
      await batches.return?.();
    });

    it(`${name} rejects a row that does not end without holding it in memory, and goes on behind it`, async () => {
      const maxRecordBytes = 1024 * 1024;
      const pieces = 1024;
      function* endless(): Generator<Buffer> {
        yield sample.endless.start;
        for (let count = 0; count < pieces; count += 1) yield sample.endless.more;
      }
      const before = process.memoryUsage();
      let peak = 0;
      let rejected = 0;
      const context = readContext({ maxRecordBytes });
      for await (const batch of format.read(watchedBytes(endless()), {}, context)) {
        rejected += batch.filter(({ kind }) => kind === 'reject').length;
        for (const item of batch) assert.ok(item.kind === 'reject' && item.raw.length <= 4096);
        const { external, arrayBuffers } = process.memoryUsage();
        peak = Math.max(peak, external + arrayBuffers - before.external - before.arrayBuffers);
      }
      assert.ok(rejected > 0);
      // Many times less than the 55 MB and more that were read.
      assert.ok(peak < 24 * maxRecordBytes, `${peak} bytes of buffers`);
    });

    it(`${name} refuses an option that it does not have, and names those that it has`, () => {
      assert.throws(
        () => format.read(watchedBytes([]), { colour: 'red' }, readContext()),
        (error: unknown) =>
          reasonOf(error) === 'InvalidFormat' && /colour is not one of them/.test(String(error)),
      );
    });

    for (const [option, spec] of Object.entries(format.options)) {
      it(`${name} has a default for ${option} that its own check passes, and refuses another type`, () => {
        assert.equal((spec.check as ((value: unknown) => unknown) | undefined)?.(spec.default), undefined);
        const wrong = { [option]: spec.type === 'boolean' ? 'yes' : 7 };
        assert.throws(
          () => format.read(watchedBytes([]), wrong, readContext()),
          (error: unknown) => new RegExp(`${option} must be`).test(String(error)),
        );
      });
    }

    it(`${name} fails as a whole on a file of a binary format, naming it`, async () => {
      const parquet = Buffer.concat([Buffer.from('PAR1\u0015', 'latin1'), Buffer.alloc(100)]);
      await assert.rejects(readAll(format, watchedBytes(inPieces(parquet, 1))), (error: unknown) => {
        return reasonOf(error) === 'FormatMismatch' && /is Parquet/.test(String(error));
      });
    });

    it(`${name} fails as a whole on UTF-32, on UTF-16 without a mark, and on half a character of UTF-16`, async () => {
      const text = sample.file(2).toString();
      const unreadable = [
        Buffer.from('fffe0000', 'hex'),
        Buffer.from(text, 'utf16le'),
        Buffer.from(text, 'utf16le').swap16(),
        Buffer.concat([Buffer.from(`\ufeff${text}`, 'utf16le'), Buffer.from([0x41])]),
      ];
      for (const bytes of unreadable) {
        await assert.rejects(
          readAll(format, watchedBytes(inPieces(bytes, 3))),
          (error: unknown) => reasonOf(error) === 'EncodingInvalid',
        );
      }
    });
  });
}

function* endlessRows(sample: Sample): Generator<Buffer> {
  yield sample.file(200);
  for (let first = 200; ; first += 200) yield sample.rowsFrom(first);
}
