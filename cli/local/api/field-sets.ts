import { isDeepStrictEqual } from 'node:util';

import { isJsonObject, type JsonObject, type JsonValue } from '../../../lib/json.ts';
import {
  append,
  fieldElement,
  itemElement,
  prefixesOf,
  type FieldPath,
  type FieldSet,
  type PathElement,
} from './field-paths.ts';
import { declaredField, fieldSchema, listTypeOf, type Schema } from './structural-schema.ts';

/** What tells two states of an object apart. Every member is a field that one owner can own. */
export interface Comparison {
  readonly added: FieldSet;
  readonly modified: FieldSet;
  readonly removed: FieldSet;
}

/** A value seen as the fields or items that have owners of their own; undefined for one that is owned as a whole. */
type Granular = ReadonlyMap<PathElement, { readonly value: JsonValue; readonly schema: Schema | undefined }>;

function granularOf(value: JsonValue, schema: Schema | undefined): Granular | undefined {
  if (isJsonObject(value)) {
    if (schema?.['x-kubernetes-map-type'] === 'atomic') return undefined;
    return new Map(
      Object.entries(value).map(([name, item]) => [
        fieldElement(name),
        { value: item, schema: fieldSchema(schema, name) },
      ]),
    );
  }
  if (!Array.isArray(value) || schema === undefined || listTypeOf(schema) === 'atomic') return undefined;
  const entries = value.flatMap((item): [PathElement, { value: JsonValue; schema: Schema | undefined }][] => {
    const element = itemElement(item, schema);
    return element === undefined ? [] : [[element, { value: item, schema: schema.items }]];
  });
  return new Map(entries);
}

/** The fields that whoever applies this object says something about, and so owns. */
export function fieldSetOf(object: JsonObject, schema: Schema): FieldSet {
  const set = new Set<FieldPath>();
  collectFields(object, { schema, path: '', set });
  return set;
}

interface Collection {
  readonly schema: Schema | undefined;
  readonly path: FieldPath;
  readonly set: Set<FieldPath>;
}

function collectFields(value: JsonValue, { schema, path, set }: Collection): void {
  const parts = granularOf(value, schema);
  if (parts === undefined) {
    set.add(path);
    return;
  }
  for (const [element, part] of parts) {
    const below = append(path, element);
    collectFields(part.value, { schema: part.schema, path: below, set });
    if (isOwnedItself(element, part.value, schema)) set.add(below);
  }
}

/** A field of a struct belongs to whoever owns something below it; the entry of a map or list is owned itself too. */
function isOwnedItself(element: PathElement, value: JsonValue, parent: Schema | undefined): boolean {
  if (!element.startsWith('f:')) return true;
  if (value === null || (isJsonObject(value) && Object.keys(value).length === 0)) return true;
  return declaredField(parent, element.slice(2)) === undefined;
}

export function compareObjects(before: JsonObject, after: JsonObject, schema: Schema): Comparison {
  const result = {
    added: new Set<FieldPath>(),
    modified: new Set<FieldPath>(),
    removed: new Set<FieldPath>(),
  };
  compareValues(before, after, { schema, path: '', result });
  return result;
}

interface Comparing {
  readonly schema: Schema | undefined;
  readonly path: FieldPath;
  readonly result: { added: Set<FieldPath>; modified: Set<FieldPath>; removed: Set<FieldPath> };
}

function compareValues(before: JsonValue | undefined, after: JsonValue | undefined, at: Comparing): void {
  const [left, right] = [partsOf(before, at.schema), partsOf(after, at.schema)];
  compareItself(before, after, { ...at, isGranular: left !== undefined && right !== undefined });
  for (const [element, part] of new Map([...(right ?? []), ...(left ?? [])])) {
    const below = { ...at, schema: part.schema, path: append(at.path, element) };
    compareValues(left?.get(element)?.value, right?.get(element)?.value, below);
  }
}

/** Two maps or two keyed lists differ by what is in them; anything else differs as a whole. */
function compareItself(
  before: JsonValue | undefined,
  after: JsonValue | undefined,
  { path, result, isGranular }: Comparing & { readonly isGranular: boolean },
): void {
  if (before === undefined) result.added.add(path);
  else if (after === undefined) result.removed.add(path);
  else if (!isGranular && !isDeepStrictEqual(before, after)) result.modified.add(path);
}

function partsOf(value: JsonValue | undefined, schema: Schema | undefined): Granular | undefined {
  return value === undefined ? undefined : granularOf(value, schema);
}

/**
 * The object without the given fields. What is left with nothing inside becomes null, which the schema's pass over
 * nulls takes away afterwards.
 */
export function removeFields(object: JsonObject, fields: FieldSet, schema: Schema): JsonObject {
  if (fields.size === 0) return object;
  const value = removeBelow(object, { schema, path: '', fields, prefixes: prefixesOf(fields) });
  return isJsonObject(value) ? value : {};
}

interface Removal {
  readonly schema: Schema | undefined;
  readonly path: FieldPath;
  readonly fields: FieldSet;
  readonly prefixes: FieldSet;
}

function removeBelow(value: JsonValue, removal: Removal): JsonValue {
  const { schema, path, fields, prefixes } = removal;
  const keep = (
    element: PathElement | undefined,
    item: JsonValue,
    below: Schema | undefined,
  ): JsonValue[] => {
    if (element === undefined) return [item];
    const itemPath = append(path, element);
    if (fields.has(itemPath)) return [];
    return prefixes.has(itemPath)
      ? [removeBelow(item, { ...removal, schema: below, path: itemPath })]
      : [item];
  };
  if (isJsonObject(value)) {
    const entries = Object.entries(value).flatMap(([name, item]) =>
      keep(fieldElement(name), item, fieldSchema(schema, name)).map((kept): [string, JsonValue] => [
        name,
        kept,
      ]),
    );
    return entries.length === 0 ? null : Object.fromEntries(entries);
  }
  if (!Array.isArray(value) || schema === undefined) return value;
  const items = value.flatMap((item) => keep(itemElement(item, schema), item, schema.items));
  return items.length === 0 ? null : items;
}
