import type { EventCall } from '../../contract/event.ts';
import type { JsonValue } from '../../json.ts';
import { isJsonObject } from '../../json.ts';
import { hash128 } from '../identifiers.ts';
import {
  groupOperators,
  readPropertySteps,
  userOperators,
  type PropertyStep,
} from '../properties/apply-property-operations.ts';
import type { LoadedEvent, LoadTarget } from '../types.ts';

/** Whose properties an event changes. */
export interface Subject {
  readonly key: string;
  readonly projectId: string;
  /** `user` or `device`; of a group its type. */
  readonly type: string;
  readonly id: string;
}

/** And all that is done to them, in the order of the rows. */
export interface PropertySubject extends Subject {
  readonly steps: readonly PropertyStep[];
}

interface GrowingSubject extends PropertySubject {
  readonly steps: PropertyStep[];
}

export const propertyScopes = ['user', 'group'] as const;

export type PropertyScope = (typeof propertyScopes)[number];

/** Whether an event does more than to be stored. */
export function changesProperties(event: EventCall): boolean {
  return event.kind !== 'event' || syncsUserProperties(event);
}

/** A plain event tells of the user's properties only if it says so; imports say no unless the converter says yes. */
function syncsUserProperties({ body }: EventCall): boolean {
  return body['$skip_user_properties_sync'] === false && isJsonObject(body['user_properties']);
}

/**
 * The subjects of those events whose row was stored, users before groups; scopes without subjects are left out.
 */
export function collectSubjects(
  { projectId }: LoadTarget,
  changing: readonly LoadedEvent[],
  stored: ReadonlySet<number>,
): readonly (readonly [PropertyScope, readonly PropertySubject[]])[] {
  const scopes: Record<PropertyScope, Map<string, GrowingSubject>> = { user: new Map(), group: new Map() };
  for (const { row, event } of changing) {
    if (!stored.has(row)) continue;
    const steps = stepsOf(event);
    if (steps.length === 0) continue;
    const subjects = scopes[scopeOf(event)];
    for (const subject of subjectsOf(projectId, event)) {
      const known = subjects.get(subject.key) ?? { ...subject, steps: [] };
      known.steps.push(...steps);
      subjects.set(subject.key, known);
    }
  }
  return propertyScopes
    .map((scope) => [scope, [...scopes[scope].values()]] as const)
    .filter(([, subjects]) => subjects.length > 0);
}

export function scopeOf({ kind }: Pick<EventCall, 'kind'>): PropertyScope {
  return kind === 'groupidentify' ? 'group' : 'user';
}

/** What an event does to the properties of its subjects. */
export function stepsOf({ kind, body }: Pick<EventCall, 'kind' | 'body'>): readonly PropertyStep[] {
  if (kind === 'groupidentify') return readSteps(body['group_properties'], groupOperators);
  return readSteps(body['user_properties'], kind === 'identify' ? userOperators : []);
}

function readSteps(
  properties: JsonValue | undefined,
  operators: Parameters<typeof readPropertySteps>[1],
): readonly PropertyStep[] {
  return isJsonObject(properties) ? readPropertySteps(properties, operators) : [];
}

/** Each once, also when a call names a group twice. */
export function subjectsOf(projectId: string, event: EventCall): readonly Subject[] {
  const named = event.kind === 'groupidentify' ? groupsOf(event) : userOf(event);
  const subjects = named.map(([type, id]) => ({ key: hash128([projectId, type, id]), projectId, type, id }));
  return [...new Map(subjects.map((subject) => [subject.key, subject])).values()];
}

/** A user known by both ids is the user; the device id alone stands for somebody not known yet. */
function userOf({ userId, deviceId }: EventCall): readonly (readonly [type: string, id: string])[] {
  if (userId !== undefined) return [['user', userId]];
  return deviceId === undefined ? [] : [['device', deviceId]];
}

/** `groups: {type: value}`, where the value may be a list. */
function groupsOf({ body }: EventCall): readonly (readonly [type: string, id: string])[] {
  const groups = body['groups'];
  if (!isJsonObject(groups)) return [];
  return Object.entries(groups).flatMap(([type, values]) =>
    (Array.isArray(values) ? values : [values]).filter(isGroupName).map((id) => [type, String(id)] as const),
  );
}

function isGroupName(value: JsonValue): value is string | number {
  return typeof value === 'string' || typeof value === 'number';
}
