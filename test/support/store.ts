import { after, afterEach, before, beforeEach } from 'node:test';
import { systemClock } from '../../lib/clock.ts';
import type { EventCall } from '../../lib/contract/event.ts';
import type { JsonObject } from '../../lib/json.ts';
import { openLedgerReader, type LedgerReader } from '../../lib/store/ledger-reader.ts';
import { migrateStore } from '../../lib/store/migrate-store.ts';
import { openStore } from '../../lib/store/open-store.ts';
import type {
  Claim,
  ClaimedFile,
  ClaimRequest,
  FaultPoint,
  FoundObject,
  LoadBatch,
  LoadResult,
  SourceIdentity,
  Store,
  StoreDeps,
  StoreOptions,
} from '../../lib/store/types.ts';
import { encodedEvents } from './encoded-events.ts';
import { startPostgres, type PostgresServer, type TestDatabase } from './postgres.ts';

export const testSchema = 'acme';
export const weekMs = 7 * 24 * 3_600_000;
export const target = { projectId: '168342', deduplicationWindowMs: weekMs };

export const storeDeps: StoreDeps = { clock: systemClock, random: Math.random };

export function storeOptions(url: string, changes: Partial<StoreOptions> = {}): StoreOptions {
  return { url, schema: testSchema, maxConnections: 4, applicationName: 'millrace-test', ...changes };
}

export function sourceIdentity(changes: Partial<SourceIdentity> = {}): SourceIdentity {
  return {
    namespace: 'acme',
    ledgerName: 'web-events',
    endpoint: '',
    bucket: 'acme-events',
    prefix: 'web/',
    projectId: '168342',
    destination: 'eventStore',
    ...changes,
  };
}

/** A database of its own, migrated, with a source that workers of the template `template-1` may work on. */
export interface StoreFixture {
  readonly database: TestDatabase;
  readonly store: Store;
  readonly epoch: number;
  readonly sourceId: number;
  readonly generation: number;
  /** Another connection pool on the same store, as another process has it. */
  open(deps?: Partial<StoreDeps>, changes?: Partial<StoreOptions>): Promise<Store>;
  /** What people see of it. */
  openReader(): Promise<LedgerReader>;
  close(): Promise<void>;
}

export const template = 'template-1';

export async function createFixture(server: PostgresServer): Promise<StoreFixture> {
  const database = await server.createDatabase();
  const options = storeOptions(database.url);
  await migrateStore(options, storeDeps);
  const store = await openStore(options, storeDeps);
  const opened: { close(): Promise<void> }[] = [store];
  const epoch = await store.ownership.takeEpoch('operator-0');
  const sourceId = await store.sources.ensureSource(sourceIdentity(), { epoch });
  await store.sources.setWantedTemplate(sourceId, template, { epoch });
  const conversion = { digest: 'digest-1', kind: 'amplitude', document: '{}' };
  const generation = await store.sources.recordConversion(sourceId, conversion, { epoch });
  return {
    database,
    store,
    epoch,
    sourceId,
    generation,
    open: async (deps = {}, changes = {}) => {
      const other = await openStore(storeOptions(database.url, changes), { ...storeDeps, ...deps });
      opened.push(other);
      return other;
    },
    openReader: async () => {
      const reader = await openLedgerReader(options, storeDeps);
      opened.push(reader);
      return reader;
    },
    close: async () => {
      await Promise.all(opened.map(async (one) => await one.close()));
    },
  };
}

/** A server for the tests of a `describe`, and a new fixture on it for each. To be called at its beginning. */
export interface StoreSuite {
  readonly server: PostgresServer;
  readonly fixture: StoreFixture;
}

export function useStore(): StoreSuite {
  const suite: { server?: PostgresServer; fixture?: StoreFixture } = {};
  before(async () => {
    suite.server = await startPostgres();
  });
  after(async () => {
    await suite.server?.stop();
  });
  beforeEach(async () => {
    suite.fixture = await createFixture(begun(suite.server));
  });
  afterEach(async () => {
    await suite.fixture?.close();
  });
  return {
    get server() {
      return begun(suite.server);
    },
    get fixture() {
      return begun(suite.fixture);
    },
  };
}

function begun<T>(value: T | undefined): T {
  if (value === undefined) throw new Error('there is a server and a fixture only while a test runs');
  return value;
}

/** Uploaded in the order in which they are made from increasing `age`s. */
export function foundObject(key: string, changes: Partial<FoundObject> = {}): FoundObject {
  return { key, etag: `etag of ${key}`, size: 1000, lastModified: Date.UTC(2026, 10, 1), ...changes };
}

