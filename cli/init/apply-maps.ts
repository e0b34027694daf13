import { nearNames } from '../../lib/converter/near-names.ts';
import { messageOf } from '../../lib/errors.ts';
import { isJsonObject, type JsonValue } from '../../lib/json.ts';
import { eventFields } from '../../worker/conversions/amplitude/fields.ts';
import { UsageError } from '../command.ts';
import { essentialFieldNames, type Column, type EssentialField, type Mapping } from './guess-mapping.ts';

/** A `--map FIELD=SOURCE`, read. */
export interface Wish {
  /** Of the event, or `event_properties.NAME` and its like. */
  readonly field: string;
  /** A column, or JSON of the converter language; empty: the field is not mapped. */
  readonly source: string;
}

const objects: ReadonlySet<string> = new Set([
  'event_properties',
  'user_properties',
  'group_properties',
  'groups',
]);

/** Errors: `UsageError` that names what is wrong and what would be right. */
export function readWish(text: string, columns: readonly Column[]): Wish {
  const at = text.indexOf('=');
  const [field, source] = at < 0 ? [text, ''] : [text.slice(0, at), text.slice(at + 1)];
  if (at < 0) throw new UsageError(`--map must be FIELD=COLUMN, not ${JSON.stringify(text)}`);
  const [outer = '', inner] = field.split('.', 2);
  if (!eventFields.includes(outer) || (inner !== undefined && !objects.has(outer))) {
    throw unknown('an event has no field', field, eventFields);
  }
  const names = columns.map(({ name }) => name);
  if (source !== '' && !isExpression(source) && !names.includes(source)) {
    throw unknown('the sample has no column', source, names);
  }
  return { field, source };
}

function isExpression(source: string): boolean {
  return /^\s*[[{]/u.test(source);
}

function unknown(what: string, name: string, known: readonly string[]): UsageError {
  const near = nearNames(name, known);
  const cure = near.length > 0 ? `; did you mean ${near.join(' or ')}?` : `; it has ${known.join(', ')}`;
  return new UsageError(`--map: ${what} ${JSON.stringify(name)}${cure}`);
}

/** The columns of essential fields that wishes name; empty for one that is not wanted. */
export function essentialsOf(wishes: readonly Wish[]): Readonly<Partial<Record<EssentialField, string>>> {
  const plain = wishes.filter(
    ({ field, source }) =>
      (essentialFieldNames as readonly string[]).includes(field) && !isExpression(source),
  );
  return Object.fromEntries(plain.map(({ field, source }) => [field, source]));
}

/** The converter with the wishes that are not of essential columns: other fields, and expressions. */
export function applyWishes(mapping: Mapping, wishes: readonly Wish[]): Mapping {
  const result: Record<string, JsonValue> = { ...mapping };
  for (const { field, source } of wishes) {
    const isEssential = (essentialFieldNames as readonly string[]).includes(field);
    if (isEssential && !isExpression(source)) continue;
    const [outer = '', inner] = field.split('.', 2);
    const value = isExpression(source) ? parseExpression(field, source) : source;
    if (inner === undefined) setOrDelete(result, outer, value);
    else result[outer] = withMember(result[outer], inner, value);
  }
  return result;
}

function setOrDelete(object: Record<string, JsonValue>, name: string, value: JsonValue): void {
  if (value === '') delete object[name];
  else object[name] = value;
}

function withMember(whole: JsonValue | undefined, name: string, value: JsonValue): JsonValue {
  if (whole !== undefined && !isJsonObject(whole)) return ['merge_dicts', whole, { [name]: value }];
  const members: Record<string, JsonValue> = { ...whole };
  setOrDelete(members, name, value);
  return members;
}

function parseExpression(field: string, source: string): JsonValue {
  try {
    return JSON.parse(source) as JsonValue;
  } catch (error) {
    throw new UsageError(
      `--map ${field}: what begins with [ or { must be JSON of the converter language: ${messageOf(error)}`,
    );
  }
}
