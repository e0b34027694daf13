import type { ListingState, PassKind } from '../store/types.ts';

export interface LookInput {
  /** Between the end of one pass and the begin of the next. */
  readonly intervalMs: number;
  /** A whole look is asked for: by a person, or because the spec changed. */
  readonly asked: boolean;
  readonly nowMs: number;
}

export type LookPlan =
  /** The pass under way goes on, or one of this kind begins. */
  { readonly kind: 'look'; readonly pass: PassKind } | { readonly kind: 'wait'; readonly ms: number };

/**
 * A whole pass costs a request for each thousand keys. With a pause of a millisecond a key in between, a bucket of
 * sixty thousand keys is looked through each minute, one of a million each quarter of an hour; no bucket is so large
 * that it is never looked through.
 */
const pausePerKeyMs = 1;
const longestPauseMs = 24 * 60 * 60_000;

/**
 * Whether to look at the bucket now, and at how much of it. Keys mostly sort by the time of their upload, so that a
 * look behind the greatest key ever seen finds what is new with one request; what sorts before it, the next whole pass
 * finds.
 */
export function planLook(state: ListingState, input: LookInput): LookPlan {
  const { current, lastFull, lastFinishedAt } = state;
  if (current !== undefined) return { kind: 'look', pass: current.kind };
  if (lastFull === undefined || lastFinishedAt === undefined || input.asked) {
    return { kind: 'look', pass: 'full' };
  }
  const ms = lastFinishedAt + input.intervalMs - input.nowMs;
  if (ms > 0) return { kind: 'wait', ms };
  const pauseMs = Math.max(input.intervalMs, Math.min(longestPauseMs, lastFull.seen * pausePerKeyMs));
  return { kind: 'look', pass: input.nowMs >= lastFull.finishedAt + pauseMs ? 'full' : 'tail' };
}
