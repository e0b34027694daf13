import type { JsonObject } from '../../../lib/json.ts';
import { metadataOf, textAt, withMetadata } from './object-fields.ts';

/** A change of one object. `previous` is what stood before; selectors of a watch need both. */
export interface StoreEvent {
  readonly revision: number;
  /** As `resourceKeyOf` gives it. */
  readonly resource: string;
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED';
  readonly object: JsonObject;
  readonly previous: JsonObject | undefined;
}

export interface StoreSnapshot {
  readonly revision: number;
  /** All objects by resource. */
  readonly objects: Readonly<Record<string, readonly JsonObject[]>>;
}

/** All objects of the API, one revision counter over all of them, and a bounded memory of what changed. */
export interface ObjectStore {
  readonly revision: () => number;
  get(resource: string, key: string): JsonObject | undefined;
  /** In the order of their keys. */
  list(resource: string): readonly JsonObject[];
  /** Stores the object under a new revision, which becomes its resourceVersion; the answer is what was stored. */
  put(resource: string, object: JsonObject): JsonObject;
  remove(resource: string, key: string): void;
  /** What happened after a revision; undefined if part of that is forgotten. */
  eventsSince(revision: number): readonly StoreEvent[] | undefined;
  /** Calls back for each change, in order, at once. The answer ends that. */
  subscribe(listener: (event: StoreEvent) => void): () => void;
  snapshot(): StoreSnapshot;
}

export interface ObjectStoreOptions {
  /** How many changes are remembered for watches that begin in the past. Default 10000. */
  readonly historySize?: number;
  readonly restored?: StoreSnapshot;
}

/** `namespace/name`; the namespace is empty for a cluster-scoped object. */
export function storeKey(object: JsonObject): string {
  const metadata = metadataOf(object);
  return `${textAt(metadata, 'namespace')}/${textAt(metadata, 'name')}`;
}

export function createObjectStore({ historySize = 10_000, restored }: ObjectStoreOptions = {}): ObjectStore {
  const tables = createTables(restored);
  const listeners = new Set<(event: StoreEvent) => void>();
  const history: StoreEvent[] = [];
  let revision = restored?.revision ?? 1;
  /** Everything after this revision is in `history`. */
  let forgotten = revision;

  function record(event: StoreEvent): void {
    history.push(event);
    if (history.length > historySize) forgotten = history.shift()?.revision ?? forgotten;
    for (const listener of Array.from(listeners)) listener(event);
  }

  return {
    revision: () => revision,
    get: (resource, key) => tables.of(resource).get(key),
    list: (resource) => sortedObjects(tables.of(resource)),
    put(resource, object) {
      revision += 1;
      const stored = withMetadata(object, { resourceVersion: String(revision) });
      const table = tables.of(resource);
      const previous = table.get(storeKey(stored));
      table.set(storeKey(stored), stored);
      const type = previous === undefined ? 'ADDED' : 'MODIFIED';
      record({ revision, resource, type, object: stored, previous });
      return stored;
    },
    remove(resource, key) {
      const previous = tables.of(resource).get(key);
      if (previous === undefined) return;
      revision += 1;
      tables.of(resource).delete(key);
      const object = withMetadata(previous, { resourceVersion: String(revision) });
      record({ revision, resource, type: 'DELETED', object, previous });
    },
    eventsSince: (since) =>
      since < forgotten ? undefined : history.filter((event) => event.revision > since),
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    snapshot: () => ({ revision, objects: tables.objects() }),
  };
}

type Table = Map<string, JsonObject>;

function createTables(restored: StoreSnapshot | undefined) {
  const tables = new Map<string, Table>();
  for (const [resource, objects] of Object.entries(restored?.objects ?? {})) {
    tables.set(resource, new Map(objects.map((object) => [storeKey(object), object])));
  }
  return {
    of(resource: string): Table {
      const table = tables.get(resource) ?? new Map<string, JsonObject>();
      tables.set(resource, table);
      return table;
    },
    objects: () =>
      Object.fromEntries(Array.from(tables, ([resource, table]) => [resource, [...table.values()]])),
  };
}

function sortedObjects(table: Table): JsonObject[] {
  return [...table].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, object]) => object);
}
