import { isDeepStrictEqual } from 'node:util';

import { isJsonObject, type JsonObject, type JsonValue } from '../../../lib/json.ts';
import {
  childField,
  duplicate,
  invalidField,
  invalidValue,
  required,
  tooLong,
  tooMany,
  unsupportedValue,
  wrongType,
  type FieldError,
} from './field-error.ts';
import { fieldSchema, listTypeOf, type Schema } from './structural-schema.ts';
import { formats } from './value-formats.ts';

/** A value, the schema it must keep, and, on update, the value that stood in its place before. */
export interface Checked {
  readonly value: JsonValue;
  readonly schema: Schema;
  readonly path: string;
  readonly old: JsonValue | undefined;
}

/**
 * Checks everything of a schema but its CEL rules. What an update leaves as it was is not checked again, so that a
 * schema may become stricter without locking in the objects that are stored.
 */
export function validateSchema(checked: Checked): FieldError[] {
  const { value, schema, path, old } = checked;
  if (old !== undefined && isDeepStrictEqual(value, old)) return [];
  const type = checkType(value, schema, path);
  if (type !== undefined) return [type];
  return [...checkValue(checked), ...checkEnum(value, schema, path), ...checkCombinations(checked)];
}

/** The value that stood before in the place of an item or field; lists of maps are correlated by their keys. */
export function oldItem(schema: Schema, item: JsonValue, old: JsonValue | undefined): JsonValue | undefined {
  if (!Array.isArray(old) || !isJsonObject(item) || listTypeOf(schema) !== 'map') return undefined;
  const keys = schema['x-kubernetes-list-map-keys'] ?? [];
  return old.find(
    (other) => isJsonObject(other) && keys.every((key) => isDeepStrictEqual(other[key], item[key])),
  );
}

export function oldField(name: string, old: JsonValue | undefined): JsonValue | undefined {
  return isJsonObject(old) ? old[name] : undefined;
}

function checkType(value: JsonValue, schema: Schema, path: string): FieldError | undefined {
  const sent = typeName(value);
  if (sent === 'null' && schema.nullable === true) return undefined;
  if (isAccepted(sent, schema)) return checkFormat(value, schema, path);
  const wanted = schema['x-kubernetes-int-or-string'] === true ? 'integer,string' : (schema.type ?? 'object');
  return wrongType(path, sent, `${path} in body must be of type ${wanted}: "${sent}"`);
}

function isAccepted(sent: string, schema: Schema): boolean {
  if (schema['x-kubernetes-int-or-string'] === true) return sent === 'integer' || sent === 'string';
  if (schema.type === undefined) return true;
  return sent === schema.type || (sent === 'integer' && schema.type === 'number');
}

function typeName(value: JsonValue): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'array';
  if (typeof value === 'number') return Number.isInteger(value) ? 'integer' : 'number';
  return typeof value;
}

function checkFormat(value: JsonValue, schema: Schema, path: string): FieldError | undefined {
  if (typeof value !== 'string' || schema.format === undefined) return undefined;
  const isValid = formats.get(schema.format);
  if (isValid === undefined || isValid(value)) return undefined;
  return wrongType(path, value, `${path} in body must be of type ${schema.format}: ${JSON.stringify(value)}`);
}

function checkValue(checked: Checked): FieldError[] {
  const { value } = checked;
  if (typeof value === 'string') return checkString(value, checked.schema, checked.path);
  if (typeof value === 'number') return checkNumber(value, checked.schema, checked.path);
  if (Array.isArray(value)) return checkList(value, checked);
  if (isJsonObject(value)) return checkObject(value, checked);
  return [];
}

function checkString(value: string, schema: Schema, path: string): FieldError[] {
  const length = Array.from(value).length;
  const errors: FieldError[] = [];
  if (schema.maxLength !== undefined && length > schema.maxLength)
    errors.push(tooLong(path, schema.maxLength));
  if (schema.minLength !== undefined && length < schema.minLength) {
    errors.push(
      invalidValue(path, value, `${path} in body should be at least ${String(schema.minLength)} chars long`),
    );
  }
  if (schema.pattern !== undefined && !new RegExp(schema.pattern, 'u').test(value)) {
    errors.push(invalidValue(path, value, `${path} in body should match '${schema.pattern}'`));
  }
  return errors;
}

function checkNumber(value: number, schema: Schema, path: string): FieldError[] {
  const { minimum, maximum, multipleOf } = schema;
  const [below, above] = [schema.exclusiveMaximum === true, schema.exclusiveMinimum === true];
  const errors: FieldError[] = [];
  const refuse = (why: string) => errors.push(invalidValue(path, value, `${path} in body should be ${why}`));
  if (multipleOf !== undefined && value % multipleOf !== 0) refuse(`a multiple of ${String(multipleOf)}`);
  if (maximum !== undefined && !isBelow(value, maximum, below)) {
    refuse(`less than ${below ? '' : 'or equal to '}${String(maximum)}`);
  }
  if (minimum !== undefined && !isBelow(minimum, value, above)) {
    refuse(`greater than ${above ? '' : 'or equal to '}${String(minimum)}`);
  }
  return errors;
}

