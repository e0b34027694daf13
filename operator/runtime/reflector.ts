import type { Clock } from '../../lib/clock.ts';
import type { Logger } from '../../lib/log.ts';
import type { ApiClient } from './api-client.ts';
import { deepFreeze } from './freeze.ts';
import type { KubernetesObject, ResourceType } from './objects.ts';
import type { RuntimeMetrics } from './runtime-metrics.ts';
import { createStore, type Change, type IndexFunction, type Store } from './store.ts';
import { watchScope, type WatchTiming } from './watch-loop.ts';

/** A local copy of one resource, kept equal to the server's by LIST and WATCH. */
export interface Reflector<T extends KubernetesObject> {
  readonly type: ResourceType;
  readonly store: Store<T>;
  /** True from the first complete LIST on (of every namespace). Until then an empty store means nothing. */
  readonly hasSynced: boolean;
  /** Resolves once synced; rejects with the signal's reason. */
  synced(signal?: AbortSignal): Promise<void>;
  /** Milliseconds since the server was last heard (an opened watch and bookmarks count); the worst of all namespaces. */
  silentForMs(): number;
  /**
   * Why the copy may be old, for `/readyz`: the server has not been heard for much longer than it should take to
   * notice and to reconnect. Undefined while all is well.
   */
  staleSince(): string | undefined;
  /** Called after the store has changed, in order, synchronously; must not throw. Gives the unsubscribe. */
  onChange(listener: (change: Change<T>) => void): () => void;
  /** Lists and watches until the signal is aborted; resolves then. Never gives up. To be called once. */
  run(signal: AbortSignal): Promise<void>;
}

export interface ReflectorOptions<T extends KubernetesObject> {
  readonly type: ResourceType;
  /** Only these namespaces, each with a list and a watch of its own. Default: all, with one. */
  readonly namespaces?: readonly string[];
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
  /** Objects in a page of a LIST. Default 500. */
  readonly pageSize?: number;
  /** Leaves out of an object what nobody here reads, e.g. the data of Secrets; managedFields always go. */
  readonly trim?: (object: T) => T;
  readonly indexes?: Readonly<Record<string, IndexFunction<T>>>;
  readonly timing?: Partial<WatchTiming>;
}

export interface ReflectorDeps {
  readonly client: Pick<ApiClient, 'list' | 'watch'>;
  readonly clock: Clock;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  readonly log: Logger;
  readonly metrics: RuntimeMetrics;
}

/**
 * How a watch is kept honest. The server is asked to end each watch after a random time, so that those of a fleet do
 * not end together. Bookmarks come about once a minute even where nothing changes, so a longer silence means that the
 * connection is dead, whatever TCP says.
 */
const defaultTiming: WatchTiming = {
  minTimeoutSeconds: 240,
  maxTimeoutSeconds: 480,
  idleLimitMs: 150_000,
  graceMs: 15_000,
  backoff: { baseMs: 800, capMs: 30_000 },
};

export function createReflector<T extends KubernetesObject>(
  options: ReflectorOptions<T>,
  deps: ReflectorDeps,
): Reflector<T> {
  const { type, namespaces = [''], trim = (object: T) => object } = options;
  const timing = { ...defaultTiming, ...options.timing };
  const store = createStore(options.indexes);
  const listeners = new Set<(change: Change<T>) => void>();
  const unsynced = new Set(namespaces);
  const ready = Promise.withResolvers<void>();
  const createdAt = deps.clock.monotonic();
  const heardAt = new Map(namespaces.map((namespace) => [namespace, createdAt]));
  const resource = type.group === '' ? type.plural : `${type.plural}.${type.group}`;

  function tell(changes: readonly Change<T>[]): void {
    deps.metrics.cacheObjects.set({ resource }, store.size);
    for (const change of changes) for (const listener of listeners) listener(change);
  }

  const prepare = (object: T): T => deepFreeze(trim(withoutManagedFields(object)));

  function watchNamespace(namespace: string, signal: AbortSignal): Promise<void> {
    const scope = { ...options, namespace, resource, timing };
    const target = {
      replaced: (objects: readonly T[]) => {
        tell(store.replace(namespace, objects.map(prepare)));
        unsynced.delete(namespace);
        if (unsynced.size === 0) ready.resolve();
      },
      changed: (object: T) => tell(store.put(prepare(object))),
      deleted: (object: T) => tell(store.remove(prepare(object))),
      heard: () => {
        heardAt.set(namespace, deps.clock.monotonic());
        deps.metrics.watchLastEvent.set({ resource }, deps.clock.now() / 1000);
      },
    };
    return watchScope<T>(scope, target, deps, signal);
  }

  const silentForMs = (): number => deps.clock.monotonic() - Math.min(...heardAt.values());

  return {
    type,
    store,
    get hasSynced() {
      return unsynced.size === 0;
    },
    synced: (signal) => abortable(ready.promise, signal),
    silentForMs,
    staleSince() {
      const silentMs = silentForMs();
      if (silentMs <= 2 * timing.idleLimitMs) return undefined;
      return `${resource}: the API server has not been heard for ${Math.round(silentMs / 1000)} s`;
    },
    onChange(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    async run(signal) {
      await Promise.all(namespaces.map((namespace) => watchNamespace(namespace, signal)));
    },
  };
}

/** Which manager owns which field is half of an object's size, and no controller reads it. */
function withoutManagedFields<T extends KubernetesObject>(object: T): T {
  const { managedFields: _, ...metadata } = object.metadata as T['metadata'] & { managedFields?: unknown };
  return { ...object, metadata };
}

async function abortable(promise: Promise<void>, signal: AbortSignal | undefined): Promise<void> {
  if (signal === undefined) return promise;
  signal.throwIfAborted();
  const aborted = Promise.withResolvers<never>();
  const abort = (): void => aborted.reject(signal.reason);
  signal.addEventListener('abort', abort, { once: true });
  try {
    await Promise.race([promise, aborted.promise]);
  } finally {
    signal.removeEventListener('abort', abort);
  }
}
