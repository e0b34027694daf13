import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { FaultPoint } from '../../../lib/store/types.ts';
import { runWorker, workOff } from '../../support/load-worker.ts';
import { foundObject, recordFiles, testSchema, useStore } from '../../support/store.ts';
import { assertWorld } from '../../support/store-world.ts';

describe('workers that are killed', () => {
  const suite = useStore();

  const deaths: readonly (readonly [string, FaultPoint, number])[] = [
    ['while it holds claims and has opened none', 'claim:committed', 1],
    ['before its first COPY', 'commitBatch:beforeCopy', 1],
    ['between COPY and commit', 'commitBatch:beforeCommit', 1],
    ['between COPY and commit, in the middle of a file', 'commitBatch:beforeCommit', 3],
    ['after a commit, before it could use the answer', 'commitBatch:committed', 2],
    ['after the commit that closed a file', 'commitBatch:committed', 5],
  ];
  for (const [when, point, times] of deaths) {
    it(`[C-07] lose and double nothing: killed ${when}`, async () => {
      // Two files with all ids in common, in another order, and one of its own.
      const keys = ['web/1/500-0-7.json', 'web/2/500-0-11.json', 'web/3/500-500-3.json'];
      await recordFiles(
        suite.fixture,
        keys.map((key, index) => foundObject(key, { lastModified: index + 1 })),
      );
      const { sourceId } = suite.fixture;
      const order = {
        url: suite.fixture.database.url,
        sourceId,
        claimant: 'doomed',
        leaseMs: 1500,
        batchRows: 100,
      };
      assert.equal(await runWorker({ ...order, kill: { point, times } }), 'SIGKILL');
      await workOff(suite.fixture.store, { ...order, claimant: 'heir' });
      await assertWorld(suite.fixture, keys);
    });
  }

  const stagedDeaths: readonly (readonly [string, FaultPoint, number])[] = [
    ['between stage and commit', 'commitBatch:beforeCommit', 3],
    ['after a commit to the stage', 'commitBatch:committed', 2],
    ['while the file is made visible', 'publishFile:beforeCommit', 1],
    ['after the file was made visible', 'commitBatch:committed', 6],
  ];
  for (const [when, point, times] of stagedDeaths) {
    it(`[C-07] of staged files lose and double nothing, and show none in part: killed ${when}`, async () => {
      const { fixture } = suite;
      const keys = ['web/1/500-0-7.json', 'web/2/500-0-11.json', 'web/3/500-500-3.json'];
      await recordFiles(
        fixture,
        keys.map((key, index) => foundObject(key, { lastModified: index + 1 })),
      );
      const order = {
        url: fixture.database.url,
        sourceId: fixture.sourceId,
        claimant: 'doomed',
        slot: 'job/0',
        leaseMs: 3_600_000,
        batchRows: 100,
        maxRejectShare: 0.5,
      };
      assert.equal(await runWorker({ ...order, kill: { point, times } }), 'SIGKILL');
      const parts = await fixture.database.sql<{ rows: number }>(
        `SELECT count(*)::int AS rows FROM ${testSchema}.events GROUP BY file_id`,
      );
      assert.ok(parts.length <= 1 && parts.every(({ rows }) => rows > 450));
      // The successor does not wait for the lease of an hour.
      await workOff(fixture.store, { ...order, claimant: 'heir' });
      await assertWorld(fixture, keys);
    });
  }

  it('[C-07] lose and double nothing when several die one after another, among others that live', async () => {
    const keys = Array.from(
      { length: 12 },
      (_, index) => `web/${String(index)}/400-${String((index % 4) * 200)}-7.json`,
    );
    await recordFiles(
      suite.fixture,
      keys.map((key, index) => foundObject(key, { lastModified: index + 1 })),
    );
    const { sourceId } = suite.fixture;
    const order = { url: suite.fixture.database.url, sourceId, leaseMs: 3000, batchRows: 60 };
    const points: readonly FaultPoint[] = [
      'commitBatch:beforeCommit',
      'commitBatch:committed',
      'commitBatch:beforeCopy',
    ];
    const doomed = points.map(
      async (point, index) =>
        await runWorker({ ...order, claimant: `doomed-${String(index)}`, kill: { point, times: index + 2 } }),
    );
    const living = runWorker({ ...order, claimant: 'living' });
    const ends = await Promise.all([...doomed, living]);
    assert.ok(ends.includes('SIGKILL'));
    assert.equal(ends.at(-1), 0);
    await workOff(suite.fixture.store, { ...order, claimant: 'heir' });
    await assertWorld(suite.fixture, keys);
  });
});
