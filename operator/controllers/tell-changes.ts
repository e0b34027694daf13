import { conditions, type Condition, type ConditionType } from '../../crds/conditions.ts';
import type { Reason } from '../../crds/reasons.ts';
import { classOf } from '../conditions/finding.ts';
import type { RecordedEvent } from '../runtime/event-object.ts';
import type { EventRecorder } from '../runtime/event-recorder.ts';
import type { KubernetesObject } from '../runtime/objects.ts';

type Conditions = readonly Condition[] | undefined;

/** What was being done when a gate was looked at; in events. */
const actions: Readonly<Partial<Record<ConditionType, string>>> = {
  Accepted: 'Validate',
  ResolvedRefs: 'ResolveReferences',
  Connected: 'Connect',
  SchemaReady: 'Migrate',
  Authenticated: 'Authenticate',
  BucketAccessible: 'ProbeBucket',
  PermissionsVerified: 'ProbePermissions',
  WorkersAvailable: 'ObserveWorkers',
};

/** States that come and go by themselves: conditions and metrics show them, and events would only be many. */
const passing: ReadonlySet<string> = new Set<Reason>(['Throttled', 'WorkersStarting', 'Progressing']);

/**
 * Events of what a person sees change in the conditions of an object: one for each change of what `Ready` says, and one
 * for each trouble that does not keep it from being Ready. Never one for a look that found the same.
 */
export function tellChanges(
  recorder: Pick<EventRecorder, 'record'>,
  regarding: KubernetesObject,
  before: Conditions,
  after: Conditions,
): void {
  const told = [...readyEvents(before, after), ...degradedEvents(before, after)];
  for (const event of told) recorder.record({ regarding, ...event });
}

type Told = Omit<RecordedEvent, 'regarding'>;

function readyEvents(before: Conditions, after: Conditions): readonly Told[] {
  const [was, ready] = [find(before, 'Ready'), find(after, 'Ready')];
  if (ready === undefined || !differs(was, ready) || passing.has(ready.reason)) return [];
  if (ready.status === 'True' && was?.reason === 'Suspended') return [resumed];
  const type = isTrouble(ready) ? 'Warning' : 'Normal';
  return [{ type, reason: ready.reason, action: actionOf(ready, after), note: ready.message }];
}

function degradedEvents(before: Conditions, after: Conditions): readonly Told[] {
  const [was, degraded] = [find(before, 'Degraded'), find(after, 'Degraded')];
  if (degraded === undefined || was?.message === degraded.message) return [];
  return [{ type: 'Warning', reason: degraded.reason, action: 'Import', note: degraded.message }];
}

const resumed: Told = {
  type: 'Normal',
  reason: 'Resumed',
  action: 'Reconcile',
  note: 'The source is no longer suspended, and goes on.',
};

function find(all: Conditions, wanted: ConditionType): Condition | undefined {
  return all?.find(({ type }) => type === wanted);
}

function differs(before: Condition | undefined, after: Condition): boolean {
  return before?.status !== after.status || before.reason !== after.reason;
}

function isTrouble({ status, reason }: Condition): boolean {
  return status === 'False' && !['N', 'W'].includes(classOf(reason));
}

/** Of the gate whose reason `Ready` shows. */
function actionOf({ status, reason }: Condition, all: Conditions): string {
  const gate = all?.find(
    (one) =>
      one.status === status &&
      one.reason === reason &&
      (conditions as Readonly<Record<string, { readonly role: string }>>)[one.type]?.role === 'gate',
  );
  return actions[gate?.type as ConditionType] ?? 'Reconcile';
}
