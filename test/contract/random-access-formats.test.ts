import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { reasonOf } from '../../lib/errors.ts';
import type { RandomAccessFormat, RecordItem } from '../../worker/formats/format.ts';
import { createMemoryPool } from '../../worker/formats/memory-pool.ts';
import { formats, type FormatName } from '../../worker/formats/registry.ts';
import { collectItems } from '../support/bytes.ts';
import { fileOf, randomAccessContext } from '../support/format-reading.ts';
import { projectRoot } from '../support/project-files.ts';

/** Formats that are read wherever their rows lie; `formats.test.ts` has the others. */
type RandomAccessName = {
  [Name in FormatName]: (typeof formats)[Name]['access'] extends 'random' ? Name : never;
}[FormatName];

interface Sample {
  /** A file of 25 rows in groups of 10. */
  readonly file: Buffer;
  readonly groups: readonly number[];
  /** An option, and a value of it that bounds memory below what the file needs. */
  readonly tooLittle: Readonly<Record<string, string>>;
  readonly tooLittleReason: string;
}

const golden = join(projectRoot, 'test/golden/formats');
const { Parquet } = formats;
const randomAccessFormats = { Parquet } satisfies Record<RandomAccessName, RandomAccessFormat>;

const samples: Readonly<Record<RandomAccessName, Sample>> = {
  Parquet: {
    file: readFileSync(join(golden, 'Parquet/row-groups/input')),
    groups: [10, 20, 25],
    tooLittle: { maxPageMemory: '1Ki' },
    tooLittleReason: 'ParquetPagesTooLarge',
  },
};

for (const [name, format] of Object.entries<RandomAccessFormat>(randomAccessFormats)) {
  const { file, groups, tooLittle, tooLittleReason } = samples[name as RandomAccessName];
  const read = (
    changes: Parameters<typeof randomAccessContext>[0] = {},
    bytes = file,
  ): Promise<readonly RecordItem[]> =>
    collectItems(format.read(fileOf(bytes), {}, randomAccessContext(changes)));

  describe(`the format ${name}`, () => {
    it(`${name} is registered under its own name and has at least six golden cases of its own`, () => {
      assert.equal(format.name, name);
      assert.ok(readdirSync(join(golden, name)).length >= 6);
    });

    it(`${name} reads a file without a byte as no rows`, async () => {
      assert.deepEqual(await read({}, Buffer.alloc(0)), []);
    });

    it(`${name} numbers rows from 1 without a gap, over all groups of rows`, async () => {
      const items = await read();
      assert.deepEqual(
        items.map(({ row }) => row),
        Array.from({ length: 25 }, (_, index) => index + 1),
      );
      assert.ok(items.every(({ kind }) => kind === 'record'));
    });

    it(`[C-07] ${name} goes on behind any row with the rows that follow it, and passes over whole groups before`, async () => {
      const all = await read();
      for (let afterRow = 0; afterRow <= 25; afterRow += 1) {
        const items = await read({ afterRow });
        assert.deepEqual(
          items.filter(({ row }) => row > afterRow),
          all.slice(afterRow),
        );
        const first = items[0]?.row ?? 26;
        assert.equal(first, [0, ...groups].findLast((end) => end <= afterRow)! + 1);
      }
    });

    it(`${name} cut off anywhere fails as a whole, with a reason`, async () => {
      for (let length = 1; length < file.length; length += 1) {
        const reason = await read({}, file.subarray(0, length)).then(() => 'read', reasonOf);
        assert.ok(reason !== 'read' && reason !== 'UnknownError', `${length} bytes: ${reason}`);
      }
    });

    it(`${name} stops with the reason of an abort, and gives its memory back`, async () => {
      const abort = new AbortController();
      const memory = createMemoryPool();
      const context = randomAccessContext({ signal: abort.signal, memory });
      await assert.rejects(
        async () => {
          for await (const batch of format.read(fileOf(file), {}, context)) {
            assert.ok(batch.length > 0);
            abort.abort(new Error(`${name} is no longer wanted`));
          }
        },
        new RegExp(`${name} is no longer wanted`),
      );
      assert.ok(await isFree(memory));
    });

    it(`${name} gives its memory back when its reader leaves, and reads nothing after that`, async () => {
      const memory = createMemoryPool();
      const stored = fileOf(file);
      const batches = format.read(stored, {}, randomAccessContext({ memory }))[Symbol.asyncIterator]();
      assert.ok((await batches.next()).done !== true);
      await batches.return?.();
      const { length } = stored.reads;
      assert.deepEqual(await batches.next(), { done: true, value: undefined });
      assert.equal(stored.reads.length, length);
      assert.ok(await isFree(memory));
    });

    it(`${name} passes on what reading fails with, and gives its memory back`, async () => {
      const memory = createMemoryPool();
      const broken = { size: file.length, read: () => Promise.reject(new Error(`${name}: it broke off`)) };
      await assert.rejects(
        collectItems(format.read(broken, {}, randomAccessContext({ memory }))),
        new RegExp(`${name}: it broke off`),
      );
      assert.ok(await isFree(memory));
    });

    it(`${name} rejects a row that is longer than rows may be, and reads the others`, async () => {
      const items = await read({ limits: { maxRecordBytes: 60 } });
      assert.deepEqual(
        items.map(({ row }) => row),
        Array.from({ length: 25 }, (_, index) => index + 1),
      );
      const rejects = items.filter((item) => item.kind === 'reject');
      assert.ok(rejects.length > 0 && rejects.length < 25);
      for (const { reason, raw } of rejects) {
        assert.match(reason, /longer than 60 bytes/);
        assert.ok(raw.length <= 4096);
      }
    });

    it(`${name} fails a file whose records are more than one file may hold`, async () => {
      const reason = await read({ limits: { maxDecodedBytes: 200 } }).then(() => 'read', reasonOf);
      assert.equal(reason, 'DecompressionLimitExceeded');
    });

    it(`${name} names the setting that bounds its memory, where that is too little`, async () => {
      const [option] = Object.keys(tooLittle);
      await assert.rejects(
        collectItems(format.read(fileOf(file), tooLittle, randomAccessContext())),
        (error: unknown) => reasonOf(error) === tooLittleReason && String(error).includes(String(option)),
      );
    });

    it(`${name} refuses an option that it does not know, and names those that there are`, () => {
      assert.throws(
        () => format.read(fileOf(file), { colour: 'red' }, randomAccessContext()),
        (error: unknown) =>
          reasonOf(error) === 'InvalidFormat' && /colour is not one of them/.test(String(error)),
      );
    });

    for (const [option, spec] of Object.entries(format.options)) {
      it(`${name} has a default for ${option} that passes its check, and refuses another type`, () => {
        assert.equal((spec.check as ((value: unknown) => unknown) | undefined)?.(spec.default), undefined);
        assert.throws(
          () => format.read(fileOf(file), { [option]: 7 }, randomAccessContext()),
          new RegExp(`${option} must be`),
        );
      });
    }
  });
}

/** Nothing is taken: who asks for all of it does not wait. */
async function isFree(memory: ReturnType<typeof createMemoryPool>): Promise<boolean> {
  const patience = AbortSignal.timeout(1000);
  return memory.reserve({ bytes: 1, of: 0 }, patience).then(
    () => true,
    () => false,
  );
}
