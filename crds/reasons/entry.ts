import type { ConditionType } from '../conditions.ts';
import type { Kind } from '../names.ts';

/**
 * What a reason asks of whom:
 * - `N` normal: nothing is wrong.
 * - `W` waiting: goes on by itself when what it waits for comes; not counted as an error.
 * - `T` transient: tried again, at growing intervals from a second to five minutes.
 * - `P` permanent: the object is Stalled until the spec, a referenced object or the annotation
 *   `millrace.dev/requestedAt` changes; looked at again every quarter of an hour all the same.
 * - `E` eventual: transient for ten minutes, since changes of permissions take time to arrive, permanent then.
 */
export type ReasonClass = 'N' | 'W' | 'T' | 'P' | 'E';

/**
 * Where a reason may stand: on a condition; on an event alone; in logs and metrics alone; in the
 * output of a command alone; or on a single file, whose
 * own fault it then is: a worker settles it in the ledger and goes on with the next file, while anything else
 * concerns the worker as a whole.
 */
export type ReasonPlace = ConditionType | 'Event' | 'Log' | 'Command' | 'File';

export interface ReasonEntry {
  /** Where it arises. `Ready`, `Reconciling` and `Stalled` repeat what arose on a sub-condition. */
  readonly on: readonly ReasonPlace[];
  /** Empty for a reason of a command alone. */
  readonly kinds: readonly Kind[];
  readonly class: ReasonClass;
  /** `Ready` does not wait for a condition that is Unknown for this reason. */
  readonly harmless?: true;
  /** What it means, in a sentence. */
  readonly summary: string;
  /** What to do about it, in a sentence or two. Absent where there is nothing to do. */
  readonly cure?: string;
}

export const onAll = ['S3Connection', 'EventStore', 'S3ImportSource'] as const satisfies readonly Kind[];
export const onS3 = ['S3Connection', 'S3ImportSource'] as const satisfies readonly Kind[];
export const onConnection = ['S3Connection'] as const satisfies readonly Kind[];
export const onStore = ['EventStore'] as const satisfies readonly Kind[];
/** What a store's trouble looks like from a source: workers meet it too. */
export const onStoreAndSource = ['EventStore', 'S3ImportSource'] as const satisfies readonly Kind[];
export const onSource = ['S3ImportSource'] as const satisfies readonly Kind[];
