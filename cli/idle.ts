import type { Condition } from '../crds/conditions.ts';
import type { ObjectMeta } from '../crds/object-meta.ts';
import { annotations } from '../crds/names.ts';
import { findReason } from '../crds/reasons.ts';

/** What all our kinds have. */
export interface Watched {
  readonly kind: string;
  readonly metadata: ObjectMeta;
  readonly status?: {
    readonly observedGeneration?: number;
    readonly lastHandledReconcileAt?: string;
    readonly conditions?: readonly Condition[];
  };
}

export type Idleness =
  /** Everything is Ready, and every source has imported what it found. */
  | { readonly kind: 'idle' }
  | { readonly kind: 'busy' }
  /** Nothing moves until somebody changes something. */
  | { readonly kind: 'stalled'; readonly objects: readonly Watched[] };

/** How far a set of objects is from having nothing to do. */
export function idlenessOf(objects: readonly Watched[]): Idleness {
  const stalled = objects.filter((object) => isUpToDate(object) && isStalled(object));
  if (stalled.length > 0) return { kind: 'stalled', objects: stalled };
  return objects.every(isDone) ? { kind: 'idle' } : { kind: 'busy' };
}

/** A store whose owner was ended for good becomes free by itself, a while after the owner's last sign of life. */
function isStalled(object: Watched): boolean {
  const isOwned =
    object.kind === 'EventStore' && conditionOf(object, 'Ready')?.reason === 'ConflictingResource';
  return holds(object, 'Stalled') && !isOwned;
}

/**
 * Objects that are refused: by keys, a trust policy, a permission or a password that somebody has to change, if what was
 * changed a moment ago is not just on its way.
 */
export function refusedObjects(objects: readonly Watched[]): readonly Watched[] {
  return objects.filter((object) => {
    const ready = conditionOf(object, 'Ready');
    const isRefused = ready?.status === 'False' && findReason(ready.reason)?.class === 'E';
    return isRefused && isUpToDate(object);
  });
}

function isDone(object: Watched): boolean {
  if (!isUpToDate(object) || !holds(object, 'Ready')) return false;
  const suspended = conditionOf(object, 'Ready')?.reason === 'Suspended';
  return suspended || conditionOf(object, 'CaughtUp') === undefined || holds(object, 'CaughtUp');
}

/** Status speaks of the present spec, and of the look that was asked for last. */
function isUpToDate({ metadata, status }: Watched): boolean {
  const requestedAt = metadata.annotations?.[annotations.requestedAt];
  return (
    status?.observedGeneration === metadata.generation &&
    (requestedAt === undefined || status.lastHandledReconcileAt === requestedAt)
  );
}

function holds(object: Watched, type: string): boolean {
  return conditionOf(object, type)?.status === 'True';
}

export function conditionOf({ status }: Watched, type: string): Condition | undefined {
  return status?.conditions?.find((condition) => condition.type === type);
}
