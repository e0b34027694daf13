import { stringify } from 'yaml';
import { isJsonObject, type JsonObject, type JsonValue } from '../../lib/json.ts';
import { listAt, metadataOf, numberAt, objectAt, stringMapAt, textAt } from '../local/api/object-fields.ts';
import { formatAge } from './format-age.ts';
import { formatTable } from './format-table.ts';

export interface Described {
  readonly object: JsonObject;
  /** What was told about it, as events.k8s.io has it. */
  readonly events: readonly JsonObject[];
  /** Milliseconds since the epoch. */
  readonly now: number;
}

/** All about one object, for a person: who it is, its conditions, what is wanted, what is, and what happened. */
export function describeObject({ object, events, now }: Described): string {
  const parts = [
    describeIdentity(object, now),
    describeConditions(object, now),
    ...Object.entries(contentOf(object)).map(([name, value]) => section(titleOf(name), yamlOf(value))),
    describeEvents(events, now),
  ];
  return parts.filter((part) => part !== '').join('\n');
}

function describeIdentity(object: JsonObject, now: number): string {
  const metadata = metadataOf(object);
  const created = Date.parse(textAt(metadata, 'creationTimestamp'));
  const observed = numberAt(objectAt(object, 'status'), 'observedGeneration');
  const generation = numberAt(metadata, 'generation');
  const rows = [
    ['Name', textAt(metadata, 'name')],
    ['Namespace', textAt(metadata, 'namespace')],
    ['Kind', `${textAt(object, 'kind')} (${textAt(object, 'apiVersion')})`],
    ['Labels', pairsOf(metadata, 'labels')],
    ['Annotations', pairsOf(metadata, 'annotations')],
    ['Age', formatAge(now - created)],
    ['Generation', generation === undefined ? '' : `${String(generation)}${observedText(observed)}`],
    ['Deleted', textAt(metadata, 'deletionTimestamp')],
  ].filter(([, value]) => value !== '');
  const width = Math.max(...rows.map(([name = '']) => name.length)) + 3;
  return rows.map(([name = '', value = '']) => `${`${name}:`.padEnd(width)}${value}\n`).join('');
}

function observedText(observed: number | undefined): string {
  if (observed === undefined) return '';
  return observed < 0 ? ', not looked at yet' : `, observed ${String(observed)}`;
}

function pairsOf(metadata: JsonObject, name: string): string {
  return Object.entries(stringMapAt(metadata, name))
    .map(([key, value]) => `${key}=${value}`)
    .join(', ');
}

/** The message stands below its condition: it is a sentence with a cure, and may be long. */
function describeConditions(object: JsonObject, now: number): string {
  const conditions = listAt(objectAt(object, 'status'), 'conditions');
  if (conditions.length === 0) return '';
  const rows = conditions.map((condition) => [
    textAt(condition, 'type'),
    textAt(condition, 'status'),
    textAt(condition, 'reason'),
    formatAge(now - Date.parse(textAt(condition, 'lastTransitionTime'))),
  ]);
  const [heading, ...lines] = formatTable(['TYPE', 'STATUS', 'REASON', 'AGE'], rows, Infinity).split('\n');
  const body = conditions.flatMap((condition, index) => {
    const message = textAt(condition, 'message');
    return [lines[index] ?? '', ...(message === '' ? [] : [`  ${message}`])];
  });
  return section('Conditions', [heading ?? '', ...body].join('\n'));
}

/** Everything beside identity and conditions. Of a Secret, only how much there is of each key. */
function contentOf(object: JsonObject): JsonObject {
  const { apiVersion: _, kind: __, metadata: ___, ...content } = object;
  if (object['kind'] === 'Secret') return { ...content, data: sizesOf(objectAt(object, 'data')) };
  const status = content['status'];
  if (!isJsonObject(status)) return content;
  const { conditions: ____, ...rest } = status;
  return { ...content, status: rest };
}

function sizesOf(data: JsonObject): JsonObject {
  const sizes = Object.entries(data).map(([key, value]) => [
    key,
    `${String(Buffer.byteLength(typeof value === 'string' ? value : '', 'base64'))} bytes`,
  ]);
  return Object.fromEntries(sizes) as JsonObject;
}

function describeEvents(events: readonly JsonObject[], now: number): string {
  const rows = events
    .map((event) => ({ event, time: lastTimeOf(event) }))
    .toSorted((a, b) => a.time - b.time)
    .map(({ event, time }) => [
      textAt(event, 'type'),
      textAt(event, 'reason'),
      formatAge(now - time),
      String(numberAt(objectAt(event, 'series'), 'count') ?? 1),
      textAt(event, 'note'),
    ]);
  if (rows.length === 0) return section('Events', 'none');
  return section('Events', formatTable(['TYPE', 'REASON', 'AGE', 'COUNT', 'NOTE'], rows, Infinity));
}

function lastTimeOf(event: JsonObject): number {
  const repeated = textAt(objectAt(event, 'series'), 'lastObservedTime');
  return Date.parse(repeated === '' ? textAt(event, 'eventTime') : repeated);
}

function yamlOf(value: JsonValue | undefined): string {
  return stringify(value, { lineWidth: 0 });
}

function section(title: string, body: string): string {
  const lines = body.trimEnd().split('\n');
  return `${title}:\n${lines.map((line) => `  ${line}`.trimEnd()).join('\n')}\n`;
}

function titleOf(field: string): string {
  return field.charAt(0).toUpperCase() + field.slice(1);
}
