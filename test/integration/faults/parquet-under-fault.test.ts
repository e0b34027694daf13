import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { assertImported } from '../../support/faulty-world.ts';
import { reasonToSkipMiniStack } from '../../support/ministack/install.ts';
import { parquetFile } from '../../support/parquet-file.ts';
import { startWorkerWorld, untilPartlyCommitted, type WorkerWorld } from '../../support/worker-world.ts';

/** As the rows of `mixedLines`: every 50th is a reject, here for a text that is none. */
function mixedRows(file: string, rows: number): Buffer {
  return parquetFile({
    rows,
    rowsInGroup: 10_000,
    rowsInPage: 700,
    columns: {
      event: () => 'buy',
      uid: (row) => (row % 50 === 0 ? Buffer.from([0x62, 0xff]) : `user-${row % 7}`),
      id: (row) => `${file}-${row}`,
      ms: (row) => 1_767_225_600_000 + row,
      n: (row) => row,
      // Makes the file larger than what is read of one at once.
      note: (row) => `a text of some length, as people write them, in row ${row} of ${file}. `.repeat(2),
    },
  });
}

const files = { format: 'Parquet' };

describe('Parquet files under fault', { skip: await reasonToSkipMiniStack() }, () => {
  let world: WorkerWorld;

  before(async () => {
    world = await startWorkerWorld();
  });

  after(async () => {
    await world?.stop();
  });

  it('[C-07, I-27] a worker killed in the middle of one loses and doubles nothing', async () => {
    const rows = 60_000;
    const one = await world.createImport({ files });
    await one.bucket.put('in/a.parquet', mixedRows('a', rows));
    await one.find();
    const worker = one.start();
    await untilPartlyCommitted(one);
    worker.kill('SIGKILL');
    await worker.ended;
    await one.lapse();
    await one.workOff();
    await assertImported(one, { rows: { a: rows } });
    const reads = one.proxy.requests.filter(({ operation }) => operation === 'GetObject');
    assert.ok(reads.length > 2);
    for (const { headers } of reads) {
      assert.match(String(headers.range), /^bytes=\d+-\d+$/);
      assert.match(String(headers['if-match']), /^"[^"]+"$/);
    }
  });

  it('[I-22, I-27] one that is overwritten while it is read starts over as its new version; rows never mix', async () => {
    const rows = 60_000;
    const one = await world.createImport({ files });
    await one.bucket.put('in/a.parquet', mixedRows('old', rows));
    await one.find();
    const worker = one.start();
    await untilPartlyCommitted(one);
    await one.bucket.put('in/a.parquet', mixedRows('new', rows));
    await worker.ended;
    await one.lapse();
    await one.workOff();
    await assertImported(one, { rows: { new: rows } });
  });

  it('[I-27] a row group of 200 MB is imported within 600 MB of memory, its pages one after the other', async () => {
    const one = await world.createImport({ files });
    const rows = 100_000;
    const file = parquetFile({
      rows,
      rowsInGroup: rows,
      rowsInPage: 500,
      columns: {
        event: () => 'buy',
        uid: (row) => `user-${row % 7}`,
        id: (row) => `a-${row}`,
        ms: (row) => 1_767_225_600_000 + row,
        n: (row) => row,
        note: (row) => `${row} `.repeat(320),
      },
    });
    assert.ok(file.length > 180_000_000, `${file.length} bytes`);
    await one.bucket.put('in/a.parquet', file);
    await one.find();
    const { code, peakMiB } = await one.work();
    assert.equal(code, 0);
    assert.equal((await one.file('in/a.parquet')).imported, rows);
    assert.ok(peakMiB < 600, `${peakMiB} MiB`);
  });

  it('[I-27] one that is damaged is read once more, then given up with its reason and cure; the others come in', async () => {
    const one = await world.createImport({ files });
    const good = mixedRows('a', 3000);
    await one.bucket.put('in/a.parquet', good);
    await one.bucket.put('in/cut-off.parquet', good.subarray(0, good.length - 100));
    await one.find();
    await one.workOff();
    await assertImported(one, { rows: { a: 3000 }, failed: 1 });
    const { reason, message, cure, attempts } = await one.file('in/cut-off.parquet');
    assert.deepEqual([reason, attempts], ['CorruptParquet', 2]);
    assert.match(String(message), /does not end with a footer/);
    assert.match(String(cure), /Write the file anew/);
  });
});
