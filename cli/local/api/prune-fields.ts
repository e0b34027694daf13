import { isJsonObject, type JsonObject, type JsonValue } from '../../../lib/json.ts';
import { childField } from './field-error.ts';
import { fieldSchema, preservesUnknownFields, type Schema } from './structural-schema.ts';

export interface Pruned {
  readonly object: JsonObject;
  /** Paths of the fields that were dropped, in the order of the object. */
  readonly unknown: readonly string[];
}

/** The object without the fields that its schema does not know. */
export function pruneFields(object: JsonObject, schema: Schema): Pruned {
  const unknown: string[] = [];
  return { object: pruneObject(object, { schema, path: '', unknown }), unknown };
}

interface Walk {
  readonly schema: Schema | undefined;
  readonly path: string;
  readonly unknown: string[];
}

function pruneObject(object: JsonObject, walk: Walk): JsonObject {
  const result: JsonObject = {};
  for (const [name, value] of Object.entries(object)) {
    const field = fieldSchema(walk.schema, name);
    const path = childField(walk.path, name);
    if (field !== undefined) {
      result[name] = pruneValue(value, { ...walk, schema: field, path });
    } else if (keepsUnknown(walk.schema)) {
      result[name] = value;
    } else {
      walk.unknown.push(path);
    }
  }
  return result;
}

function pruneValue(value: JsonValue, walk: Walk): JsonValue {
  if (isJsonObject(value)) return pruneObject(value, walk);
  if (!Array.isArray(value)) return value;
  const items = walk.schema?.items;
  if (items === undefined) return value;
  return value.map((item, index) =>
    pruneValue(item, { ...walk, schema: items, path: `${walk.path}[${String(index)}]` }),
  );
}

function keepsUnknown(schema: Schema | undefined): boolean {
  return schema === undefined || preservesUnknownFields(schema);
}
