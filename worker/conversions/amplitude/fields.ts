import type { JsonObject, JsonValue } from '../../../lib/json.ts';
import { isJsonObject } from '../../../lib/json.ts';
import { isBlank, refuse } from './checking.ts';
import type { Checking } from './checking.ts';
import { readProperties } from './read-properties.ts';
import { readBoolean, readInteger, readNumber, readText } from './read-scalars.ts';
import type { ReadField } from './read-scalars.ts';

/**
 * Fields of an event that stand for themselves: those of Amplitude's HTTP V2 API, `paying` and `start_version` of
 * its Identify API, and `library`, `device_type` and `device_family`, which its export has and a re-import of it
 * would lose.
 */
const plainFields = Object.freeze({
  app_version: readText,
  platform: readText,
  os_name: readText,
  os_version: readText,
  device_brand: readText,
  device_manufacturer: readText,
  device_model: readText,
  device_type: readText,
  device_family: readText,
  carrier: readText,
  country: readText,
  region: readText,
  city: readText,
  dma: readText,
  location_lat: readNumber,
  location_lng: readNumber,
  ip: readIp,
  idfa: readText,
  idfv: readText,
  adid: readText,
  android_id: readText,
  android_app_set_id: readText,
  event_id: readInteger,
  session_id: readInteger,
  user_agent: readText,
  library: readText,
  paying: readBoolean,
  start_version: readText,
  plan: readPlan,
  event_properties: readProperties,
} satisfies Record<string, ReadField>);

/** Fields that decide something together with others; `check-event.ts` reads them. */
const joinedFields = [
  'event_type',
  'user_id',
  'device_id',
  'time',
  'insert_id',
  'language',
  'user_properties',
  'groups',
  'group_properties',
  'price',
  'quantity',
  'revenue',
  'productId',
  'revenueType',
  'currency',
  '$skip_user_properties_sync',
];

/** All fields that an event can have; what else a converter gives is ignored. */
export const eventFields: readonly string[] = [...joinedFields, ...Object.keys(plainFields)];

/** Of the names that a converter gives, those of plain fields with their readers. */
export function fieldsOf(names: readonly string[]): readonly (readonly [name: string, read: ReadField])[] {
  const readers: Readonly<Record<string, ReadField>> = plainFields;
  return names.flatMap((name) => {
    const read = Object.hasOwn(readers, name) ? readers[name] : undefined;
    return read === undefined ? [] : [[name, read] as const];
  });
}

/** `$remote` asks for the uploader's address, and an import has no uploader. */
function readIp(value: JsonValue | undefined, column: string, checking: Checking): string | undefined {
  return value === '$remote' ? undefined : readText(value, column, checking);
}

/** The tracking plan: its branch, source and version, and nothing else. */
function readPlan(value: JsonValue | undefined, column: string, checking: Checking): JsonObject | undefined {
  if (isBlank(value)) return undefined;
  if (!isJsonObject(value)) {
    return refuse(checking, column, value, 'must be an object: map {"branch": …, "source": …, "version": …}');
  }
  const plan: JsonObject = {};
  for (const name of ['branch', 'source', 'version']) {
    const text = readText(value[name], `${column}.${name}`, checking);
    if (text !== undefined) plan[name] = text;
  }
  return Object.keys(plan).length === 0 ? undefined : plan;
}
