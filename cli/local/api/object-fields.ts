import { isJsonObject, type JsonObject, type JsonValue } from '../../../lib/json.ts';

/** Reading and changing the fields of objects whose type is known only by their schema. Nothing is changed in place. */

export function objectAt(object: JsonObject | undefined, name: string): JsonObject {
  const value = object?.[name];
  return isJsonObject(value) ? value : {};
}

export function listAt(object: JsonObject | undefined, name: string): readonly JsonObject[] {
  const value = object?.[name];
  return Array.isArray(value) ? value.filter(isJsonObject) : [];
}

export function stringsAt(object: JsonObject | undefined, name: string): readonly string[] {
  const value = object?.[name];
  return Array.isArray(value) ? value.filter((item) => typeof item === 'string') : [];
}

export function textAt(object: JsonObject | undefined, name: string): string {
  const value = object?.[name];
  return typeof value === 'string' ? value : '';
}

export function numberAt(object: JsonObject | undefined, name: string): number | undefined {
  const value = object?.[name];
  return typeof value === 'number' ? value : undefined;
}

export function metadataOf(object: JsonObject): JsonObject {
  return objectAt(object, 'metadata');
}

export function withMetadata(
  object: JsonObject,
  changes: Readonly<Record<string, JsonValue | undefined>>,
): JsonObject {
  return { ...object, metadata: withFields(metadataOf(object), changes) };
}

/** The object with the given fields; undefined takes one away. */
export function withFields(
  object: JsonObject,
  changes: Readonly<Record<string, JsonValue | undefined>>,
): JsonObject {
  const result: JsonObject = { ...object };
  for (const [name, value] of Object.entries(changes)) {
    if (value === undefined) delete result[name];
    else result[name] = value;
  }
  return result;
}

/** The object with defaults in place of what is absent or null. */
export function withAbsent(object: JsonObject, defaults: JsonObject): JsonObject {
  const result: JsonObject = { ...object };
  for (const [name, value] of Object.entries(defaults)) result[name] ??= value;
  return result;
}

/** Labels and the like: the string values of a map. */
export function stringMapAt(object: JsonObject | undefined, name: string): Readonly<Record<string, string>> {
  const entries = Object.entries(objectAt(object, name));
  return Object.fromEntries(
    entries.filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
  );
}