export async function recordFiles(fixture: StoreFixture, objects: readonly FoundObject[]): Promise<void> {
  const { store, sourceId, generation, epoch } = fixture;
  await store.discovery.recordFound(sourceId, { objects, generation, epoch, foundBy: 'listing' });
}

export function claimRequest(sourceId: number, changes: Partial<ClaimRequest> = {}): ClaimRequest {
  return {
    sourceId,
    templateHash: template,
    claimant: 'worker-0',
    limit: 10,
    leaseMs: 60_000,
    maxAttempts: 5,
    ...changes,
  };
}

export async function claimFiles(
  store: Store,
  sourceId: number,
  changes: Partial<ClaimRequest> = {},
): Promise<readonly ClaimedFile[]> {
  const result = await store.claims.claim(claimRequest(sourceId, changes));
  return result.kind === 'claimed' ? result.files : [];
}

/** Records one file, claims it and opens it. */
export async function openFile(fixture: StoreFixture, key = 'web/a.json'): Promise<Claim> {
  await recordFiles(fixture, [foundObject(key)]);
  const files = await claimFiles(fixture.store, fixture.sourceId);
  const file = files.find((one) => one.key === key);
  if (file === undefined) throw new Error(`the file ${key} was not given out`);
  await fixture.store.claims.markOpened(file.claim);
  return file.claim;
}

export function event(changes: Partial<EventCall> = {}): EventCall {
  const call = {
    kind: 'event',
    time: Date.UTC(2026, 10, 2),
    eventType: 'page viewed',
    userId: undefined,
    deviceId: 'device-1',
    insertId: 'insert-1',
    ...changes,
  } as const;
  const fixed = { event_type: call.eventType, insert_id: call.insertId, $skip_user_properties_sync: true };
  return { ...call, body: { ...fixed, ...changes.body } };
}

export function identify(userId: string, insertId: string, userProperties: JsonObject): EventCall {
  return event({
    kind: 'identify',
    eventType: '$identify',
    userId,
    insertId,
    body: { user_properties: userProperties },
  });
}

export function groupIdentify(insertId: string, groups: JsonObject, groupProperties: JsonObject): EventCall {
  return {
    ...event({
      kind: 'groupidentify',
      eventType: '$groupidentify',
      insertId,
      body: { groups, group_properties: groupProperties },
    }),
    deviceId: undefined,
  };
}

/** A batch of these events, one a row, from the row behind `afterRow` on. */
export function batchOf(events: readonly EventCall[], changes: Partial<LoadBatch> = {}): LoadBatch {
  const { afterRow = 0 } = changes;
  const rows = events.map((one, index) => ({ row: afterRow + index + 1, event: one }));
  return {
    afterRow,
    throughRow: afterRow + events.length,
    events: encodedEvents(target, rows),
    rejects: [],
    skipped: 0,
    final: true,
    ...changes,
  };
}

/** Imports a whole file of these events. */
export async function importFile(
  fixture: StoreFixture,
  key: string,
  events: readonly EventCall[],
): Promise<LoadResult> {
  const claim = await openFile(fixture, key);
  return await fixture.store.loading.commitBatch(claim, target, batchOf(events));
}

/** Holds whoever comes to `point` until `goOn`. */
export interface Halt {
  readonly faultPoint: (name: FaultPoint) => Promise<void>;
  /** When the first has come there. */
  readonly reached: Promise<void>;
  goOn(): void;
}

export function haltAt(point: FaultPoint): Halt {
  const reached = Promise.withResolvers<undefined>();
  const held = Promise.withResolvers<undefined>();
  return {
    faultPoint: async (name) => {
      if (name !== point) return;
      reached.resolve(undefined);
      await held.promise;
    },
    reached: reached.promise,
    goOn: () => {
      held.resolve(undefined);
    },
  };
}

/** How many sessions of the database wait for a lock. */
export async function countWaiting(database: TestDatabase): Promise<number> {
  const [row] = await database.sql<{ n: number }>(
    `SELECT count(*)::int AS n FROM pg_stat_activity
     WHERE datname = current_database() AND wait_event_type = 'Lock'`,
  );
  return row?.n ?? 0;
}

/** Asks until the answer is true. */
export async function until(
  condition: () => Promise<boolean>,
  what: string,
  limitMs = 60_000,
): Promise<void> {
  const end = performance.now() + limitMs;
  while (!(await condition())) {
    if (performance.now() > end) throw new Error(`waited in vain until ${what}`);
    await systemClock.sleep(50);
  }
}
