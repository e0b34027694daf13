import type { Clock } from '../../lib/clock.ts';
import type { Logger } from '../../lib/log.ts';
import type { ApiClient } from './api-client.ts';
import { orAbort } from './deadline.ts';
import { deepFreeze } from './freeze.ts';
import { formatKey, keyOf, type KubernetesObject, type ResourceType } from './objects.ts';
import type { RuntimeMetrics } from './runtime-metrics.ts';
import { createStore, type Change, type IndexFunction, type Store, type WritableStore } from './store.ts';
import { watchScope, type WatchTarget, type WatchTiming } from './watch-loop.ts';

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
  /** Called after the store has changed, in order, synchronously. What it throws is logged. Gives the unsubscribe. */
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
  listDeadlineMs: 60_000,
  backoff: { baseMs: 800, capMs: 30_000 },
};

export function createReflector<T extends KubernetesObject>(
  options: ReflectorOptions<T>,
  deps: ReflectorDeps,
): Reflector<T> {
  return new WatchedReflector(options, deps);
}

class WatchedReflector<T extends KubernetesObject> implements Reflector<T> {
  readonly type: ResourceType;
  readonly store: WritableStore<T>;
  readonly #options: ReflectorOptions<T>;
  readonly #deps: ReflectorDeps;
  readonly #timing: WatchTiming;
  /** `jobs.batch`, for people and metrics. */
  readonly #resource: string;
  readonly #listeners = new Set<(change: Change<T>) => void>();
  readonly #unsynced: Set<string>;
  readonly #ready = Promise.withResolvers<void>();
  /** By namespace, on the monotonic clock. */
  readonly #heardAt: Map<string, number>;

  constructor(options: ReflectorOptions<T>, deps: ReflectorDeps) {
    const { type, namespaces = [''] } = options;
    this.type = type;
    this.store = createStore(options.indexes);
    this.#options = options;
    this.#deps = deps;
    this.#timing = { ...defaultTiming, ...options.timing };
    this.#resource = type.group === '' ? type.plural : `${type.plural}.${type.group}`;
    this.#unsynced = new Set(namespaces);
    this.#heardAt = new Map(namespaces.map((namespace) => [namespace, deps.clock.monotonic()]));
    deps.metrics.watchConnected.set({ resource: this.#resource }, 0);
  }

  get hasSynced(): boolean {
    return this.#unsynced.size === 0;
  }

  synced(signal?: AbortSignal): Promise<void> {
    return orAbort(this.#ready.promise, signal);
  }

  silentForMs(): number {
    return this.#deps.clock.monotonic() - Math.min(...this.#heardAt.values());
  }

  staleSince(): string | undefined {
    const silentMs = this.silentForMs();
    if (silentMs <= 2 * this.#timing.idleLimitMs) return undefined;
    return `${this.#resource}: the API server has not been heard for ${Math.round(silentMs / 1000)} s`;
  }

  onChange(listener: (change: Change<T>) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async run(signal: AbortSignal): Promise<void> {
    const { namespaces = [''] } = this.#options;
    await Promise.all(namespaces.map((namespace) => this.#watch(namespace, signal)));
  }

  #watch(namespace: string, signal: AbortSignal): Promise<void> {
    const scope = { ...this.#options, namespace, resource: this.#resource, timing: this.#timing };
    const target: WatchTarget<T> = {
      replaced: (objects) => {
        this.#tell(
          this.store.replace(
            namespace,
            objects.map((object) => this.#prepare(object)),
          ),
        );
        this.#unsynced.delete(namespace);
        if (this.hasSynced) this.#ready.resolve();
      },
      changed: (object) => this.#tell(this.store.put(this.#prepare(object))),
      deleted: (object) => this.#tell(this.store.remove(this.#prepare(object))),
      heard: () => {
        this.#heardAt.set(namespace, this.#deps.clock.monotonic());
        const heardAt = this.#deps.clock.now() - this.silentForMs();
        this.#deps.metrics.watchLastEvent.set({ resource: this.#resource }, heardAt / 1000);
      },
    };
    return watchScope(scope, target, this.#deps, signal);
  }

  #prepare(object: T): T {
    const { trim = (whole: T) => whole } = this.#options;
    return deepFreeze(trim(withoutManagedFields(object)));
  }

  #tell(changes: readonly Change<T>[]): void {
    this.#deps.metrics.cacheObjects.set({ resource: this.#resource }, this.store.size);
    for (const change of changes)
      for (const listener of this.#listeners) this.#callListener(listener, change);
  }

  /** A listener with a bug must not cost the others, or the copy itself, a change. */
  #callListener(listener: (change: Change<T>) => void, change: Change<T>): void {
    try {
      listener(change);
    } catch (error) {
      const object = formatKey(keyOf(change.object));
      this.#deps.log.error('a listener failed', { resource: this.#resource, object, error });
    }
  }
}

/** Which manager owns which field is half of an object's size, and no controller reads it. */
function withoutManagedFields<T extends KubernetesObject>(object: T): T {
  const { managedFields: _, ...metadata } = object.metadata as T['metadata'] & { managedFields?: unknown };
  return { ...object, metadata };
}
