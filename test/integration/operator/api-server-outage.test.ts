import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { after, before, describe, it } from 'node:test';
import { gzipSync } from 'node:zlib';
import { startImportWorld, waitFor, type ImportWorld } from '../../support/import-world.ts';
import { linesOf, sampleConversion } from '../../support/sample-lines.ts';

describe('an import while the API server is away', () => {
  let world: ImportWorld;

  before(async () => {
    world = await startImportWorld();
  });

  after(async () => {
    await world?.stop();
  });

  it('[C-04] an outage of the API server of 60 s in the middle of a run loses nothing, doubles nothing and starts no second run', async () => {
    const tenant = await world.createTenant({ applySource: false });
    const files = ['a', 'b', 'c', 'd'];
    for (const file of files) await tenant.bucket.put(`web/${file}.json.gz`, gzipSync(linesOf(file, 20_000)));
    await tenant.applySource(sampleConversion);
    await waitFor('workers are at work', async () => {
      const claimed = await tenant
        .sql<{ n: number }>(`SELECT count(*)::int AS n FROM millrace.files WHERE state <> 'found'`)
        .catch(() => []);
      return (claimed[0]?.n ?? 0) > 0;
    });
    const before = await tenant.jobs();

    await world.controlPlane.restartApiServer(async () => {
      await sleep(60_000);
      await tenant.bucket.put('web/meanwhile.json.gz', gzipSync(linesOf('meanwhile', 1_000)));
    });

    const source = await tenant.untilImported(files.length + 1);
    const [row] = await tenant.sql<{ n: number; ids: number }>(
      'SELECT count(*)::int AS n, count(DISTINCT insert_id)::int AS ids FROM millrace.events',
    );
    assert.deepEqual(row, { n: 81_000, ids: 81_000 });
    assert.equal(source.status.records?.imported, 81_000);
    assert.equal(source.status.records.duplicate, 0);
    const uids = new Set((await tenant.jobs()).map(({ metadata }) => metadata.uid));
    assert.ok(
      before.every(({ metadata }) => uids.has(metadata.uid)),
      'the Job of the run is the same one',
    );
    assert.ok(world.operator.logged.some(({ message }) => message === 'lost the lease'));
  });
});
