import type { EventCall } from '../../../lib/contract/event.ts';
import type { JsonObject, JsonValue } from '../../../lib/json.ts';
import { isBlank, refuse, startChecking } from './checking.ts';
import type { Checking, Fault } from './checking.ts';
import { readGroups } from './read-groups.ts';
import { readIds } from './read-ids.ts';
import { readGroupOperations, readPlainProperties, readUserOperations } from './read-operations.ts';
import { readRevenue } from './read-revenue.ts';
import { readBoolean, readText, readWholeText } from './read-scalars.ts';
import type { ReadField } from './read-scalars.ts';
import { readTime } from './read-time.ts';

export interface EventRules {
  /** The plain fields that the converter can give, each with its reader. */
  readonly fields: readonly (readonly [name: string, read: ReadField])[];
  /** The name of a language by its tag. */
  readonly languageName: (text: string) => string;
}

export type CheckedEvent =
  { readonly kind: 'event'; readonly event: EventCall } | { readonly kind: 'fault'; readonly fault: Fault };

type EventKind = EventCall['kind'];

/**
 * Makes an event of what a converter gave, by the rules of Amplitude's HTTP V2, Identify and Group Identify APIs.
 * `derivedId` is asked for only when the data has no `insert_id`.
 */
export function checkEvent(output: JsonObject, rules: EventRules, derivedId: () => string): CheckedEvent {
  const checking = startChecking();
  const eventType = readEventType(output['event_type'], checking);
  const kind = kindOf(eventType);
  const { userId, deviceId } = readIds(output, kind !== 'groupidentify', checking);
  const time = readTime(output['time'], 'time', checking);
  const insertId = readWholeText(output['insert_id'], 'insert_id', checking) ?? derivedId();
  const body: JsonObject = { event_type: eventType, insert_id: insertId };
  if (userId !== undefined) body['user_id'] = userId;
  if (deviceId !== undefined) body['device_id'] = deviceId;
  if (time !== undefined) body['time'] = time;
  readFields(output, body, rules, checking);
  readRevenue(output, body, checking);
  readSubjects(kind, output, body, checking);
  checking.fault ??= missingField(kind, body);
  if (checking.fault !== undefined) return { kind: 'fault', fault: checking.fault };
  return { kind: 'event', event: { kind, body, eventType, userId, deviceId, insertId, time } };
}

/** Names of events that Amplitude makes itself. */
const reserved: ReadonlySet<string> = new Set([
  '[Amplitude] Start Session',
  '[Amplitude] End Session',
  '[Amplitude] Revenue',
  '[Amplitude] Revenue (Verified)',
  '[Amplitude] Revenue (Unverified)',
  '[Amplitude] Merged User',
]);

function readEventType(value: JsonValue | undefined, checking: Checking): string {
  const eventType = readText(value, 'event_type', checking);
  if (eventType === undefined) {
    checking.fault ??= { column: 'event_type', reason: 'event_type has no value: map the name of the event' };
    return '';
  }
  if (reserved.has(eventType)) {
    refuse(
      checking,
      'event_type',
      eventType,
      'is a name that Amplitude keeps for events of its own: map another',
    );
  }
  return eventType;
}

function kindOf(eventType: string): EventKind {
  if (eventType === '$identify') return 'identify';
  return eventType === '$groupidentify' ? 'groupidentify' : 'event';
}

function readFields(output: JsonObject, body: JsonObject, rules: EventRules, checking: Checking): void {
  for (const [name, read] of rules.fields) {
    const value = read(output[name], name, checking);
    if (value !== undefined) body[name] = value;
  }
  const { language } = output as { readonly language?: JsonValue };
  if (typeof language === 'string' && language !== '') body['language'] = rules.languageName(language);
  else if (!isBlank(language))
    refuse(checking, 'language', language, 'is no text: map a tag such as "en-US", or a name');
  const skip = readBoolean(output['$skip_user_properties_sync'], '$skip_user_properties_sync', checking);
  body['$skip_user_properties_sync'] = skip ?? true;
}

/** Properties and groups: an Identify changes a user, a Group Identify groups, any other event tells of both. */
function readSubjects(kind: EventKind, output: JsonObject, body: JsonObject, checking: Checking): void {
  const groups = readGroups(output['groups'], checking);
  if (groups !== undefined) body['groups'] = groups;
  const [name, properties] =
    kind === 'groupidentify'
      ? ['group_properties', readGroupOperations(output, checking)]
      : [
          'user_properties',
          kind === 'identify' ? readUserOperations(output, checking) : readPlainProperties(output, checking),
        ];
  if (properties !== undefined) body[name] = properties;
}

const cures: Readonly<Record<string, string>> = {
  time: 'time has no value: map the time of the event in milliseconds, e.g. ["iso_time_to_ms", "field"]',
  groups: 'groups has no value: a Group Identify names its group, map {"type": "field"}',
  group_properties: 'group_properties has no value: a Group Identify changes some, map {"name": "field"}',
};

const required: Readonly<Record<EventKind, readonly string[]>> = {
  event: ['time'],
  identify: [],
  groupidentify: ['groups', 'group_properties'],
};

/** What each kind of call cannot do without, beside its type and ids. */
function missingField(kind: EventKind, body: JsonObject): Fault | undefined {
  const column = required[kind].find((name) => body[name] === undefined);
  return column === undefined ? undefined : { column, reason: cures[column] ?? '' };
}
