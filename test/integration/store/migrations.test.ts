import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { TerminalError, TransientError } from '../../../lib/errors.ts';
import { migrateStore, runMigrations } from '../../../lib/store/migrate-store.ts';
import { migrations, schemaVersion } from '../../../lib/store/migrations/migrations.ts';
import { openStore } from '../../../lib/store/open-store.ts';
import { startPostgres, type PostgresServer, type TestDatabase } from '../../support/postgres.ts';
import { sourceIdentity, storeDeps, storeOptions, testSchema } from '../../support/store.ts';

async function rejection(promise: Promise<unknown>): Promise<TerminalError | TransientError> {
  try {
    await promise;
  } catch (error) {
    if (error instanceof TerminalError || error instanceof TransientError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}

describe('migrating and opening a store', () => {
  let server: PostgresServer;
  let database: TestDatabase;
  before(async () => {
    server = await startPostgres();
  });
  after(async () => {
    await server.stop();
  });

  it('several replicas may migrate at once: each step is applied once', async () => {
    database = await server.createDatabase();
    const options = storeOptions(database.url);
    const results = await Promise.all(
      Array.from({ length: 5 }, async () => await migrateStore(options, storeDeps)),
    );
    assert.deepEqual(
      results.map(({ from }) => from).toSorted((a, b) => a - b),
      [0, 1, 1, 1, 1],
    );
    assert.ok(results.every(({ to }) => to === schemaVersion));
    const applied = await database.sql(`SELECT version FROM ${testSchema}.migrations`);
    assert.deepEqual(applied, [{ version: 1 }]);
  });

  it('a step that fails leaves nothing behind, and says which it was', async () => {
    database = await server.createDatabase();
    const broken = [
      ...migrations,
      { name: 'half', oldestCode: 1, sql: () => `CREATE TABLE ${testSchema}.half (); SELECT * FROM nowhere` },
    ];
    const error = await rejection(runMigrations(storeOptions(database.url), storeDeps, broken));
    assert.equal(error.reason, 'MigrationFailed');
    assert.match(error.message, /"half".*nowhere/s);
    const [left] = await database.sql(`SELECT to_regnamespace('${testSchema}') IS NULL AS gone`);
    assert.deepEqual(left, { gone: true });
  });

  it('two organizations share a database, each in a schema of its own, whatever its name', async () => {
    database = await server.createDatabase();
    for (const schema of ['acme', 'Other "quoted" \\ schema']) {
      const options = storeOptions(database.url, { schema });
      await migrateStore(options, storeDeps);
      const store = await openStore(options, storeDeps);
      const epoch = await store.ownership.takeEpoch('operator-0');
      assert.equal(epoch, 1);
      assert.equal(await store.sources.ensureSource(sourceIdentity(), { epoch }), 1);
      const upkeep = await store.maintenance.upkeep({
        epoch,
        daysAhead: 1,
        deduplicationWindowMs: 1000,
        keepEventsMs: 1000,
        keepRejectsMs: undefined,
        keepRunsMs: undefined,
      });
      assert.equal(upkeep.partitionsMade, 4);
      await store.close();
    }
  });

  it('an older worker goes on beside a newer schema that bears it, and not beside one that does not', async () => {
    database = await server.createDatabase();
    const options = storeOptions(database.url);
    const expanded = [...migrations, { name: 'expand', oldestCode: 1, sql: () => 'SELECT 1' }];
    await runMigrations(options, storeDeps, expanded);
    await (await openStore(options, storeDeps)).close();
    assert.deepEqual((await migrateStore(options, storeDeps)).to, 2);

    const contracted = [...expanded, { name: 'contract', oldestCode: 3, sql: () => 'SELECT 1' }];
    await runMigrations(options, storeDeps, contracted);
    const error = await rejection(openStore(options, storeDeps));
    assert.equal(error.reason, 'SchemaTooNew');
    assert.ok(error instanceof TerminalError);
  });

  it('a schema that is not there, or not migrated, is told', async () => {
    database = await server.createDatabase();
    const missing = await rejection(openStore(storeOptions(database.url), storeDeps));
    assert.equal(missing.reason, 'StoreNotMigrated');
    await runMigrations(storeOptions(database.url), storeDeps, []);
    const behind = await rejection(openStore(storeOptions(database.url), storeDeps));
    assert.equal(behind.reason, 'StoreNotMigrated');
    assert.match(behind.message, /version 0/);
  });

  it('with a role that owns the schema, the other role needs no right to create', async () => {
    database = await server.createDatabase();
    const owner = await database.createRole();
    const ownerUrl = owner.url;
    const { url } = await database.createRole();
    const [name] = await database.sql<{ name: string }>('SELECT current_database() AS name');
    await database.sql(`GRANT CREATE ON DATABASE ${name?.name ?? ''} TO ${owner.name}`);

    const alone = await rejection(migrateStore(storeOptions(url), storeDeps));
    assert.equal(alone.reason, 'StorePermissionDenied');

    await migrateStore({ ...storeOptions(url), ownerUrl }, storeDeps);
    const store = await openStore(storeOptions(url), storeDeps);
    const epoch = await store.ownership.takeEpoch('operator-0');
    await store.sources.ensureSource(sourceIdentity(), { epoch });
    const upkeep = {
      epoch,
      daysAhead: 2,
      deduplicationWindowMs: 1000,
      keepEventsMs: 24 * 3_600_000,
      keepRejectsMs: 1000,
      keepRunsMs: 1000,
    };
    assert.equal((await store.maintenance.upkeep(upkeep)).partitionsMade, 6);
    assert.equal((await store.maintenance.upkeep(upkeep)).partitionsMade, 0);
    await store.close();
    // A role that came later is granted what it needs by the next start.
    const { url: laterUrl } = await database.createRole();
    await migrateStore({ ...storeOptions(laterUrl), ownerUrl }, storeDeps);
    await (await openStore(storeOptions(laterUrl), storeDeps)).close();
  });

  it('[C-10] what keeps a connection from being made has a reason, and no message holds the password', async () => {
    database = await server.createDatabase();
    const wrongPassword = new URL(database.url);
    wrongPassword.password = 'not-the-password';
    const noDatabase = new URL(database.url);
    noDatabase.pathname = '/nowhere';
    const noServer = new URL(database.url);
    noServer.port = '1';
    const noHost = new URL(database.url);
    noHost.hostname = 'no-such-host.invalid';
    const withTls = new URL(database.url);
    withTls.searchParams.set('sslmode', 'verify-full');
    const cases: readonly (readonly [string, string, typeof TerminalError | typeof TransientError])[] = [
      [wrongPassword.href, 'StoreAuthenticationFailed', TerminalError],
      [noDatabase.href, 'StoreDatabaseNotFound', TerminalError],
      [noServer.href, 'StoreUnreachable', TransientError],
      [noHost.href, 'StoreUnreachable', TransientError],
      [withTls.href, 'StoreTLSFailed', TerminalError],
    ];
    for (const [url, reason, kind] of cases) {
      const error = await rejection(openStore(storeOptions(url), storeDeps));
      assert.equal(error.reason, reason);
      assert.ok(error instanceof kind);
      const secret = decodeURIComponent(new URL(url).password);
      assert.ok(secret.length > 0 && !error.message.includes(secret), error.message);
      assert.match(error.message, /^PostgreSQL at /);
    }
  });

  it('a server that takes no writes is told apart from one that is not there', async () => {
    database = await server.createDatabase();
    const [name] = await database.sql<{ name: string }>('SELECT current_database() AS name');
    await migrateStore(storeOptions(database.url), storeDeps);
    await database.sql(`ALTER DATABASE ${name?.name ?? ''} SET default_transaction_read_only = on`);
    const error = await rejection(openStore(storeOptions(database.url), storeDeps));
    assert.equal(error.reason, 'StoreReadOnly');
    assert.ok(error instanceof TransientError);
  });
});
