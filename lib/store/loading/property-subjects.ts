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

/** Whose properties change, and all that is done to them, in the order of the rows. */
export interface PropertySubject {
  readonly key: string;
  readonly projectId: string;
  /** `user` or `device`; of a group its type. */
  readonly type: string;
  readonly id: string;
  readonly steps: readonly PropertyStep[];
}

interface GrowingSubject extends PropertySubject {
  readonly steps: PropertyStep[];
}

export type PropertyScope = 'user' | 'group';

/** Whether an event does more than to be stored. */
export function changesProperties(loaded: LoadedEvent | undefined): boolean {
  if (loaded === undefined) return false;
  return loaded.event.kind !== 'event' || syncsUserProperties(loaded.event);
}

/** A plain event tells of the user's properties only if it says so; imports say no unless the converter says yes. */
function syncsUserProperties({ body }: EventCall): boolean {
  return body['$skip_user_properties_sync'] === false && isJsonObject(body['user_properties']);
}

/** The subjects of a batch's stored events, users before groups; scopes without subjects are left out. */
export function collectSubjects(
  { projectId }: LoadTarget,
  events: readonly LoadedEvent[],
  winners: ReadonlySet<number>,
): readonly (readonly [PropertyScope, readonly PropertySubject[]])[] {
  const scopes: Record<PropertyScope, Map<string, GrowingSubject>> = { user: new Map(), group: new Map() };
  for (const [ord, { event }] of events.entries()) {
    if (!winners.has(ord)) continue;
    const scope = event.kind === 'groupidentify' ? 'group' : 'user';
    const steps = scope === 'group' ? groupSteps(event) : userSteps(event);
    if (steps.length === 0) continue;
    for (const [type, id] of scope === 'group' ? groupsOf(event) : userOf(event)) {
      const key = hash128([projectId, type, id]);
      const subject = scopes[scope].get(key) ?? { key, projectId, type, id, steps: [] };
      subject.steps.push(...steps);
      scopes[scope].set(key, subject);
    }
  }
  return (['user', 'group'] as const)
    .map((scope) => [scope, [...scopes[scope].values()]] as const)
    .filter(([, subjects]) => subjects.length > 0);
}

function userSteps(event: EventCall): readonly PropertyStep[] {
  const properties = event.body['user_properties'];
  if (!isJsonObject(properties)) return [];
  return readPropertySteps(properties, event.kind === 'identify' ? userOperators : []);
}

function groupSteps(event: EventCall): readonly PropertyStep[] {
  const properties = event.body['group_properties'];
  return isJsonObject(properties) ? readPropertySteps(properties, groupOperators) : [];
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
