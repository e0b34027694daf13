import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { gzipSync } from 'node:zlib';
import { assertImported, mixedLines } from '../../support/faulty-world.ts';
import { reasonToSkipMiniStack } from '../../support/ministack/install.ts';
import { linesOf } from '../../support/sample-lines.ts';
import { testSchema } from '../../support/store.ts';
import { startWorkerWorld, type WorkerWorld } from '../../support/worker-world.ts';

const mebibyte = 1024 * 1024;

/** Twenty thousand where there is time, in `make chaos`. */
const smallFiles = process.env['CHAOS_RUNS'] === undefined ? 3_000 : 20_000;

/** What a worker may take, whatever is in a file: 300 MB. */
const memoryMiB = 300_000_000 / mebibyte;

describe('files that are out of the ordinary', { skip: await reasonToSkipMiniStack() }, () => {
  let world: WorkerWorld;

  before(async () => {
    world = await startWorkerWorld();
  });

  after(async () => {
    await world?.stop();
  });

  it('[I-28] ten gigabytes of zeros in a small gzip are refused before they cost anything', async () => {
    const one = await world.createImport();
    const member = gzipSync(Buffer.alloc(64 * mebibyte));
    const bomb = Buffer.concat(Array.from({ length: 160 }, () => member));
    await one.bucket.put('in/bomb.jsonl.gz', bomb);
    await one.bucket.put('in/good.jsonl', mixedLines('good', 1000));
    await one.find();
    const { code, peakMiB } = await one.work();
    assert.equal(code, 0);
    const { state, reason, message, cure } = await one.file('in/bomb.jsonl.gz');
    assert.deepEqual({ state, reason }, { state: 'failed', reason: 'DecompressionLimitExceeded' });
    assert.match(message ?? '', /more than 500 times its size/);
    assert.match(cure ?? '', /\w/);
    assert.ok(peakMiB < memoryMiB, `${peakMiB} MiB`);
    await assertImported(one, { rows: { good: 1000 }, failed: 1 });
  });

  it('[I-41] a line of 64 megabytes is one reject, cut; the rows around it are imported, in bounded memory', async () => {
    const one = await world.createImport();
    const long = `{"event":"buy","text":"${'x'.repeat(64_000_000)}"}\n`;
    await one.bucket.put('in/long.jsonl', linesOf('before', 100) + long + linesOf('behind', 100));
    await one.find();
    const { code, report, peakMiB } = await one.work();
    assert.equal(code, 0);
    assert.deepEqual(report?.records, { imported: 200, duplicate: 0, skipped: 0, rejected: 1 });
    const rejects = await one.sql<{ file_row: number; reason: string; bytes: number }>(
      `SELECT file_row::int, reason, octet_length(raw) AS bytes FROM ${testSchema}.rejects`,
    );
    assert.equal(rejects.length, 1);
    assert.equal(rejects[0]?.file_row, 101);
    assert.match(rejects[0].reason, /longer than 16777216 bytes/);
    assert.ok(rejects[0].bytes <= 4096);
    assert.ok(peakMiB < memoryMiB, `${peakMiB} MiB`);
  });

  for (const format of ['JSONLines', 'CSV'] as const) {
    it(`[I-17] a large file, as ${format}, takes no more memory than others`, async () => {
      const one = await world.createImport({ files: { format } });
      const rows = 60_000;
      const records = Array.from({ length: rows }, (_, index) => wideRecord(index + 1));
      const lines =
        format === 'CSV'
          ? [Object.keys(wideRecord(0)), ...records.map((record) => Object.values(record))].map((row) =>
              row.join(','),
            )
          : records.map((record) => JSON.stringify(record));
      await one.bucket.put('in/large.gz', gzipSync(`${lines.join('\n')}\n`));
      await one.find();
      const { code, report, peakMiB } = await one.work();
      assert.equal(code, 0);
      assert.equal(report?.records.imported, rows);
      assert.ok(peakMiB < memoryMiB, `${peakMiB} MiB`);
    });
  }

  it('keys with any characters, of 1,024 bytes too, are listed, read and kept exactly', async () => {
    const one = await world.createImport();
    const keys = [
      'in/a b.jsonl',
      'in/a+b.jsonl',
      'in/a%2Fb%.jsonl',
      'in/ü/é/東京/🎉.jsonl',
      'in/e\u0301.jsonl',
      'in/./../x/..//y.jsonl',
      'in/&=?#;,:@$\'"<>[]{}|\\^`~*.jsonl',
      'in/\u0001tab\t.jsonl',
      `in/${'k'.repeat(1015)}.jsonl`,
      `in/${'東'.repeat(338)}.jsonl`.slice(0, 341),
    ];
    for (const [index, key] of keys.entries()) await one.bucket.put(key, mixedLines(`k${index}`, 60));
    await one.find();
    assert.equal((await one.work()).code, 0);
    await assertImported(one, { rows: Object.fromEntries(keys.map((_, index) => [`k${index}`, 60])) });
    const stored = await one.sql<{ key: string }>(`SELECT key FROM ${testSchema}.files`);
    assert.deepEqual(new Set(stored.map(({ key }) => key)), new Set(keys));
    assert.ok(keys.some((key) => Buffer.byteLength(key) === 1024));
  });

  it('[I-22] thousands of small files are imported once each, by two workers', async () => {
    const one = await world.createImport();
    const names = Array.from({ length: smallFiles }, (_, index) => `s${index}`);
    const left = [...names];
    const put = async (): Promise<void> => {
      for (let name = left.pop(); name !== undefined; name = left.pop()) {
        await one.bucket.put(`in/${name}`, mixedLines(name, 2));
      }
    };
    await Promise.all(Array.from({ length: 16 }, put));
    await one.find();
    const ends = await Promise.all([one.work(), one.work()]);
    for (const { code, peakMiB } of ends) {
      assert.equal(code, 0);
      assert.ok(peakMiB < memoryMiB, `${peakMiB} MiB`);
    }
    await assertImported(one, { rows: Object.fromEntries(names.map((name) => [name, 2])) });
    const gets = one.proxy.requests.filter(({ operation }) => operation === 'GetObject');
    assert.equal(gets.length, smallFiles);
  });
});

/** A row of about 1.4 KB, most of which the converter does not name. */
function wideRecord(row: number): Readonly<Record<string, string | number>> {
  const named = {
    event: 'buy',
    uid: `user-${row % 997}`,
    id: `wide-${row}`,
    ms: 1_767_225_600_000 + row,
    n: row,
  };
  const others = Array.from({ length: 40 }, (_, index) => [
    `field_${index}`,
    `${row * 7919 + index} of some text`,
  ]);
  return { ...named, ...Object.fromEntries(others) };
}
