import { isJsonObject, type JsonObject, type JsonValue } from '../../../lib/json.ts';
import { append, fieldElement, formatPath, itemElement, type FieldPath } from './field-paths.ts';
import { fieldSchema, listTypeOf, preservesUnknownFields, type Schema } from './structural-schema.ts';

/**
 * What server-side apply refuses before it merges: fields that the schema does not declare, values of the wrong
 * shape, and items of a keyed list that come twice. Sentences such as `.spec.foo: field not declared in schema`.
 */
export function patchMistakes(object: JsonObject, schema: Schema): readonly string[] {
  const mistakes: string[] = [];
  checkNode(object, { schema, path: '', mistakes });
  return mistakes;
}

interface Walk {
  readonly schema: Schema | undefined;
  readonly path: FieldPath;
  readonly mistakes: string[];
}

function checkNode(value: JsonValue, walk: Walk): void {
  const { schema, path, mistakes } = walk;
  if (schema === undefined || value === null) return;
  const shape = shapeOf(schema);
  if (shape !== 'any' && shape !== shapeOfValue(value)) {
    mistakes.push(`${formatPath(path)}: expected ${shape}, got ${described(value)}`);
  } else if (isJsonObject(value)) {
    checkMap(value, walk);
  } else if (Array.isArray(value)) {
    checkList(value, walk);
  }
}

type Shape = 'map' | 'list' | 'string' | 'numeric (int or float)' | 'boolean';

function shapeOfValue(value: JsonValue): Shape {
  if (Array.isArray(value)) return 'list';
  if (typeof value === 'object') return 'map';
  return typeof value === 'number' ? 'numeric (int or float)' : (typeof value as 'string' | 'boolean');
}

const shapes: Readonly<Record<string, Shape>> = {
  object: 'map',
  array: 'list',
  integer: 'numeric (int or float)',
  number: 'numeric (int or float)',
  string: 'string',
  boolean: 'boolean',
};

function shapeOf(schema: Schema): Shape | 'any' {
  if (schema['x-kubernetes-int-or-string'] === true || schema.type === undefined) return 'any';
  return shapes[schema.type] ?? 'any';
}

function checkMap(object: JsonObject, walk: Walk): void {
  const { schema, path, mistakes } = walk;
  const isOpen = preservesUnknownFields(schema) || !isStruct(schema);
  for (const [name, value] of Object.entries(object)) {
    const field = fieldSchema(schema, name);
    const below = append(path, fieldElement(name));
    if (field === undefined && !isOpen) mistakes.push(`${formatPath(below)}: field not declared in schema`);
    else checkNode(value, { ...walk, schema: field, path: below });
  }
}

function isStruct(schema: Schema | undefined): boolean {
  return schema?.properties !== undefined;
}

function checkList(list: readonly JsonValue[], walk: Walk): void {
  const { schema, path, mistakes } = walk;
  if (schema === undefined) return;
  const isKeyed = listTypeOf(schema) !== 'atomic';
  const seen = new Set<string>();
  list.forEach((item, index) => {
    const element = isKeyed ? itemElement(item, schema) : undefined;
    if (isKeyed && element === undefined) {
      const keys = (schema['x-kubernetes-list-map-keys'] ?? []).join(', ');
      mistakes.push(
        `${formatPath(path)}: element ${String(index)}: associative list with keys has an element that omits key field ${JSON.stringify(keys)}`,
      );
      return;
    }
    if (element !== undefined && seen.has(element)) {
      mistakes.push(`${formatPath(path)}: duplicate entries for key ${formatPath(element)}`);
    }
    if (element !== undefined) seen.add(element);
    checkNode(item, { ...walk, schema: schema.items, path: append(path, element ?? `i:${String(index)}`) });
  });
}

function described(value: JsonValue): string {
  return `&{${isJsonObject(value) || Array.isArray(value) ? JSON.stringify(value) : String(value)}}`;
}
