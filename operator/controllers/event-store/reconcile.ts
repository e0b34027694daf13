import type { EventStore } from '../../../crds/generated/event-store.ts';
import type { Clock } from '../../../lib/clock.ts';
import { parseDuration } from '../../../lib/duration.ts';
import type { Store } from '../../../lib/store/types.ts';
import { resourceTypes } from '../../resource-types.ts';
import type { ApiClient } from '../../runtime/api-client.ts';
import type { EventRecorder } from '../../runtime/event-recorder.ts';
import type { ReconcileResult } from '../../runtime/controller.ts';
import { formatKey, type ObjectKey } from '../../runtime/objects.ts';
import type { Store as Cache } from '../../runtime/store.ts';
import { livenessMs, type Stores, type StoreSession } from '../../stores.ts';
import { reportStatus } from '../report-status.ts';
import { settle } from '../settle.ts';
import { gatherStoreAccess } from './gather.ts';
import { deriveStoreStatus, findStoreGates, type StoreFacts } from './status.ts';

export interface EventStoreDeps {
  readonly client: ApiClient;
  readonly eventStores: Cache<EventStore>;
  readonly stores: Stores;
  readonly recorder: EventRecorder;
  readonly clock: Clock;
  readonly installationId: string;
  /** Of each store, by its key; memory of this process alone. */
  readonly upkeeps: Map<string, Upkeep>;
}

/** When a store is to be kept up next. */
export interface Upkeep {
  /** Another one, e.g. after a change of the Secret: it is kept up at once. */
  readonly store: Store;
  readonly dueMs: number;
}

export const heartbeatMs = livenessMs / 3;

/** What has outlived its time goes within hours. */
const upkeepMs = 3_600_000;

/** Partitions are made so many days ahead: for as long the operator may be down before a worker misses one. */
const daysAhead = 14;

/** Opens the store, keeps its owner's heartbeat going, and says how it stands. */
export async function reconcileEventStore(
  key: ObjectKey,
  deps: EventStoreDeps,
  signal: AbortSignal,
): Promise<ReconcileResult> {
  const store = deps.eventStores.get(key);
  if (store === undefined || store.metadata.deletionTimestamp !== undefined) {
    deps.upkeeps.delete(formatKey(key));
    await deps.stores.release(key);
    return {};
  }
  const facts = await holdStore(store, key, deps, signal);
  const status = deriveStoreStatus(store, facts, new Date(deps.clock.now()).toISOString());
  await reportStatus({ ...deps, signal }, resourceTypes.eventStores, store, status);
  return settle(findStoreGates(facts), { requeueAfterMs: heartbeatMs }, status.conditions);
}

async function holdStore(
  store: EventStore,
  key: ObjectKey,
  deps: EventStoreDeps,
  signal: AbortSignal,
): Promise<StoreFacts> {
  try {
    const access = await gatherStoreAccess(store, deps.client, signal);
    const owner = {
      installationId: deps.installationId,
      namespace: key.namespace,
      name: key.name,
      organizationId: store.spec.organizationID,
    };
    const session = await deps.stores.hold(key, access, owner);
    tellTakeover(store, session, deps);
    await keepUp(store, key, session, deps);
    return { kind: 'held', serverVersion: session.serverVersion, schemaVersion: session.schemaVersion };
  } catch (error) {
    signal.throwIfAborted();
    return { kind: 'failed', error };
  }
}

function tellTakeover(store: EventStore, { ownership }: StoreSession, { recorder }: EventStoreDeps): void {
  if (ownership.kind !== 'takenOver') return;
  const seconds = Math.round(ownership.silentMs / 1000);
  // One that resigned has its time set to the beginning of all times.
  const silent = seconds > 10 * 365 * 86_400 ? 'has given it up' : `had shown no life for ${seconds} s`;
  recorder.record({
    regarding: store,
    type: 'Normal',
    reason: 'StoreTakenOver',
    action: 'Hold',
    note: `The schema ${store.spec.postgres.schema} belonged to another EventStore, which ${silent}. This one has taken its place; its ledger goes on.`,
  });
}

/** On opening, each hour, and again soon while more is due than one call removes. */
async function keepUp(
  store: EventStore,
  key: ObjectKey,
  session: StoreSession,
  { upkeeps, clock }: EventStoreDeps,
): Promise<void> {
  const last = upkeeps.get(formatKey(key));
  if (last?.store === session.store && clock.monotonic() < last.dueMs) return;
  const { retention = {} } = store.spec;
  const { more } = await session.store.maintenance.upkeep({
    epoch: session.epoch,
    daysAhead,
    deduplicationWindowMs: parseDuration(store.spec.deduplicationWindow) ?? 0,
    keepEventsMs: keptMs(retention.events),
    keepRejectsMs: keptMs(retention.rejects),
    keepRunsMs: keptMs(retention.runs),
  });
  upkeeps.set(formatKey(key), { store: session.store, dueMs: clock.monotonic() + (more ? 0 : upkeepMs) });
}

/** undefined: for good. The schema admits only texts that can be read. */
function keptMs(days: string | undefined): number | undefined {
  return days === undefined ? undefined : parseDuration(days);
}
