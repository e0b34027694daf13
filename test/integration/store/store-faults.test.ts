import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { reasonOf, TerminalError, TransientError } from '../../../lib/errors.ts';
import { migrateStore } from '../../../lib/store/migrate-store.ts';
import { openStore } from '../../../lib/store/open-store.ts';
import type { Store } from '../../../lib/store/types.ts';
import { workOff } from '../../support/load-worker.ts';
import {
  batchOf,
  claimFiles,
  event,
  foundObject,
  identify,
  openFile,
  recordFiles,
  sourceIdentity,
  storeDeps,
  storeOptions,
  target,
  template,
  testSchema,
  until,
  useStore,
} from '../../support/store.ts';
import { assertWorld } from '../../support/store-world.ts';

describe('a database in trouble', () => {
  const suite = useStore();

  /** The store as a role sees it that has only what it needs. */
  async function openAsRole(): Promise<{
    readonly store: Store;
    readonly role: string;
    readonly url: string;
  }> {
    const { database } = suite.fixture;
    const { name: role, url } = await database.createRole();
    await migrateStore({ ...storeOptions(url), ownerUrl: database.url }, storeDeps);
    const store = await openStore(storeOptions(url), storeDeps);
    return { store, role, url };
  }

  async function rejection(promise: Promise<unknown>): Promise<TerminalError | TransientError> {
    try {
      await promise;
    } catch (error) {
      if (error instanceof TerminalError || error instanceof TransientError) return error;
      throw error;
    }
    throw new Error('nothing was thrown');
  }

  const events = Array.from({ length: 5000 }, (_, index) => event({ insertId: `id-${index}` }));

  async function storedEvents(): Promise<number> {
    const [row] = await suite.fixture.database.sql<{ n: number }>(
      `SELECT count(*)::int AS n FROM ${testSchema}.events`,
    );
    return row?.n ?? 0;
  }

  it('[C-06] that has no space left for its work says so, loses nothing, and the same batch is committed when it has', async () => {
    const { database } = suite.fixture;
    const { store, role, url } = await openAsRole();
    const claim = await openFile(suite.fixture);
    await database.sql(`ALTER ROLE ${role} SET work_mem = '64kB'`);
    await database.sql(`ALTER ROLE ${role} SET temp_file_limit = '1kB'`);
    const cramped = await openStore(storeOptions(url), storeDeps);
    await database.sql(`ALTER ROLE ${role} RESET ALL`);
    const error = await rejection(cramped.loading.commitBatch(claim, target, batchOf(events)));
    assert.deepEqual([error.reason, error instanceof TransientError], ['StoreFull', true]);
    assert.match(error.message, /temp_file_limit/);
    assert.equal(await storedEvents(), 0);
    await cramped.close();
    assert.equal((await store.loading.commitBatch(claim, target, batchOf(events))).imported, 5000);
    await store.close();
  });

  for (const [name, state, reason] of [
    ['whose disk is full', '53100', 'StoreFull'],
    ['that is out of memory', '53200', 'StoreFull'],
    ['that shuts down', '57P01', 'StoreUnreachable'],
    ['whose storage fails', '58030', 'StoreError'],
  ] as const) {
    it(`[C-06] ${name} in the middle of a batch gives ${reason}, keeps nothing of it, and takes it when it is well again`, async () => {
      const { database, store } = suite.fixture;
      const claim = await openFile(suite.fixture);
      await database.sql(
        `CREATE FUNCTION public.trouble() RETURNS trigger LANGUAGE plpgsql AS
         $$ BEGIN RAISE EXCEPTION 'in trouble' USING ERRCODE = '${state}'; END $$`,
      );
      await database.sql(
        `CREATE TRIGGER trouble BEFORE UPDATE ON ${testSchema}.files FOR EACH ROW EXECUTE FUNCTION public.trouble()`,
      );
      const error = await rejection(store.loading.commitBatch(claim, target, batchOf([event()])));
      assert.deepEqual([error.reason, error instanceof TransientError], [reason, true]);
      assert.equal(await storedEvents(), 0);
      await database.sql(`DROP TRIGGER trouble ON ${testSchema}.files`);
      assert.equal((await store.loading.commitBatch(claim, target, batchOf([event()]))).imported, 1);
    });
  }

  it('[C-06] with no connection left for the role is told as that', async () => {
    const { store, role, url } = await openAsRole();
    await suite.fixture.database.sql(`ALTER ROLE ${role} CONNECTION LIMIT 1`);
    const error = await rejection(openStore(storeOptions(url), storeDeps));
    assert.deepEqual([error.reason, error instanceof TransientError], ['StoreTooManyConnections', true]);
    await store.close();
  });

  it('[C-06] that is older than it may be is told, with its version', async () => {
    const { store, role, url } = await openAsRole();
    await store.close();
    const { database } = suite.fixture;
    // The server is as new as it is; to this role it says otherwise.
    await database.sql(
      `CREATE FUNCTION public.current_setting(name text) RETURNS text LANGUAGE sql AS
       $$ SELECT CASE name WHEN 'server_version_num' THEN '130014' WHEN 'server_version' THEN '13.14'
                 ELSE pg_catalog.current_setting(name) END $$`,
    );
    await database.sql(`ALTER ROLE ${role} SET search_path = public, pg_catalog`);
    const error = await rejection(openStore(storeOptions(url), storeDeps));
    assert.deepEqual([error.reason, error instanceof TerminalError], ['StoreTooOld', true]);
    assert.match(error.message, /version 13\.14; version 14 or newer is needed/);
  });

  it('[C-06] whose role lacks a right names what it may not do, and goes on when it is granted', async () => {
    const { store, role } = await openAsRole();
    const { database } = suite.fixture;
    const claim = await openFile(suite.fixture);
    await database.sql(`REVOKE INSERT ON ${testSchema}.event_keys FROM ${role}`);
    const error = await rejection(store.loading.commitBatch(claim, target, batchOf([event()])));
    assert.deepEqual([error.reason, error instanceof TerminalError], ['StorePermissionDenied', true]);
    assert.match(error.message, /permission denied for table event_keys/);
    await database.sql(`GRANT INSERT ON ${testSchema}.event_keys TO ${role}`);
    assert.equal((await store.loading.commitBatch(claim, target, batchOf([event()]))).imported, 1);
    await store.close();
  });

  it('a role with the rights that are documented can do all that operator and workers do, and nothing else', async () => {
    const { store, url } = await openAsRole();
    const { sourceId, generation } = suite.fixture;
    const owner = { installationId: 'i', namespace: 'n', name: 's', organizationId: 'o' };
    await store.ownership.hold(owner, 60_000);
    const epoch = await store.ownership.takeEpoch('operator-1');
    const keys = ['web/200-0-7.json', 'web/300-200-7.json'];
    const page = {
      objects: keys.map((key) => foundObject(key)),
      generation,
      epoch,
      foundBy: 'listing',
    } as const;
    const pass = await store.discovery.beginPass(sourceId, 'full', { epoch });
    await store.discovery.recordFound(sourceId, page);
    await store.discovery.finishPass(sourceId, pass.pass, { epoch });
    const run = await store.runs.openRun(sourceId, { epoch });
    const order = { url, sourceId, claimant: 'worker-0', slot: 'job/0', leaseMs: 60_000, batchRows: 90 };
    await workOff(store, { ...order, rates: { files: 1000, events: 100_000 } });
    await assertWorld(suite.fixture, keys);
    assert.equal(
      await store.seats.take({ holder: 'w', sourceId, budget: 9, fewest: 2, most: 6, leaseMs: 60_000 }),
      6,
    );
    await store.seats.leave('w');
    const failing = await store.sources.ensureSource(sourceIdentity({ ledgerName: 'other' }), { epoch });
    await store.sources.setWantedTemplate(failing, template, { epoch });
    await store.sources.recordConversion(failing, { digest: 'd', kind: 'k', document: '' }, { epoch });
    await store.discovery.recordFound(failing, { ...page, objects: [foundObject('x'), foundObject('y')] });
    const [one, two] = await claimFiles(store, failing);
    assert.ok(one !== undefined && two !== undefined);
    const calls = [event({ insertId: 'x' }), identify('u', 'i', { $set: { a: 1 } })];
    await store.loading.commitBatch(one.claim, target, batchOf(calls, { final: false }));
    const cause = { reason: 'r', message: 'm', cure: 'c', retryable: false, maxAttempts: 1 };
    await store.claims.failFile(one.claim, cause);
    await store.loading.stageBatch(two.claim, target, batchOf(calls));
    await store.loading.restartFile(two.claim, foundObject('y', { etag: 'v2' }));
    await store.loading.stageBatch(two.claim, target, batchOf(calls));
    assert.equal((await store.loading.publishFile(two.claim, target, 0)).imported, 2);
    await store.runs.closeRun(sourceId, run.number, { epoch, outcome: 'Succeeded' });
    await store.maintenance.upkeep({
      epoch,
      daysAhead: 3,
      deduplicationWindowMs: 1000,
      keepEventsMs: 86_400_000,
      keepRejectsMs: 86_400_000,
      keepRunsMs: 1,
    });
    await store.status.sourceCounts(sourceId);
    await store.close();
    for (const forbidden of [
      `DROP TABLE ${testSchema}.rates`,
      `CREATE TABLE ${testSchema}.mine ()`,
      `DELETE FROM ${testSchema}.files`,
      `DELETE FROM ${testSchema}.sources`,
      `UPDATE ${testSchema}.events SET project_id = 'x'`,
      `INSERT INTO ${testSchema}.migrations VALUES (99, 'x', 99)`,
      `TRUNCATE ${testSchema}.events`,
    ]) {
      await assert.rejects(
        suite.fixture.database.sql(`SET ROLE ${new URL(url).username}; ${forbidden}`),
        /permission denied|must be owner/,
        forbidden,
      );
    }
    const [unlisted] = await suite.fixture.database.sql<{ tables: string[] | null }>(
      `SELECT array_agg(relname::text) AS tables FROM pg_class
       WHERE relnamespace = '${testSchema}'::regnamespace AND relkind IN ('r', 'p') AND NOT relispartition
         AND NOT has_table_privilege($1, oid, 'SELECT')`,
      [new URL(url).username],
    );
    assert.equal(unlisted?.tables, null, 'a table that nobody was granted');
  });

  it('[C-07] that is a standby takes no writes and says so; promoted, it goes on where the stopped one was', async (t) => {
    if (!suite.server.ours) {
      t.skip('the server was given by URL and is not ours to restart');
      return;
    }
    const { store, database } = suite.fixture;
    const claim = await openFile(suite.fixture);
    const first = batchOf(events.slice(0, 100), { final: false });
    await store.loading.commitBatch(claim, target, first);
    const [folder] = await database.sql<{ data_directory: string }>('SHOW data_directory');
    const signal = join(folder?.data_directory ?? '', 'standby.signal');
    await writeFile(signal, '', { mode: 0o644 });
    // It is up for good only when it takes writes.
    const restarted = suite.server.restart();
    const isStandby = async (): Promise<boolean> => {
      const rows = await database
        .sql<{ standby: boolean }>('SELECT pg_is_in_recovery() AS standby')
        .catch(() => []);
      return rows[0]?.standby === true;
    };
    await until(isStandby, 'the standby answers');
    const rest = batchOf(events.slice(100, 200), { afterRow: 100 });
    // Connections that were open broke with the old server; the next ones are to the standby.
    await store.status.sourceCounts(suite.fixture.sourceId).catch(() => undefined);
    await until(
      async () =>
        (await store.loading.commitBatch(claim, target, rest).then(
          () => '',
          (error: unknown) => reasonOf(error),
        )) === 'StoreReadOnly',
      'the batch is refused',
    );
    const opening = await rejection(openStore(storeOptions(database.url), storeDeps));
    assert.deepEqual([opening.reason, opening instanceof TransientError], ['StoreReadOnly', true]);
    await database.sql('SELECT pg_promote()');
    await restarted;
    assert.equal(existsSync(signal), false);
    await store.claims.renew([claim], 60_000);
    assert.equal((await store.loading.commitBatch(claim, target, first)).repeated, true);
    assert.equal((await store.loading.commitBatch(claim, target, rest)).imported, 100);
    assert.equal(await storedEvents(), 200);
    const { files, records } = await store.status.sourceCounts(suite.fixture.sourceId);
    assert.deepEqual([files.done, records.imported], [1, 200]);
  });

  it('[C-07] that restarts in the middle of a COPY keeps nothing of the batch, and takes it again', async (t) => {
    if (!suite.server.ours) {
      t.skip('the server was given by URL and is not ours to restart');
      return;
    }
    const { store, database } = suite.fixture;
    const claim = await openFile(suite.fixture);
    const large = batchOf(
      Array.from({ length: 4000 }, (_, index) =>
        event({ insertId: `id-${index}`, body: { filler: 'x'.repeat(4000) } }),
      ),
    );
    const load = store.loading.commitBatch(claim, target, large);
    load.catch(() => undefined);
    await until(async () => {
      const rows = await database.sql('SELECT 1 FROM pg_stat_progress_copy');
      return rows.length > 0;
    }, 'the COPY is under way');
    await suite.server.restart();
    const outcome = await load.then(
      () => 'committed',
      (error: unknown) => reasonOf(error),
    );
    assert.ok(['StoreUnreachable', 'committed'].includes(outcome), outcome);
    await store.claims.renew([claim], 60_000).catch(() => undefined);
    const again = await store.loading.commitBatch(claim, target, large);
    assert.deepEqual([again.imported, again.repeated], [4000, outcome === 'committed']);
    assert.equal(await storedEvents(), 4000);
  });

  it('[I-48] the time from upload to the table is measured over the files that were done last', async () => {
    const { store, sourceId, database } = suite.fixture;
    assert.equal((await store.status.sourceCounts(sourceId)).latency, undefined);
    await database.sql(`UPDATE ${testSchema}.sources SET created_at = now() - interval '1 hour'`);
    const ages = Array.from({ length: 100 }, (_, index) => index + 1);
    const now = Date.now();
    await recordFiles(
      suite.fixture,
      ages.map((age) => foundObject(`web/${age}`, { lastModified: now - age * 1000 })),
    );
    for (let left = ages.length; left > 0;) {
      const files = await claimFiles(store, sourceId, { limit: 50 });
      left -= files.length;
      for (const { claim } of files) await store.loading.commitBatch(claim, target, batchOf([]));
    }
    const spentMs = Date.now() - now;
    const { latency } = await store.status.sourceCounts(sourceId);
    assert.equal(latency?.files, 100);
    const within = (ms: number, from: number) => ms >= from && ms <= from + spentMs + 1000;
    assert.ok(within(latency.medianMs, 49_000), `${latency.medianMs}`);
    assert.ok(within(latency.p99Ms, 98_000), `${latency.p99Ms}`);
    // Files from before the source was made were not late for it.
    await database.sql(`UPDATE ${testSchema}.sources SET created_at = now()`);
    const old = (await store.status.sourceCounts(sourceId)).latency;
    assert.ok(old !== undefined && old.p99Ms <= spentMs + 1000);
  });
});
