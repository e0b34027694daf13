import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, it, type TestContext } from 'node:test';
import type { EventStore } from '../../../crds/generated/event-store.ts';
import { resourceTypes } from '../../../operator/resource-types.ts';
import { startDatabaseProxy, type DatabaseProxy } from '../../support/database-proxy.ts';
import {
  conditionOf,
  readyOf,
  startImportWorld,
  waitFor,
  type ImportWorld,
  type Tenant,
} from '../../support/import-world.ts';
import { linesOf, sampleConversion } from '../../support/sample-lines.ts';

const files = ['a', 'b', 'c', 'd'];
const rows = 30_000;

describe('an import whose database fails in the middle', () => {
  let world: ImportWorld;
  let database: DatabaseProxy;

  before(async () => {
    world = await startImportWorld();
    database = await startDatabaseProxy(world.postgres.port);
  });

  after(async () => {
    await database?.stop();
    await world?.stop();
  });

  async function createTenant(): Promise<Tenant> {
    const tenant = await world.createTenant({
      applySource: false,
      databaseUrl: (url) => database.urlOf(url),
    });
    for (const file of files) await tenant.bucket.put(`web/${file}.json`, linesOf(file, rows));
    return tenant;
  }

  async function committedRows(tenant: Tenant): Promise<number> {
    const [sum] = await tenant
      .sql<{ n: number }>('SELECT coalesce(sum(committed_rows), 0)::int AS n FROM millrace.files')
      .catch(() => []);
    return sum?.n ?? 0;
  }

  async function eventStore({ namespace }: Tenant): Promise<EventStore> {
    const key = { namespace, name: 'analytics' };
    return await world.controlPlane.client.get<EventStore>(resourceTypes.eventStores, key);
  }

  /** Every event once, told alike by the table, the files, and the status of a source that is well. */
  async function assertWhole(tenant: Tenant): Promise<void> {
    const source = await tenant.untilImported(files.length);
    const whole = files.length * rows;
    const [events] = await tenant.sql(
      'SELECT count(*)::int AS n, count(DISTINCT insert_id)::int AS ids FROM millrace.events',
    );
    assert.deepEqual(events, { n: whole, ids: whole });
    assert.equal(await committedRows(tenant), whole);
    assert.deepEqual(source.status.records, { imported: whole, duplicate: 0, skipped: 0, rejected: 0 });
    assert.equal(source.status.files?.failed, 0);
    await tenant.until('it is Ready', (seen) => readyOf(seen) === 'True/Succeeded');
    await waitFor('its store is Ready', async () => readyOf(await eventStore(tenant)) === 'True/Succeeded');
  }

  function skipsGiven(t: TestContext): boolean {
    if (!world.postgres.ours) t.skip('the server was given by URL and is not ours to restart');
    return !world.postgres.ours;
  }

  it('[C-07] by a restart while a worker is in a COPY, stores every event once', async (t) => {
    if (skipsGiven(t)) return;
    const tenant = await createTenant();
    const name = new URL(tenant.database.url).pathname.slice(1);
    let copies = 0;
    // The second, so that something is committed before. The server waits for its rows, and gets none.
    database.inject((statement) => {
      const isCopy = statement.database === name && statement.text.startsWith('COPY ');
      if (isCopy) copies += 1;
      return isCopy && copies === 2 ? 'pass, then hold' : 'pass';
    });
    await tenant.applySource(sampleConversion);
    await waitFor('a COPY is under way', async () => {
      const under = await tenant.sql(
        'SELECT 1 FROM pg_stat_progress_copy WHERE datname = current_database()',
      );
      return copies >= 2 && under.length > 0;
    });
    await world.postgres.restart();
    await assertWhole(tenant);
  });

  it('[C-06, C-07] by a fail-over to a standby that is promoted later, says so, waits, and stores every event once', async (t) => {
    if (skipsGiven(t)) return;
    const tenant = await createTenant();
    await tenant.applySource(sampleConversion);
    await waitFor('a part is imported', async () => (await committedRows(tenant)) > 0);
    const [folder] = await tenant.sql<{ data_directory: string }>('SHOW data_directory');
    const signal = join(folder?.data_directory ?? '', 'standby.signal');
    await writeFile(signal, '', { mode: 0o644 });
    // What it was restarted as takes no writes; it counts as started only when it does.
    const restarted = world.postgres.restart();
    await waitFor('the standby answers', async () => {
      const answer = tenant.sql<{ standby: boolean }>('SELECT pg_is_in_recovery() AS standby');
      const [row] = await answer.catch(() => []);
      return row?.standby === true;
    });
    const before = await committedRows(tenant);
    assert.ok(before < files.length * rows, 'the import was over before the database failed');
    await tenant.requestReconcile('eventstore', 'analytics');
    await waitFor(
      'the store says so',
      async () => readyOf(await eventStore(tenant)) === 'False/StoreReadOnly',
    );
    const message = conditionOf((await eventStore(tenant)).status.conditions, 'Ready')?.message ?? '';
    assert.match(message, /name one host that is always the primary/);
    assert.equal(await committedRows(tenant), before);
    await tenant.sql('SELECT pg_promote()');
    await restarted;
    assert.equal(existsSync(signal), false);
    await assertWhole(tenant);
  });
});
