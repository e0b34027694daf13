import type { ObjectKey } from './objects.ts';

/** Waiting is a result, not an error. */
export interface ReconcileResult {
  /** Look again after so long, at the latest. Nothing: only when something changes. */
  readonly requeueAfterMs?: number;
}

/** Makes the world of one object as its spec says. By level: it is not told what woke it. */
export type Reconcile = (key: ObjectKey, signal: AbortSignal) => Promise<ReconcileResult>;
