import type { KubernetesObject, ObjectKey, ResourceType } from './objects.ts';

/** What became of one object. A delete and a create under the same name are two changes, never an update. */
export type Change<T> =
  | { readonly kind: 'Added'; readonly object: T }
  | { readonly kind: 'Updated'; readonly object: T; readonly previous: T }
  | { readonly kind: 'Deleted'; readonly object: T };

/** A read-only view of the objects last seen. Objects are deeply frozen, and without managedFields. */
export interface Store<T> {
  readonly size: number;
  get(key: ObjectKey): T | undefined;
  /** All, or those of a namespace, ordered by key. */
  list(namespace?: string): readonly T[];
  /** The objects for which the named index function gave this value. */
  byIndex(index: string, value: string): readonly T[];
}

/** A local copy of one resource, kept equal to the server's by LIST and WATCH. */
export interface Reflector<T extends KubernetesObject> {
  readonly type: ResourceType;
  readonly store: Store<T>;
  /** True from the first complete LIST on (of every namespace). Until then an empty store means nothing. */
  readonly hasSynced: boolean;
  /** Resolves once synced; rejects with the signal's reason. */
  synced(signal?: AbortSignal): Promise<void>;
  /** Milliseconds since the server was last heard (bookmarks count); the worst of all namespaces. */
  silentForMs(): number;
  /** Called after the store has changed, in order, synchronously; must not throw. Gives the unsubscribe. */
  onChange(listener: (change: Change<T>) => void): () => void;
  /** Lists and watches until the signal is aborted; resolves then. Never gives up. */
  run(signal: AbortSignal): Promise<void>;
}
