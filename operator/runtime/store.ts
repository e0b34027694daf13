import { formatKey, keyOf, type KubernetesObject, type ObjectKey } from './objects.ts';

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
  /** The objects for which the named index function gave this value, ordered by key. */
  byIndex(index: string, value: string): readonly T[];
}

/** The values under which an object is found; none: not at all. */
export type IndexFunction<T> = (object: T) => readonly string[];

/** Each call gives the changes that it made. Objects are held as they are given: freeze them before. */
export interface WritableStore<T> extends Store<T> {
  put(object: T): readonly Change<T>[];
  remove(object: T): readonly Change<T>[];
  /** Makes the objects of `namespace` (all of them, if empty) exactly these. */
  replace(namespace: string, objects: Iterable<T>): readonly Change<T>[];
}

export function createStore<T extends KubernetesObject>(
  indexes: Readonly<Record<string, IndexFunction<T>>> = {},
): WritableStore<T> {
  return new IndexedStore(indexes);
}

/** Values of one kind, found by two keys. */
type Table<T> = Map<string, Map<string, T>>;

class IndexedStore<T extends KubernetesObject> implements WritableStore<T> {
  readonly #indexFunctions: Readonly<Record<string, IndexFunction<T>>>;
  /** By namespace and name; the namespace is empty for cluster-scoped objects. */
  readonly #objects: Table<T> = new Map();
  /** For each index: by value and key. */
  readonly #indexes: ReadonlyMap<string, Table<T>>;
  #size = 0;

  constructor(indexFunctions: Readonly<Record<string, IndexFunction<T>>>) {
    this.#indexFunctions = indexFunctions;
    this.#indexes = new Map(Object.keys(indexFunctions).map((name) => [name, new Map()]));
  }

  get size(): number {
    return this.#size;
  }

  get(key: ObjectKey): T | undefined {
    return this.#objects.get(key.namespace)?.get(key.name);
  }

  list(namespace?: string): readonly T[] {
    const tables = namespace === undefined ? [...this.#objects.values()] : [this.#objects.get(namespace)];
    return sorted(tables.flatMap((table) => [...(table?.values() ?? [])]));
  }

  byIndex(index: string, value: string): readonly T[] {
    const table = this.#indexes.get(index);
    if (table === undefined) throw new RangeError(`the store has no index ${JSON.stringify(index)}`);
    return sorted([...(table.get(value)?.values() ?? [])]);
  }

  put(object: T): readonly Change<T>[] {
    const previous = this.get(keyOf(object));
    if (previous === undefined) {
      this.#add(object);
      return [{ kind: 'Added', object }];
    }
    if (isSameVersion(previous, object)) return [];
    this.#drop(previous);
    this.#add(object);
    if (previous.metadata.uid === object.metadata.uid) return [{ kind: 'Updated', object, previous }];
    return [
      { kind: 'Deleted', object: previous },
      { kind: 'Added', object },
    ];
  }

  remove(object: T): readonly Change<T>[] {
    const held = this.get(keyOf(object));
    // Another uid: the end of an object that has already been replaced by another of its name.
    if (held === undefined || held.metadata.uid !== object.metadata.uid) return [];
    this.#drop(held);
    return [{ kind: 'Deleted', object }];
  }

  replace(namespace: string, objects: Iterable<T>): readonly Change<T>[] {
    const kept = new Set<string>();
    const changes: Change<T>[] = [];
    for (const object of objects) {
      kept.add(formatKey(keyOf(object)));
      changes.push(...this.put(object));
    }
    for (const object of this.list(namespace === '' ? undefined : namespace)) {
      if (!kept.has(formatKey(keyOf(object)))) changes.push(...this.remove(object));
    }
    return changes;
  }

  #add(object: T): void {
    const { namespace, name } = keyOf(object);
    setIn(this.#objects, [namespace, name], object);
    for (const [index, value] of this.#indexValues(object)) {
      setIn(index, [value, formatKey({ namespace, name })], object);
    }
    this.#size += 1;
  }

  #drop(object: T): void {
    const { namespace, name } = keyOf(object);
    deleteIn(this.#objects, [namespace, name]);
    for (const [index, value] of this.#indexValues(object)) {
      deleteIn(index, [value, formatKey({ namespace, name })]);
    }
    this.#size -= 1;
  }

  *#indexValues(object: T): Generator<readonly [Table<T>, string]> {
    for (const [name, index] of this.#indexes) {
      for (const value of this.#indexFunctions[name]?.(object) ?? []) yield [index, value];
    }
  }
}

function setIn<T>(table: Table<T>, [outer, inner]: readonly [string, string], value: T): void {
  const row = table.get(outer) ?? new Map<string, T>();
  table.set(outer, row.set(inner, value));
}

function deleteIn<T>(table: Table<T>, [outer, inner]: readonly [string, string]): void {
  const row = table.get(outer);
  row?.delete(inner);
  if (row?.size === 0) table.delete(outer);
}

function isSameVersion(a: KubernetesObject, b: KubernetesObject): boolean {
  return a.metadata.uid === b.metadata.uid && a.metadata.resourceVersion === b.metadata.resourceVersion;
}

function sorted<T extends KubernetesObject>(objects: readonly T[]): readonly T[] {
  return objects
    .map((object) => ({ key: formatKey(keyOf(object)), object }))
    .toSorted((a, b) => (a.key < b.key ? -1 : 1))
    .map(({ object }) => object);
}
