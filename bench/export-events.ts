import type { JsonValue } from '../lib/json.ts';
import { createSeededRandom } from '../lib/seeded-random.ts';

/**
 * Events as Amplitude's hourly export writes them: its 48 keys, about 1.4 KB of JSON each. The same for the same seed.
 */

/** Of keys to values as the export has them. */
export type ExportedEvent = Readonly<Record<string, JsonValue>>;

const cities = ['Zürich', 'Lyon', 'Osaka', 'São Paulo', 'Austin', 'Nairobi', 'Kraków', 'Perth'] as const;
const models = ['iPhone 14', 'iPhone 15 Pro', 'Pixel 8', 'Galaxy S23', 'iPad Air', 'Moto G'] as const;
const types = ['Play Song', 'Pause Song', 'Search', 'Add to Playlist', 'Open App', 'Share'] as const;
const songs = ['Clair de lune', 'Für Elise', 'Gymnopédie No. 1', 'Boléro', 'Vltava'] as const;
const users = 20_000;
const firstDay = Date.UTC(2026, 0, 1);

/** Event number `first`, `first + 1`, … : each stretch of numbers can be made by itself. */
export function exportedEvents(first: number, count: number): readonly ExportedEvent[] {
  const random = createSeededRandom(first);
  return Array.from({ length: count }, (_, index) => exportedEvent(first + index, random));
}

const sameForAll = {
  $schema: 12,
  adid: null,
  amplitude_attribution_ids: null,
  amplitude_event_type: null,
  app: 168_342,
  country: 'Switzerland',
  data: { group_first_event: {}, group_ids: {}, path: '/2/httpapi' },
  device_brand: 'Apple',
  device_carrier: 'Swisscom',
  device_family: 'Apple iPhone',
  device_manufacturer: 'Apple',
  device_type: 'Apple iPhone',
  dma: null,
  group_properties: {},
  groups: {},
  idfa: null,
  is_attribution_event: false,
  language: 'German',
  library: 'amplitude-ios/8.16.1',
  os_name: 'ios',
  os_version: '16.4',
  paying: 'true',
  platform: 'iOS',
  region: 'Zurich',
  sample_rate: null,
  start_version: '3.0.2',
  version_name: '3.1.0',
} satisfies ExportedEvent;

function exportedEvent(number: number, random: () => number): ExportedEvent {
  const pick = <T>(from: readonly T[]): T => from[Math.floor(random() * from.length)] as T;
  const user = Math.floor(random() * users);
  const time = exportTime(firstDay + number * 20);
  return {
    ...sameForAll,
    $insert_id: uuid(random),
    amplitude_id: 514_321_890_123 + user,
    city: pick(cities),
    client_event_time: time,
    client_upload_time: time,
    device_id: `${uuid(random).slice(0, 28)}-${user}`,
    device_model: pick(models),
    event_id: number,
    event_properties: {
      song: pick(songs),
      length: Math.round(random() * 6000) / 10,
      tags: ['piano', 'classical'],
      source: 'playlist',
      position: Math.floor(random() * 100),
    },
    event_time: time,
    event_type: pick(types),
    ip_address: `192.0.2.${Math.floor(random() * 255)}`,
    location_lat: Math.round(random() * 9000) / 100,
    location_lng: Math.round(random() * 18_000) / 100,
    processed_time: time,
    server_received_time: time,
    server_upload_time: time,
    session_id: firstDay + Math.floor(number / 50) * 60_000,
    user_id: `user-${user}@example.com`,
    user_properties: {
      plan: 'premium',
      age_band: '25-34',
      experiments: ['a', 'c'],
      visits: number % 500,
    },
    uuid: uuid(random),
  };
}

/** `2026-01-01 00:00:00.020000`, which is how the export writes times. */
function exportTime(ms: number): string {
  return new Date(ms).toISOString().replace('T', ' ').replace('Z', '000');
}

function uuid(random: () => number): string {
  const hex = (digits: number): string =>
    Math.floor(random() * 16 ** digits)
      .toString(16)
      .padStart(digits, '0');
  return `${hex(8)}-${hex(4)}-4${hex(3)}-a${hex(3)}-${hex(8)}${hex(4)}`;
}

export function toJsonLines(events: readonly ExportedEvent[]): string {
  return `${events.map((event) => JSON.stringify(event)).join('\n')}\n`;
}

/** Objects are JSON in their column; null is an empty one. */
export function toCsv(events: readonly ExportedEvent[]): string {
  const columns = Object.keys(events[0] ?? {});
  const rows = events.map((event) => columns.map((column) => toCell(event[column])).join(','));
  return `${[columns.join(','), ...rows].join('\n')}\n`;
}

function toCell(value: JsonValue | undefined): string {
  if (value === null || value === undefined) return '';
  const text = typeof value === 'object' ? JSON.stringify(value) : String(value);
  return /[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
