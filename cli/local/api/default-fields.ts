import { isJsonObject, type JsonObject, type JsonValue } from '../../../lib/json.ts';
import { declaredField, fieldSchema, type Schema } from './structural-schema.ts';

/**
 * The object with the schema's defaults where fields are absent, and without the nulls that the schema does not
 * allow: `field: null` stands for an absent field, as the API server reads it. The object itself is not changed.
 */
export function withDefaults(object: JsonObject, schema: Schema): JsonObject {
  const value = defaulted(object, schema);
  return isJsonObject(value) ? value : object;
}

function defaulted(value: JsonValue, schema: Schema | undefined): JsonValue {
  if (schema === undefined) return value;
  if (Array.isArray(value))
    return value.map((item) => defaulted(orDefault(item, schema.items), schema.items));
  if (isJsonObject(value)) return defaultedObject(value, schema);
  return value;
}

function defaultedObject(object: JsonObject, schema: Schema): JsonObject {
  const result: JsonObject = {};
  for (const [name, value] of Object.entries(object)) {
    const field = fieldSchema(schema, name);
    const filled = orDefault(value, field);
    if (filled === null && isDroppedNull(schema, name)) continue;
    result[name] = defaulted(filled, field);
  }
  for (const [name, field] of Object.entries(schema.properties ?? {})) {
    if (field.default !== undefined && !Object.hasOwn(result, name)) {
      result[name] = defaulted(structuredClone(field.default), field);
    }
  }
  return result;
}

function orDefault(value: JsonValue, schema: Schema | undefined): JsonValue {
  if (value !== null || schema?.nullable === true || schema?.default === undefined) return value;
  return structuredClone(schema.default);
}

function isDroppedNull(schema: Schema, name: string): boolean {
  const field = declaredField(schema, name);
  return field !== undefined && field.nullable !== true;
}
