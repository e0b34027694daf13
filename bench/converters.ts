import type { JsonObject } from '../lib/json.ts';

const sameName = [
  'adid',
  'city',
  'country',
  'device_brand',
  'device_id',
  'device_manufacturer',
  'device_model',
  'device_type',
  'dma',
  'event_id',
  'event_type',
  'idfa',
  'language',
  'library',
  'location_lat',
  'location_lng',
  'os_name',
  'os_version',
  'platform',
  'region',
  'session_id',
  'user_id',
] as const;

const objects = ['event_properties', 'user_properties', 'groups', 'group_properties'] as const;

/** What takes an export of Amplitude in again: 31 fields. */
export const jsonConverter: JsonObject = converter((name) => name);

/** The same for CSV, where objects are JSON in a column. */
export const csvConverter: JsonObject = converter((name) => ['parse_json_element', name]);

function converter(toObject: (name: string) => string | string[]): JsonObject {
  return {
    convertToAmplitudeFunc: {
      insert_id: '$insert_id',
      time: ['iso_time_to_ms', 'event_time'],
      app_version: 'version_name',
      carrier: 'device_carrier',
      ip: 'ip_address',
      ...Object.fromEntries(sameName.map((name) => [name, name])),
      ...Object.fromEntries(objects.map((name) => [name, toObject(name)])),
    },
  };
}
