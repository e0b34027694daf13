import { parseIsoTime } from '../../lib/converter/iso-time.ts';
import { compileTimeFormat } from '../../lib/converter/java-time-format.ts';
import { isJsonObject, type JsonObject, type JsonValue } from '../../lib/json.ts';
import { eventFields } from '../../worker/conversions/amplitude/fields.ts';

/** What a field of the event is made from: a column, or an expression of the converter language. */
export type Mapping = Readonly<Record<string, JsonValue>>;

/** A column of the sample, with the values that it had, blanks left out. */
export interface Column {
  readonly name: string;
  readonly values: readonly JsonValue[];
}

/** Fields that a person is asked about, the most telling names of columns first. */
const essentialFields = {
  event_type: ['eventtype', 'event', 'eventname', 'action', 'activity', 'type', 'name'],
  user_id: ['userid', 'uid', 'user', 'customerid', 'accountid', 'memberid', 'login', 'email'],
  device_id: ['deviceid', 'did', 'device', 'anonymousid', 'anonid', 'visitorid', 'clientid', 'cookieid'],
  time: [
    'time',
    'eventtime',
    'timestamp',
    'ts',
    'clienteventtime',
    'occurredat',
    'originaltimestamp',
    'createdat',
    'at',
    'ms',
    'date',
    'datetime',
  ],
  insert_id: ['insertid', 'messageid', 'eventid', 'eventuuid', 'uuid', 'id'],
} as const satisfies Readonly<Record<string, readonly string[]>>;

export type EssentialField = keyof typeof essentialFields;
export const essentialFieldNames = Object.keys(essentialFields) as readonly EssentialField[];

/** Objects that are taken over as a whole. */
const wholeObjects: Readonly<Record<string, readonly string[]>> = {
  event_properties: ['eventproperties', 'properties', 'props', 'params', 'attributes'],
  user_properties: ['userproperties', 'usertraits', 'traits'],
  groups: ['groups'],
};

export function columnsOf(records: readonly JsonObject[]): readonly Column[] {
  const values = new Map<string, JsonValue[]>();
  for (const record of records) {
    for (const [name, value] of Object.entries(record)) {
      const known = values.get(name) ?? [];
      values.set(name, known);
      if (value !== null && value !== undefined && value !== '') known.push(value);
    }
  }
  return Array.from(values, ([name, found]) => ({ name, values: found }));
}

/** Which column is meant by each essential field; what is not guessed is not there. */
export function guessEssentials(
  columns: readonly Column[],
): Readonly<Partial<Record<EssentialField, string>>> {
  const taken = new Set<string>();
  const pairs = essentialFieldNames.flatMap((field): readonly (readonly [EssentialField, string])[] => {
    const found = candidatesFor(field, columns).find(({ name }) => !taken.has(name));
    if (found === undefined) return [];
    taken.add(found.name);
    return [[field, found.name]];
  });
  return Object.fromEntries(pairs);
}

function candidatesFor(field: EssentialField, columns: readonly Column[]): readonly Column[] {
  const candidates = essentialFields[field].flatMap((word) =>
    columns.filter(({ name }) => plainName(name) === word),
  );
  // An id of something else, such as a product, comes more than once.
  return field === 'insert_id'
    ? candidates.filter(({ values }) => new Set(values).size === values.length)
    : candidates;
}

/**
 * A whole converter: the essential fields from the columns given, fields of an event that a column is named after,
 * objects of properties as they are, and every other column as a property of the event.
 */
export function buildMapping(
  columns: readonly Column[],
  essentials: Readonly<Partial<Record<EssentialField, string>>>,
): Mapping {
  const byName = new Map(columns.map((column) => [column.name, column]));
  const mapping: Record<string, JsonValue> = {};
  for (const field of essentialFieldNames) {
    const column = byName.get(essentials[field] ?? '');
    if (column === undefined) continue;
    byName.delete(column.name);
    mapping[field] = field === 'time' ? timeFrom(column) : column.name;
  }
  for (const column of byName.values()) {
    const field = fieldNamedAs(column, mapping);
    if (field === undefined) continue;
    byName.delete(column.name);
    mapping[field] = column.name;
  }
  const rest = Object.fromEntries(Array.from(byName.keys(), (name) => [name, name]));
  return { ...mapping, ...propertiesFrom(mapping['event_properties'], rest) };
}

function propertiesFrom(whole: JsonValue | undefined, rest: Readonly<Record<string, string>>): Mapping {
  if (Object.keys(rest).length === 0) return {};
  return { event_properties: whole === undefined ? { ...rest } : ['merge_dicts', whole, { ...rest }] };
}

/** Only the essential fields are guessed from other names. */
function fieldNamedAs({ name, values }: Column, mapping: Mapping): string | undefined {
  const plain = plainName(name);
  const isObject = values.length > 0 && values.every(isJsonObject);
  const whole = Object.entries(wholeObjects).find(([, words]) => isObject && words.includes(plain))?.[0];
  const same = eventFields.find(
    (field) =>
      plainName(field) === plain && !Object.hasOwn(essentialFields, field) && isObject === holdsObject(field),
  );
  const field = whole ?? same;
  return field === undefined || Object.hasOwn(mapping, field) ? undefined : field;
}

function holdsObject(field: string): boolean {
  return ['event_properties', 'user_properties', 'group_properties', 'groups', 'plan'].includes(field);
}

function plainName(name: string): string {
  return name.toLowerCase().replaceAll(/[^\p{L}\p{N}]/gu, '');
}

const timeFormats = [
  'yyyy-MM-dd HH:mm:ss Z',
  'yyyy/MM/dd HH:mm:ss',
  'yyyy/MM/dd',
  'yyyyMMddHHmmss',
  'dd.MM.yyyy HH:mm:ss',
  'dd.MM.yyyy HH:mm',
  'M/d/yyyy H:mm:ss',
  'M/d/yyyy H:mm',
  'M/d/yyyy h:mm:ss a',
  'EEE, dd MMM yyyy HH:mm:ss Z',
] as const;

/** Epoch milliseconds from the times of a column, by their looks; the column itself when they tell nothing. */
function timeFrom({ name, values }: Column): JsonValue {
  const texts = values.map(String);
  if (texts.length === 0) return name;
  if (texts.every((text) => /^\d+(?:\.\d+)?$/u.test(text)))
    return epochFrom(name, Math.max(...texts.map(Number)));
  if (texts.every((text) => parseIsoTime(text) !== undefined)) return ['iso_time_to_ms', name];
  const format = timeFormats.find((one) => {
    const compiled = compileTimeFormat(one);
    return compiled.kind === 'compiled' && texts.every((text) => compiled.parse(text) !== undefined);
  });
  return format === undefined ? name : ['parse_time_to_ms', format, name];
}

/** Up to the year 5138 in seconds, and from 1973 on in milliseconds, and so on: the ranges do not meet. */
function epochFrom(name: string, greatest: number): JsonValue {
  if (greatest < 1e11) return ['multiply', name, ['value', 1000]];
  if (greatest < 1e14) return name;
  return ['divide', name, ['value', greatest < 1e17 ? 1000 : 1_000_000]];
}
