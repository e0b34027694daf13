import { isDeepStrictEqual } from 'node:util';

import { evaluate, type Environment } from '@marcbachmann/cel-js';

import { isJsonObject, type JsonObject, type JsonValue } from '../../../lib/json.ts';
import { fieldSchema, preservesUnknownFields, type Schema } from './structural-schema.ts';

/** Words that CEL keeps for itself; a field of that name is reached as `__name__`. */
const reserved = new Set(
  'true false null in as break const continue else for function if import let loop package namespace return var void while'.split(
    ' ',
  ),
);

/** How a rule names a field, or undefined if it cannot. */
function escapeFieldName(name: string): string | undefined {
  if (reserved.has(name)) return `__${name}__`;
  if (!/^[A-Za-z_][A-Za-z0-9_./-]*$/u.test(name)) return undefined;
  return name
    .replaceAll('__', '__underscores__')
    .replaceAll('.', '__dot__')
    .replaceAll('-', '__dash__')
    .replaceAll('/', '__slash__');
}

/** Declares the types of a schema in `environment`; the answer names the type of the schema itself. */
export function declareType(environment: Environment, schema: Schema, name: string): string {
  if (schema['x-kubernetes-int-or-string'] === true) return 'dyn';
  switch (schema.type) {
    case 'string':
      return stringType(schema);
    case 'integer':
      return 'int';
    case 'number':
      return 'double';
    case 'boolean':
      return 'bool';
    case 'array':
      return `list<${declareType(environment, schema.items ?? {}, `${name}_item`)}>`;
    case 'object':
      return declareObject(environment, schema, name);
    default:
      return 'dyn';
  }
}

function stringType(schema: Schema): string {
  switch (schema.format) {
    case 'byte':
      return 'bytes';
    case 'duration':
      return 'google.protobuf.Duration';
    case 'date':
    case 'date-time':
      return 'google.protobuf.Timestamp';
    default:
      return 'string';
  }
}

function declareObject(environment: Environment, schema: Schema, name: string): string {
  if (typeof schema.additionalProperties === 'object') {
    return `map<string, ${declareType(environment, schema.additionalProperties, `${name}_value`)}>`;
  }
  if (schema.properties === undefined) return preservesUnknownFields(schema) ? 'dyn' : 'map<string, dyn>';
  const fields: Record<string, string> = {};
  for (const [field, below] of Object.entries(schema.properties)) {
    const escaped = escapeFieldName(field);
    if (escaped !== undefined) fields[escaped] = declareType(environment, below, `${name}_${escaped}`);
  }
  environment.registerType(name, { fields });
  environment.registerOperator(`${name} == ${name}`, isSame);
  return name;
}

/** The library hands structs over as maps that fill themselves when they are walked through. */
function isSame(left: unknown, right: unknown): boolean {
  return isDeepStrictEqual(plainOf(left), plainOf(right));
}

function plainOf(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(plainOf);
  if (!(value instanceof Map)) return value;
  const entries = [...(value as Map<string, unknown>)].filter(([, item]) => item !== undefined);
  return Object.fromEntries(entries.map(([key, item]) => [key, plainOf(item)]));
}

/** What a rule sees in place of a JSON value: integers as bigint, times as Date, names escaped, no nulls in structs. */
export function toCelValue(value: JsonValue, schema: Schema | undefined): unknown {
  if (Array.isArray(value)) return value.map((item) => toCelValue(item, schema?.items));
  if (isJsonObject(value)) return toCelObject(value, schema);
  if (typeof value === 'number') return toCelNumber(value, schema);
  return typeof value === 'string' ? toCelString(value, schema) : value;
}

function toCelObject(object: JsonObject, schema: Schema | undefined): unknown {
  const isStruct = schema?.properties !== undefined;
  const result: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(object)) {
    const field = fieldSchema(schema, name);
    const key = isStruct ? escapeFieldName(name) : name;
    const isHidden = isStruct && (field === undefined || value === null);
    if (key !== undefined && !isHidden) result[key] = toCelValue(value, field);
  }
  return result;
}

function toCelNumber(value: number, schema: Schema | undefined): unknown {
  return schema?.type !== 'number' && Number.isInteger(value) ? BigInt(value) : value;
}

function toCelString(value: string, schema: Schema | undefined): unknown {
  switch (schema === undefined ? '' : schema.format) {
    case 'date':
    case 'date-time':
      return new Date(value);
    case 'duration':
      return evaluate('duration(text)', { text: value });
    case 'byte':
      return new Uint8Array(Buffer.from(value, 'base64'));
    default:
      return value;
  }
}
