import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { runWorker } from '../../support/load-worker.ts';
import {
  foundObject,
  recordFiles,
  sourceIdentity,
  template,
  testSchema,
  useStore,
} from '../../support/store.ts';
import { assertWorld } from '../../support/store-world.ts';

/** The most that fell into any stretch of so many seconds, by the database's own times. */
const mostWithin = (table: string, time: string) =>
  `SELECT max(n)::int AS most, extract(epoch FROM max(last) - min(first))::float8 AS seconds FROM (
     SELECT count(*) OVER w AS n, first_value(${time}) OVER w AS first, ${time} AS last
     FROM ${testSchema}.${table} WINDOW w AS (ORDER BY ${time} RANGE BETWEEN $1::interval PRECEDING AND CURRENT ROW)
   ) t`;

/** By so much may it be ahead in any stretch: the burst, and the time from reserving to committing. */
const aheadSeconds = 0.75 + 4;

describe('what workers share', () => {
  const suite = useStore();

  async function runThree(order: object): Promise<void> {
    const { database, sourceId } = suite.fixture;
    const common = { url: database.url, sourceId, leaseMs: 60_000, batchRows: 1000 };
    const ends = await Promise.all(
      [0, 1, 2].map((index) => runWorker({ ...common, claimant: `worker-${index}`, ...order })),
    );
    assert.deepEqual(ends, [0, 0, 0]);
  }

  it('[I-47] several processes together store no more events a second than the limit', async () => {
    const keys = Array.from({ length: 12 }, (_, index) => `web/400-${index * 400}-7.json`);
    await recordFiles(
      suite.fixture,
      keys.map((key) => foundObject(key)),
    );
    const perSecond = 400;
    await runThree({ rates: { events: perSecond } });
    await assertWorld(suite.fixture, keys);
    const [row] = await suite.fixture.database.sql<{ most: number; seconds: number }>(
      mostWithin('events', 'server_upload_time'),
      ['4 seconds'],
    );
    assert.ok(row !== undefined);
    const bound = perSecond * (4 + aheadSeconds) + perSecond / 4;
    assert.ok(row.most <= bound, `${row.most} events in 4 s, where ${bound} may be`);
    assert.ok(row.seconds >= (12 * 400 * 0.94) / perSecond - aheadSeconds, `all within ${row.seconds} s`);
  });

  it('[I-46] several processes together begin no more files a second than the limit', async () => {
    const keys = Array.from({ length: 120 }, (_, index) => `web/${index}/5-${index * 5}-1.json`);
    await recordFiles(
      suite.fixture,
      keys.map((key) => foundObject(key)),
    );
    const perSecond = 10;
    await runThree({ rates: { files: perSecond } });
    await assertWorld(suite.fixture, keys);
    const [row] = await suite.fixture.database.sql<{ most: number; seconds: number }>(
      mostWithin('files', 'opened_at'),
      ['2 seconds'],
    );
    assert.ok(row !== undefined);
    const bound = perSecond * (2 + aheadSeconds) + 1;
    assert.ok(row.most <= bound, `${row.most} files in 2 s, where ${bound} may be`);
  });

  it('[I-47] tokens are there when all of their limits have some, a source’s own among them', async () => {
    const { rates } = suite.fixture.store;
    const project = { scope: 'project', perSecond: 1000 };
    const source = { scope: 'source', perSecond: 100 };
    const startOf = async (buckets: readonly (typeof project)[], tokens: number): Promise<number> => {
      const reserved = await rates.reserve({ buckets, tokens, validMs: 1000 });
      assert.equal(reserved.kind, 'reserved');
      return reserved.startsInMs;
    };
    // A second's worth of the source's, of which three quarters may be ahead.
    assert.equal(await startOf([project, source], 175), 0);
    const waits = await startOf([source, project], 1);
    assert.ok(waits > 0 && waits <= 1000, `${waits} ms`);
    assert.equal(await startOf([project], 100), 0, 'another source does not wait for this one');
    // Whoever would wait too long reserves nothing, and so takes nothing from others.
    for (let count = 0; count < 20; count += 1) {
      await rates.reserve({ buckets: [source], tokens: 100, validMs: 1000 });
    }
    const later = await rates.reserve({ buckets: [source], tokens: 100, validMs: 1000 });
    assert.ok(later.kind === 'later' && later.retryInMs <= 1_100, JSON.stringify(later));
  });

  it('a batch that comes after its reservation is over is not stored, and neither is a file opened', async () => {
    const { ReservationLate } = await import('../../../lib/store/loading/take-stamp.ts');
    const { batchOf, claimFiles, event, target } = await import('../../support/store.ts');
    const { store, sourceId } = suite.fixture;
    await recordFiles(suite.fixture, [foundObject('web/a')]);
    const [file] = await claimFiles(store, sourceId);
    assert.ok(file !== undefined);
    const past = '2026-01-01T00:00:00Z';
    assert.equal(await store.claims.markOpened(file.claim, past), 'late');
    assert.equal(await store.claims.markOpened(file.claim, '2999-01-01T00:00:00Z'), 'opened');
    const batch = batchOf([event()]);
    for (const load of [store.loading.commitBatch, store.loading.stageBatch]) {
      await assert.rejects(load(file.claim, target, batch, past), ReservationLate);
    }
    assert.equal((await store.loading.commitBatch(file.claim, target, batch)).imported, 1);
  });

  it('the connections of all sources’ workers stay within the limit together, and every source has its turn', async () => {
    const { fixture } = suite;
    const { store, epoch, database } = fixture;
    const conversion = { digest: 'digest-1', kind: 'amplitude', document: '{}' };
    const sources = [fixture.sourceId];
    for (const ledgerName of ['second', 'third', 'fourth']) {
      const id = await store.sources.ensureSource(sourceIdentity({ ledgerName }), { epoch });
      await store.sources.setWantedTemplate(id, template, { epoch });
      await store.sources.recordConversion(id, conversion, { epoch });
      sources.push(id);
    }
    for (const sourceId of sources) {
      const objects = [0, 1, 2, 3].map((index) =>
        foundObject(`${sourceId}/${index}/300-${(sourceId * 4 + index) * 300}-7.json`),
      );
      await recordFiles({ ...fixture, sourceId }, objects);
    }
    const budget = 8;
    const order = { url: database.url, leaseMs: 60_000, batchRows: 50, budget };
    const work = { goesOn: true };
    const workers = sources.flatMap((sourceId) =>
      [0, 1].map((index) => runWorker({ ...order, sourceId, claimant: `worker-${sourceId}-${index}` })),
    );
    const ended = Promise.all(workers).finally(() => {
      work.goesOn = false;
    });
    let most = 0;
    while (work.goesOn) {
      const [row] = await database.sql<{ open: number; seats: number }>(
        `SELECT (SELECT count(*) FROM pg_stat_activity
                 WHERE datname = current_database() AND application_name LIKE 'worker-%')::int AS open,
                (SELECT coalesce(sum(connections), 0) FROM ${testSchema}.connection_seats)::int AS seats`,
      );
      most = Math.max(most, row?.open ?? 0, row?.seats ?? 0);
    }
    assert.deepEqual(
      await ended,
      Array.from(workers, () => 0),
    );
    assert.ok(most > 0 && most <= budget, `${most} connections, where ${budget} may be`);
    for (const sourceId of sources) {
      assert.equal((await store.status.sourceCounts(sourceId)).files.done, 4);
    }
    const left = await database.sql(`SELECT 1 FROM ${testSchema}.connection_seats`);
    assert.equal(left.length, 0);
  });

  it('a seat comes free when its worker dies, at once for its successor and in time for others', async () => {
    const { store, sourceId, database } = suite.fixture;
    const limits = { sourceId, budget: 4, fewest: 2, most: 6, leaseMs: 60_000 };
    assert.equal(await store.seats.take({ ...limits, holder: 'job/0' }), 4);
    assert.equal(await store.seats.take({ ...limits, holder: 'job/1' }), 0);
    assert.equal(await store.seats.take({ ...limits, holder: 'job/0' }), 4, 'its successor');
    assert.equal(await store.seats.renew({ ...limits, holder: 'job/0' }), 'kept');
    await database.sql(
      `UPDATE ${testSchema}.connection_seats SET deadline = now() - interval '1 s' WHERE holder = 'job/0'`,
    );
    assert.equal(await store.seats.take({ ...limits, holder: 'job/1' }), 4);
    assert.equal(await store.seats.renew({ ...limits, holder: 'job/0' }), 'lost');
    await store.seats.leave('job/1');
    assert.equal(await store.seats.take({ ...limits, holder: 'job/2' }), 4);
  });
});
