import type { EventStore } from '../../../crds/generated/event-store.ts';
import type { Clock } from '../../../lib/clock.ts';
import { parseDuration } from '../../../lib/duration.ts';
import { resourceTypes } from '../../resource-types.ts';
import type { ApiClient } from '../../runtime/api-client.ts';
import type { EventRecorder } from '../../runtime/event-recorder.ts';
import type { ReconcileResult } from '../../runtime/controller.ts';
import type { ObjectKey } from '../../runtime/objects.ts';
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
}

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
    await deps.stores.release(key);
    return {};
  }
  const facts = await holdStore(store, key, deps, signal);
  const status = deriveStoreStatus(store, facts, new Date(deps.clock.now()).toISOString());
  await reportStatus({ ...deps, signal }, resourceTypes.eventStores, store, status);
  return settle(findStoreGates(facts), { requeueAfterMs: livenessMs / 3 });
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
    await keepUp(store, session);
    return { kind: 'held', serverVersion: session.serverVersion, schemaVersion: session.schemaVersion };
  } catch (error) {
    signal.throwIfAborted();
    return { kind: 'failed', error };
  }
}

/** Cheap when nothing is due: partitions that exist are not made again. */
async function keepUp(store: EventStore, session: StoreSession): Promise<void> {
  await session.store.maintenance.upkeep({
    epoch: session.epoch,
    daysAhead,
    deduplicationWindowMs: parseDuration(store.spec.deduplicationWindow) ?? 0,
    keepEventsMs: undefined,
    keepRejectsMs: undefined,
    keepRunsMs: undefined,
  });
}
