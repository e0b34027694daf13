import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { reasonOf } from '../../../lib/errors.ts';
import type { Claim } from '../../../lib/store/types.ts';
import { waitUntil } from '../../support/control-plane/wait-until.ts';
import {
  batchOf,
  claimFiles,
  claimRequest,
  event,
  foundObject,
  haltAt,
  identify,
  importFile,
  openFile,
  recordFiles,
  target,
  template,
  testSchema,
  useStore,
} from '../../support/store.ts';

const failure = { reason: 'ObjectReadFailed', message: 'm', cure: 'c', retryable: true, maxAttempts: 3 };

async function leaseLost(promise: Promise<unknown>): Promise<void> {
  await assert.rejects(promise, (error) => {
    assert.equal(reasonOf(error), 'LeaseLost');
    return true;
  });
}

describe('claims', () => {
  const suite = useStore();

  /** As if the time of these claims had passed. */
  async function expire(claims: readonly Claim[]): Promise<void> {
    await suite.fixture.database.sql(
      `UPDATE ${testSchema}.files SET claim_deadline = clock_timestamp() - interval '1 second' WHERE id = ANY ($1)`,
      [claims.map((claim) => claim.fileId)],
    );
  }

  /** As if the back-off were over. */
  async function skipBackoff(): Promise<void> {
    await suite.fixture.database.sql(`UPDATE ${testSchema}.files SET due_at = '-infinity'`);
  }

  it('[I-49] files are given out in the order of their upload', async () => {
    const minutes = [5, 1, 4, 2, 3];
    await recordFiles(
      suite.fixture,
      minutes.map((minute) =>
        foundObject(`web/${String(minute)}`, { lastModified: Date.UTC(2026, 1, 1, 0, minute) }),
      ),
    );
    const first = await claimFiles(suite.fixture.store, suite.fixture.sourceId, { limit: 2 });
    const second = await claimFiles(suite.fixture.store, suite.fixture.sourceId, { limit: 10 });
    assert.deepEqual(
      [...first, ...second].map((file) => file.key),
      ['web/1', 'web/2', 'web/3', 'web/4', 'web/5'],
    );
    assert.equal((await suite.fixture.store.status.sourceCounts(suite.fixture.sourceId)).files.claimed, 5);
  });

  it('[C-07] many claimants at once never get the same file, and get them all', async () => {
    await recordFiles(
      suite.fixture,
      Array.from({ length: 200 }, (_, index) => foundObject(`web/${String(index)}`)),
    );
    const stores = [
      suite.fixture.store,
      await suite.fixture.open(),
      await suite.fixture.open(),
      await suite.fixture.open(),
    ];
    const taken = await Promise.all(
      stores.map(async (store) => {
        const keys: string[] = [];
        for (;;) {
          const result = await store.claims.claim(claimRequest(suite.fixture.sourceId, { limit: 7 }));
          if (result.kind !== 'claimed' && (result.kind === 'outdated' || result.unfinished === 200))
            return keys;
          if (result.kind === 'claimed') keys.push(...result.files.map((file) => file.key));
        }
      }),
    );
    assert.equal(taken.flat().length, 200);
    assert.equal(new Set(taken.flat()).size, 200);
  });

  it('workers of another template get nothing, of a suspended source nobody does, and held claims stay good', async () => {
    const { store, sourceId, epoch } = suite.fixture;
    await recordFiles(suite.fixture, [foundObject('web/a'), foundObject('web/b')]);
    const [held] = await claimFiles(store, sourceId, { limit: 1 });
    await store.sources.setWantedTemplate(sourceId, 'template-2', { epoch });
    assert.deepEqual(await store.claims.claim(claimRequest(sourceId)), { kind: 'outdated' });
    await store.sources.setWantedTemplate(sourceId, undefined, { epoch });
    assert.equal(await store.sources.wantedTemplate(sourceId), undefined);
    assert.deepEqual(await store.claims.claim(claimRequest(sourceId)), { kind: 'outdated' });
    assert.ok(held !== undefined);
    assert.deepEqual(await store.claims.renew([held.claim], 60_000), []);
    assert.equal((await store.loading.commitBatch(held.claim, target, batchOf([event()]))).imported, 1);
    // [C-04] Resumed: what waited is there.
    await store.sources.setWantedTemplate(sourceId, template, { epoch });
    assert.deepEqual(
      (await claimFiles(store, sourceId)).map((file) => file.key),
      ['web/b'],
    );
  });

  it('a claim whose time has passed is another worker’s to take, and its old holder can do nothing with it', async () => {
    const { store, sourceId } = suite.fixture;
    const old = await openFile(suite.fixture);
    const part = batchOf([event({ insertId: '1' }), event({ insertId: '2' })], { final: false });
    await store.loading.commitBatch(old, target, part);
    await expire([old]);
    const rest = batchOf([event({ insertId: '3' })], { afterRow: 2 });
    // Also before anybody has taken it.
    await leaseLost(store.loading.commitBatch(old, target, rest));
    assert.deepEqual(await store.claims.renew([old], 60_000), [old]);
    const [taken] = await claimFiles(await suite.fixture.open(), sourceId, { claimant: 'worker-1' });
    assert.ok(taken !== undefined);
    assert.equal(taken.claim.fileId, old.fileId);
    assert.equal(taken.committedRows, 2);
    assert.equal(taken.alone, true);
    await leaseLost(store.loading.commitBatch(old, target, rest));
    await leaseLost(store.claims.markOpened(old));
    await leaseLost(store.claims.failFile(old, failure));
    await leaseLost(store.loading.restartFile(old, foundObject('web/a.json', { etag: 'new' })));
    await store.claims.release([old]);
    assert.deepEqual(await store.claims.renew([old, taken.claim], 60_000), [old]);
    await store.claims.markOpened(taken.claim);
    assert.equal((await store.loading.commitBatch(taken.claim, target, rest)).imported, 1);
    const { files, records } = await store.status.sourceCounts(sourceId);
    assert.deepEqual([files.done, records.imported], [1, 3]);
  });

  it('an attempt is charged on opening, and given back on an orderly stop', async () => {
    const { store, sourceId } = suite.fixture;
    const claim = await openFile(suite.fixture);
    await store.claims.markOpened(claim);
    await store.claims.release([claim]);
    const [again] = await claimFiles(store, sourceId);
    assert.deepEqual([again?.attempts, again?.alone], [0, false]);
    assert.ok(again !== undefined);
    await store.claims.markOpened(again.claim);
    await store.claims.failFile(again.claim, failure);
    await skipBackoff();
    assert.equal((await claimFiles(store, sourceId))[0]?.attempts, 1);
  });

  it('a file that fails is tried again after a while, and failed with its cure when the attempts are used up', async () => {
    const { store, sourceId } = suite.fixture;
    await recordFiles(suite.fixture, [foundObject('web/a.json')]);
    const outcomes: string[] = [];
    for (let attempt = 1; attempt <= 3; attempt += 1) {
      const [file] = await claimFiles(store, sourceId);
      assert.ok(file !== undefined);
      await store.claims.markOpened(file.claim);
      const { kind } = await store.claims.failFile(file.claim, failure);
      assert.equal((await store.claims.failFile(file.claim, failure)).kind, kind);
      outcomes.push(kind);
      if (kind === 'retried') {
        const rest = await store.claims.claim(claimRequest(sourceId));
        assert.ok(rest.kind === 'nothing' && rest.unfinished === 1 && (rest.retryInMs ?? 0) > 500);
        await skipBackoff();
      }
    }
    assert.deepEqual(outcomes, ['retried', 'retried', 'failed']);
    assert.deepEqual(await store.claims.claim(claimRequest(sourceId)), {
      kind: 'nothing',
      unfinished: 0,
      retryInMs: undefined,
    });
    const { files, lastFailures } = await store.status.sourceCounts(sourceId);
    assert.deepEqual([files.failed, files.unfinished], [1, 0]);
    const [shown] = lastFailures;
    assert.deepEqual(
      [shown?.key, shown?.reason, shown?.message, shown?.cure, shown?.attempts],
      ['web/a.json', 'ObjectReadFailed', 'm', 'c', 3],
    );
  });

  it('a failure that trying again does not mend is final at once, and the other files go on', async () => {
    const { store, sourceId } = suite.fixture;
    const claim = await openFile(suite.fixture, 'web/bad');
    const message = `a NUL \0 and half a pair \ud800 ${'x'.repeat(10_000)}`;
    assert.equal(
      (await store.claims.failFile(claim, { ...failure, retryable: false, message })).kind,
      'failed',
    );
    await recordFiles(suite.fixture, [foundObject('web/good')]);
    assert.deepEqual(
      (await claimFiles(store, sourceId)).map((file) => file.key),
      ['web/good'],
    );
  });

  it('a file that costs its worker’s life is given out alone, and is failed after the last attempt', async () => {
    const { store, sourceId } = suite.fixture;
    await recordFiles(suite.fixture, [
      foundObject('web/1-poison', { lastModified: 1 }),
      foundObject('web/2', { lastModified: 2 }),
      foundObject('web/3', { lastModified: 3 }),
    ]);
    const first = await claimFiles(store, sourceId, { maxAttempts: 2 });
    assert.equal(first.length, 3);
    const [poison] = first;
    assert.ok(poison !== undefined);
    await store.claims.markOpened(poison.claim);
    await expire(first.map((file) => file.claim));

    const second = await claimFiles(store, sourceId, { maxAttempts: 2, claimant: 'worker-1' });
    assert.deepEqual(
      second.map((file) => [file.key, file.alone, file.attempts]),
      [['web/1-poison', true, 1]],
    );
    const others = await claimFiles(store, sourceId, { maxAttempts: 2 });
    assert.deepEqual(
      others.map((file) => [file.key, file.alone]),
      [
        ['web/2', false],
        ['web/3', false],
      ],
    );
    const again = second[0]?.claim;
    assert.ok(again !== undefined);
    await store.claims.markOpened(again);
    await expire([again]);
    // No attempt is left: it is given out once more to be failed, and not to be opened.
    const [spent] = await claimFiles(store, sourceId, { maxAttempts: 2, claimant: 'worker-2' });
    assert.deepEqual([spent?.alone, spent?.spent], [true, { lastClaimant: 'worker-1' }]);
    assert.ok(spent !== undefined);
    // Who dies over that costs the file nothing.
    await expire([spent.claim]);
    const [last] = await claimFiles(store, sourceId, { maxAttempts: 2 });
    assert.ok(last?.spent !== undefined);
    const cause = { ...failure, reason: 'AttemptsExhausted', retryable: false };
    assert.equal((await store.claims.failFile(last.claim, cause)).kind, 'failed');
    const { files, lastFailures } = await store.status.sourceCounts(sourceId);
    assert.equal(files.failed, 1);
    assert.equal(lastFailures[0]?.reason, 'AttemptsExhausted');
  });

  it('[C-07] whoever fills the place of a killed worker has its files at once, and nobody else’s', async () => {
    const { store, sourceId } = suite.fixture;
    await recordFiles(suite.fixture, [
      foundObject('web/1', { lastModified: 1 }),
      foundObject('web/2', { lastModified: 2 }),
      foundObject('web/3', { lastModified: 3 }),
    ]);
    const day = 24 * 3_600_000;
    const killed = { slot: 'job-7/0', claimant: 'job-7-0-aaaaa', leaseMs: day };
    const [opened] = await claimFiles(store, sourceId, { ...killed, limit: 1 });
    const [unopened] = await claimFiles(store, sourceId, { ...killed, limit: 1 });
    const neighbour = { slot: 'job-7/1', claimant: 'job-7-1-bbbbb', leaseMs: day };
    const [other] = await claimFiles(store, sourceId, { ...neighbour, limit: 1 });
    assert.ok(opened !== undefined && unopened !== undefined && other !== undefined);
    await store.claims.markOpened(opened.claim);
    await store.loading.commitBatch(opened.claim, target, batchOf([event()], { final: false }));

    // A worker that comes back to its own place after a lost answer takes nothing from itself.
    assert.equal(await store.claims.takeOver({ sourceId, ...killed }), 0);
    assert.equal(await store.claims.takeOver({ sourceId, ...killed, claimant: 'job-7-0-ccccc' }), 2);
    const heir = { ...killed, claimant: 'job-7-0-ccccc' };
    const [first] = await claimFiles(store, sourceId, heir);
    assert.deepEqual([first?.key, first?.alone, first?.committedRows], ['web/1', true, 1]);
    assert.deepEqual(
      (await claimFiles(store, sourceId, heir)).map(({ key, alone }) => [key, alone]),
      [['web/2', false]],
    );
    assert.deepEqual(await store.claims.renew([other.claim], day), []);
    // The one that was thought dead is not: it can do nothing any more.
    await leaseLost(store.loading.commitBatch(opened.claim, target, batchOf([event()], { afterRow: 1 })));
  });

  it('[C-07] the files of a killed worker are had as soon as its last transaction has ended in the server', async () => {
    const { store, sourceId, database } = suite.fixture;
    await recordFiles(suite.fixture, [foundObject('web/1')]);
    const killed = { slot: 'job-7/0', claimant: 'job-7-0-aaaaa', leaseMs: 24 * 3_600_000 };
    await claimFiles(store, sourceId, killed);
    // As a transaction does whose client is gone; it ends when somebody waits for it.
    const ending = database.sql(`DO $$ BEGIN
      PERFORM FROM ${testSchema}.files FOR UPDATE;
      FOR look IN 1..3000 LOOP
        EXIT WHEN EXISTS (SELECT FROM pg_locks WHERE NOT granted);
        PERFORM pg_sleep(0.01);
      END LOOP;
    END $$`);
    await waitUntil('the row is locked', 60_000, async () => {
      const locks = await database.sql(
        `SELECT FROM pg_locks WHERE relation = '${testSchema}.files'::regclass AND mode = 'RowShareLock'
         AND granted AND pid <> pg_backend_pid()`,
      );
      return locks.length > 0;
    });
    assert.equal(await store.claims.takeOver({ sourceId, ...killed, claimant: 'job-7-0-ccccc' }), 1);
    await ending;
  });

  it('[C-06] a file that fails leaves nothing behind but its rejects, and the counts agree', async () => {
    const { store, sourceId, database } = suite.fixture;
    const count = async (table: string): Promise<number> => {
      const [row] = await database.sql<{ n: number }>(
        `SELECT count(*)::int AS n FROM ${testSchema}.${table}`,
      );
      return row?.n ?? 0;
    };
    for (const [key, retryable, maxAttempts] of [
      ['web/broken', false, 5],
      ['web/tried in vain', true, 1],
    ] as const) {
      const claim = await openFile(suite.fixture, key);
      const rejects = [{ row: 4, offset: 0, column: undefined, reason: 'bad', raw: '' }];
      const calls = [
        event({ insertId: '1' }),
        event({ insertId: '1' }),
        identify('user-1', '2', { $add: { visits: 1 } }),
      ];
      const part = { ...batchOf(calls, { final: false }), throughRow: 5, skipped: 1, rejects };
      assert.equal((await store.loading.commitBatch(claim, target, part)).imported, 2);
      const cause = { ...failure, retryable, maxAttempts };
      assert.equal((await store.claims.failFile(claim, cause)).kind, 'failed');
      assert.equal((await store.claims.failFile(claim, cause)).kind, 'failed');
      assert.deepEqual([await count('events'), await count('event_keys')], [0, 0]);
    }
    const [user] = await database.sql<{ properties: object }>(
      `SELECT properties FROM ${testSchema}.user_properties`,
    );
    assert.deepEqual(user?.properties, {});
    assert.equal(await count('rejects'), 2);
    const { files, records } = await store.status.sourceCounts(sourceId);
    assert.deepEqual([files.failed, files.done, files.unfinished], [2, 0, 0]);
    assert.deepEqual(records, { imported: 0, duplicate: 0, skipped: 0, rejected: 2 });
    const [file] = await database.sql(
      `SELECT state, committed_rows::int, imported::int, rejected::int FROM ${testSchema}.files LIMIT 1`,
    );
    assert.deepEqual(file, { state: 'failed', committed_rows: 0, imported: 0, rejected: 1 });
    // Another file brings the same events in.
    assert.equal((await importFile(suite.fixture, 'web/mended', [event({ insertId: '1' })])).imported, 1);
  });

  it('a file that moves on at each attempt is not given up', async () => {
    const { store, sourceId } = suite.fixture;
    await recordFiles(suite.fixture, [foundObject('web/long')]);
    for (let attempt = 0; attempt < 6; attempt += 1) {
      const [file] = await claimFiles(store, sourceId, { maxAttempts: 2 });
      assert.equal(file?.committedRows, attempt);
      await store.claims.markOpened(file.claim);
      const batch = batchOf([event({ insertId: String(attempt) })], {
        afterRow: attempt,
        final: attempt === 5,
      });
      await store.loading.commitBatch(file.claim, target, batch);
      if (attempt < 5) await expire([file.claim]);
    }
    assert.equal((await store.status.sourceCounts(sourceId)).files.done, 1);
  });

  it('a claim that is lost while its batch is loaded takes the batch back, also when another has loaded the same rows', async () => {
    const { sourceId, store } = suite.fixture;
    for (const taking of [
      'by nobody',
      'by one that has done nothing yet',
      'by one that has committed as many rows',
    ]) {
      const halt = haltAt('commitBatch:beforeCopy');
      const slow = await suite.fixture.open({ faultPoint: halt.faultPoint });
      const old = await openFile(suite.fixture, `web/${taking}`);
      const late = slow.loading.commitBatch(
        old,
        target,
        batchOf([event({ insertId: `late, taken ${taking}` })]),
      );
      try {
        await halt.reached;
        await expire([old]);
        const [taken] =
          taking === 'by nobody' ? [] : await claimFiles(store, sourceId, { claimant: 'worker-1' });
        if (taking === 'by one that has committed as many rows') {
          const same = batchOf([event({ insertId: 'of the new holder' })], { final: false });
          assert.ok(taken !== undefined);
          await store.loading.commitBatch(taken.claim, target, same);
        }
      } finally {
        halt.goOn();
      }
      await leaseLost(late);
      await leaseLost(store.loading.commitBatch(old, target, batchOf([event()], { final: false })));
      await suite.fixture.database.sql(`UPDATE ${testSchema}.files SET state = 'done'`);
    }
    const stored = await suite.fixture.database.sql(`SELECT insert_id FROM ${testSchema}.events`);
    assert.deepEqual(stored, [{ insert_id: 'of the new holder' }]);
    assert.equal((await store.status.sourceCounts(sourceId)).records.imported, 1);
  });

  it('a heartbeat does not wait behind a load', async () => {
    const { sourceId } = suite.fixture;
    const halt = haltAt('commitBatch:beforeCopy');
    const store = await suite.fixture.open({ faultPoint: halt.faultPoint }, { maxConnections: 2 });
    const one = await openFile(suite.fixture, 'web/1');
    const two = await openFile(suite.fixture, 'web/2');
    const loads = Promise.all([
      store.loading.commitBatch(one, target, batchOf([event({ insertId: '1' })])),
      store.loading.commitBatch(two, target, batchOf([event({ insertId: '2' })])),
    ]);
    try {
      await halt.reached;
      assert.deepEqual(await store.claims.renew([one, two], 60_000), []);
      assert.deepEqual(await claimFiles(store, sourceId), []);
    } finally {
      halt.goOn();
    }
    assert.equal((await loads).length, 2);
  });
});
