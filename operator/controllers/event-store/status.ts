import type { EventStore, EventStoreStatus } from '../../../crds/generated/event-store.ts';
import { annotations } from '../../../crds/names.ts';
import { deriveConditions } from '../../conditions/derive-conditions.ts';
import { findingOf, gatesUntil, passed, type Finding } from '../../conditions/finding.ts';

/** What one attempt to hold the store came to. */
export type StoreFacts =
  | { readonly kind: 'held'; readonly serverVersion: string; readonly schemaVersion: number }
  | { readonly kind: 'failed'; readonly error: unknown };

const passes = [
  passed('Accepted', 'Accepted', 'The spec makes sense.'),
  passed('ResolvedRefs', 'ResolvedRefs', 'The Secrets that the spec names have what is needed.'),
  passed('Connected', 'Connected', 'The database answers and can be written.'),
  passed('SchemaReady', 'SchemaReady', 'The tables are there and belong to this EventStore.'),
] as const;

export function findStoreGates(facts: StoreFacts): readonly Finding[] {
  const failure = facts.kind === 'failed' ? findingOf(facts.error, 'Connected', passes) : undefined;
  return gatesUntil(passes, failure);
}

export function deriveStoreStatus(store: EventStore, facts: StoreFacts, now: string): EventStoreStatus {
  const requestedAt = store.metadata.annotations?.[annotations.requestedAt];
  const conditions = deriveConditions({
    kind: 'EventStore',
    generation: store.metadata.generation,
    previous: store.status.conditions ?? [],
    findings: findStoreGates(facts),
    now,
  });
  const versions =
    facts.kind === 'held'
      ? { serverVersion: facts.serverVersion, schemaVersion: facts.schemaVersion }
      : pickVersions(store.status);
  return {
    observedGeneration: store.metadata.generation,
    ...(requestedAt === undefined ? {} : { lastHandledReconcileAt: requestedAt }),
    ...versions,
    conditions,
  };
}

/** What was last known of a database that does not answer now. */
function pickVersions(status: EventStoreStatus): Pick<EventStoreStatus, 'serverVersion' | 'schemaVersion'> {
  const { serverVersion, schemaVersion } = status;
  return {
    ...(serverVersion === undefined ? {} : { serverVersion }),
    ...(schemaVersion === undefined ? {} : { schemaVersion }),
  };
}