function isBelow(lower: number, upper: number, isStrict: boolean): boolean {
  return isStrict ? lower < upper : lower <= upper;
}

function checkList(value: readonly JsonValue[], checked: Checked): FieldError[] {
  const { schema, path, old } = checked;
  const errors: FieldError[] = [];
  if (schema.minItems !== undefined && value.length < schema.minItems) {
    const why = `${path} in body should have at least ${String(schema.minItems)} items`;
    errors.push(invalidValue(path, value.length, why));
  }
  if (schema.maxItems !== undefined && value.length > schema.maxItems) {
    errors.push(tooMany(path, value.length, schema.maxItems));
  }
  const { items } = schema;
  if (items === undefined) return errors;
  const below = value.flatMap((item, index) =>
    validateSchema({
      value: item,
      schema: items,
      path: `${path}[${String(index)}]`,
      old: oldItem(schema, item, old),
    }),
  );
  return [...errors, ...below];
}

function checkObject(value: JsonObject, checked: Checked): FieldError[] {
  const { schema, path, old } = checked;
  const size = Object.keys(value).length;
  const errors: FieldError[] = [];
  if (schema.maxProperties !== undefined && size > schema.maxProperties) {
    errors.push(tooMany(path, size, schema.maxProperties));
  }
  if (schema.minProperties !== undefined && size < schema.minProperties) {
    const why = `${path} in body should have at least ${String(schema.minProperties)} properties`;
    errors.push(invalidValue(path, size, why));
  }
  const missing = (schema.required ?? []).filter((name) => !Object.hasOwn(value, name));
  errors.push(...missing.map((name) => required(childField(path, name))));
  const below = Object.entries(value).flatMap(([name, item]) => {
    const field = fieldSchema(schema, name);
    if (field === undefined) return [];
    return validateSchema({
      value: item,
      schema: field,
      path: childField(path, name),
      old: oldField(name, old),
    });
  });
  return [...errors, ...below];
}

function checkEnum(value: JsonValue, schema: Schema, path: string): FieldError[] {
  if (schema.enum === undefined || (value === null && schema.nullable === true)) return [];
  if (schema.enum.some((item) => isDeepStrictEqual(item, value))) return [];
  return [unsupportedValue(path, value, schema.enum)];
}

function checkCombinations(checked: Checked): FieldError[] {
  const { schema, path } = checked;
  const holds = (part: Schema) => validateSchema({ ...checked, schema: part, old: undefined }).length === 0;
  const errors = (schema.allOf ?? []).flatMap((part) => validateSchema({ ...checked, schema: part }));
  const refuse = (why: string) => errors.push(invalidValue(path, '', `"${path}" must ${why}`));
  if (schema.anyOf && !schema.anyOf.some(holds)) refuse('validate at least one schema (anyOf)');
  if (schema.oneOf && schema.oneOf.filter(holds).length !== 1)
    refuse('validate one and only one schema (oneOf)');
  if (schema.not && holds(schema.not)) refuse('not validate the schema (not)');
  return errors;
}

/** Items of a set, and items of a map with the same keys, that come more than once. */
export function validateListTypes(value: JsonValue, schema: Schema | undefined, path: string): FieldError[] {
  if (schema === undefined) return [];
  if (Array.isArray(value)) {
    const below = value.flatMap((item, index) =>
      validateListTypes(item, schema.items, `${path}[${String(index)}]`),
    );
    return [...duplicatesOf(value, schema, path), ...below];
  }
  if (!isJsonObject(value)) return [];
  return Object.entries(value).flatMap(([name, item]) =>
    validateListTypes(item, fieldSchema(schema, name), childField(path, name)),
  );
}

function duplicatesOf(list: readonly JsonValue[], schema: Schema, path: string): FieldError[] {
  const type = listTypeOf(schema);
  if (type === 'atomic') return [];
  const keys = schema['x-kubernetes-list-map-keys'] ?? [];
  const identity = (item: JsonValue): JsonValue =>
    type === 'map' && isJsonObject(item)
      ? Object.fromEntries(keys.flatMap((key) => entryOf(item, key)))
      : item;
  const seen = new Map<string, number>();
  return list.flatMap((item, index) => {
    if (type === 'map' && !isJsonObject(item)) {
      return [invalidField(`${path}[${String(index)}]`, 'must be an object for an array of list-type map')];
    }
    const key = JSON.stringify(identity(item));
    seen.set(key, (seen.get(key) ?? 0) + 1);
    return seen.get(key) === 2 ? [duplicate(`${path}[${String(index)}]`, identity(item))] : [];
  });
}

function entryOf(item: JsonObject, key: string): [string, JsonValue][] {
  const value = item[key];
  return value === undefined ? [] : [[key, value]];
}
