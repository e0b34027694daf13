import { isJsonObject, type JsonObject, type JsonValue } from '../../../lib/json.ts';
import { fieldSchema, mapKeyValue, type Schema } from './structural-schema.ts';

/**
 * A step from a value to one inside it, written as `managedFields` writes it: `f:name` for a field or the key of a
 * map, `k:{"name":"worker"}` for the item of a list of maps, `v:"finalizer"` for the item of a set.
 */
export type PathElement = string;

/** Elements joined by NUL, which no name or key holds; the empty path is the object itself. */
export type FieldPath = string;

/** Which fields somebody owns, or which differ between two objects. */
export type FieldSet = ReadonlySet<FieldPath>;

const separator = '\0';

export function append(path: FieldPath, element: PathElement): FieldPath {
  return path === '' ? element : `${path}${separator}${element}`;
}

function elementsOf(path: FieldPath): PathElement[] {
  return path.split(separator);
}

export function fieldElement(name: string): PathElement {
  return `f:${name}`;
}

/** How an item of a set or of a list of maps is addressed; undefined if it lacks every key. */
export function itemElement(item: JsonValue, list: Schema): PathElement | undefined {
  if (list['x-kubernetes-list-type'] === 'set') return `v:${JSON.stringify(item)}`;
  if (!isJsonObject(item)) return undefined;
  const keys = [...(list['x-kubernetes-list-map-keys'] ?? [])].toSorted();
  const entries = keys.flatMap((key): [string, JsonValue][] => {
    const value = mapKeyValue(list, item, key);
    return value === undefined ? [] : [[key, value]];
  });
  return entries.length === 0 ? undefined : `k:${JSON.stringify(Object.fromEntries(entries))}`;
}

export function difference(a: FieldSet, b: FieldSet): FieldSet {
  return a.difference(b);
}

/** Without the fields at and below the given ones. */
export function without(set: FieldSet, roots: readonly FieldPath[]): FieldSet {
  if (roots.length === 0) return set;
  const isBelow = (path: FieldPath) =>
    roots.some((root) => path === root || path.startsWith(`${root}${separator}`));
  return new Set([...set].filter((path) => !isBelow(path)));
}

/** Every path on the way to a member, without the members themselves. */
export function prefixesOf(set: FieldSet): FieldSet {
  const prefixes = new Set<FieldPath>();
  for (const path of set) {
    let end = path.lastIndexOf(separator);
    while (end > 0 && !prefixes.has(path.slice(0, end))) {
      prefixes.add(path.slice(0, end));
      end = path.lastIndexOf(separator, end - 1);
    }
  }
  return prefixes;
}

/** The set with the fields of structs that lie on the way to a member, though an owner never lists those. */
export function withNamedFields(set: FieldSet, schema: Schema): FieldSet {
  const result = new Set(set);
  for (const path of prefixesOf(set)) {
    if (isNamedField(elementsOf(path), schema)) result.add(path);
  }
  return result;
}

function isNamedField(elements: readonly PathElement[], root: Schema): boolean {
  let schema: Schema | undefined = root;
  let isNamed = false;
  for (const element of elements) {
    if (element.startsWith('f:')) {
      const name = element.slice(2);
      isNamed = schema?.properties !== undefined && Object.hasOwn(schema.properties, name);
      schema = fieldSchema(schema, name);
    } else {
      isNamed = false;
      schema = schema?.items;
    }
  }
  return isNamed;
}

/** The nested form of `managedFields[].fieldsV1`; `.` marks a member that has members below it. */
export function encodeFields(set: FieldSet): JsonObject {
  const root: JsonObject = {};
  const inner = prefixesOf(set);
  for (const path of [...set].toSorted()) {
    let node = root;
    for (const element of elementsOf(path)) {
      const next = node[element];
      node = isJsonObject(next) ? next : (node[element] = {});
    }
    if (inner.has(path)) node['.'] = {};
  }
  return root;
}

export function decodeFields(fields: JsonObject): FieldSet {
  const set = new Set<FieldPath>();
  collect(fields, '', set);
  return set;
}

function collect(node: JsonObject, path: FieldPath, set: Set<FieldPath>): void {
  for (const [element, below] of Object.entries(node)) {
    if (element === '.') {
      set.add(path);
      continue;
    }
    const next = append(path, element);
    if (!isJsonObject(below) || Object.keys(below).length === 0) set.add(next);
    else collect(below, next, set);
  }
}

/** As messages name a path: `.spec.containers[name="worker"].image`. */
export function formatPath(path: FieldPath): string {
  return elementsOf(path).map(formatElement).join('');
}

function formatElement(element: PathElement): string {
  const rest = element.slice(2);
  switch (element.slice(0, 2)) {
    case 'f:':
      return `.${rest}`;
    case 'v:':
      return `[=${rest}]`;
    case 'i:':
      return `[${rest}]`;
    default: {
      const keys = JSON.parse(rest) as Readonly<Record<string, JsonValue>>;
      const pairs = Object.entries(keys).map(([key, value]) => `${key}=${JSON.stringify(value)}`);
      return `[${pairs.join(',')}]`;
    }
  }
}
