import type { Clock } from '../../../lib/clock.ts';
import type { JsonObject } from '../../../lib/json.ts';
import { objectAt, textAt } from './object-fields.ts';
import { storeKey, type ObjectStore } from './object-store.ts';

const eventResource = 'events.k8s.io/events';
/** As long as a cluster keeps them. */
const keptMs = 3_600_000;

/** Forgets old Events whenever a new one comes. The answer ends it. */
export function startEventExpiry(store: ObjectStore, clock: Pick<Clock, 'now'>): () => void {
  return store.subscribe(({ resource, type }) => {
    if (resource !== eventResource || type !== 'ADDED') return;
    const limit = clock.now() - keptMs;
    const old = store.list(eventResource).filter((event) => lastSeen(event) < limit);
    for (const event of old) store.remove(eventResource, storeKey(event));
  });
}

function lastSeen(event: JsonObject): number {
  const repeated = textAt(objectAt(event, 'series'), 'lastObservedTime');
  return Date.parse(repeated === '' ? textAt(event, 'eventTime') : repeated);
}
