import { isJsonObject, type JsonObject, type JsonValue } from '../../../../lib/json.ts';
import type { Part, Shape, ShreddedShape, TypedShape, VariantShape } from '../schema/shape.ts';
import { setField } from '../set-field.ts';
import type { RowState } from '../values/row-state.ts';
import { decodeVariant, readNames } from './decode-variant.ts';

/** Of the columns of a row: the entries that come next. */
export interface ColumnEntries {
  readonly row: RowState;
  read(shape: Shape): JsonValue;
  isMissing(part: Pick<Part, 'first' | 'def'>): boolean;
  goesOn(list: { readonly first: number; readonly last: number; readonly rep: number }): boolean;
  skip(part: Part): void;
}

/**
 * A variant as the JSON value that it is, put together from its binary form and the parts of it that have columns of
 * their own ("shredded"). One that is damaged is a problem of its row.
 */
export function assembleVariant(shape: VariantShape, columns: ColumnEntries): JsonValue {
  const metadata = columns.read(shape.metadata);
  const names = guarded(columns, () => readNames(bytesOf(metadata))) ?? [];
  return assembleContent(shape.content, names, columns) ?? null;
}

/** Undefined: not there, as a field that an object does not have. */
function assembleContent(
  { value, typed }: ShreddedShape,
  names: readonly string[],
  columns: ColumnEntries,
): JsonValue | undefined {
  const binary = value === undefined ? null : columns.read(value);
  const fromColumns = typed === undefined ? undefined : assembleTyped(typed, names, columns);
  if (binary === null) return fromColumns;
  const rest = guarded(columns, () => decodeVariant(bytesOf(binary), names, columns.row));
  return fromColumns === undefined ? rest : merged(fromColumns, rest, typed, columns);
}

/**
 * Only objects may lie in both. What has a column of its own is taken from there alone, also where it is missing there
 * and not in the binary form.
 */
function merged(
  fromColumns: JsonValue,
  rest: JsonValue | undefined,
  typed: TypedShape | undefined,
  columns: ColumnEntries,
): JsonValue {
  if (rest === undefined) return fromColumns;
  if (typed?.kind !== 'object' || !isJsonObject(fromColumns) || !isJsonObject(rest)) return damaged(columns);
  const own = new Set(typed.fields.map(({ name }) => name));
  for (const [name, field] of Object.entries(rest)) if (!own.has(name)) setField(fromColumns, name, field);
  return fromColumns;
}

function assembleTyped(
  typed: TypedShape,
  names: readonly string[],
  columns: ColumnEntries,
): JsonValue | undefined {
  switch (typed.kind) {
    case 'scalar':
      return columns.read(typed.shape) ?? undefined;
    case 'object':
      return assembleObject(typed, names, columns);
    case 'array':
      return assembleArray(typed, names, columns);
  }
}

function assembleObject(
  { part, fields }: Extract<TypedShape, { kind: 'object' }>,
  names: readonly string[],
  columns: ColumnEntries,
): JsonObject | undefined {
  if (columns.isMissing(part)) {
    columns.skip(part);
    return undefined;
  }
  const object: JsonObject = {};
  for (const { name, content } of fields) {
    const field = assembleContent(content, names, columns);
    if (field !== undefined) setField(object, name, field);
  }
  return object;
}

function assembleArray(
  { list, content }: Extract<TypedShape, { kind: 'array' }>,
  names: readonly string[],
  columns: ColumnEntries,
): JsonValue[] | undefined {
  const missing = columns.isMissing(list);
  if (missing || columns.isMissing({ first: list.first, def: list.itemDef })) {
    columns.skip(list);
    return missing ? undefined : [];
  }
  const items: JsonValue[] = [];
  do {
    const item = assembleContent(content, names, columns) ?? null;
    if (!columns.row.full) items.push(item);
    columns.row.add(1);
  } while (columns.goesOn(list));
  return items;
}

/** Columns of a variant's binary form are read as text, a character a byte. */
function bytesOf(text: JsonValue): Buffer {
  return Buffer.from(typeof text === 'string' ? text : '', 'latin1');
}

/** Reads beyond the bytes, and sizes that do not fit, throw a `RangeError`. */
function guarded<T>(columns: ColumnEntries, read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    damaged(columns);
    return undefined;
  }
}

function damaged({ row }: ColumnEntries): null {
  return row.report(undefined, 'A value of the type VARIANT is damaged. Correct what writes it.');
}
