import type { Condition } from '../../crds/conditions.ts';
import { TransientError } from '../../lib/errors.ts';
import { classOf, letsPass, type Finding } from '../conditions/finding.ts';
import type { ReconcileResult } from '../runtime/controller.ts';

/** A permanent failure is looked at again after so long all the same: its cure may lie where nothing is watched. */
const stalledMs = 15 * 60_000;

/** Objects that are waited for are mostly seen by a watch; Secrets and ConfigMaps are not watched, but asked for. */
const waitingMs = 15_000;

/**
 * When to look again, after the status is written. What may pass by itself is thrown, so that the queue backs off;
 * waiting and stalling are results, not errors.
 *
 * @param usual when to look again though nothing were wrong: work that goes on all the same
 * @param conditions as they were derived from the findings: where they say Stalled, what was put down to time has taken
 *   too long, and only a person can help
 */
export function settle(
  findings: readonly Finding[],
  usual: ReconcileResult,
  conditions: readonly Condition[] | undefined,
): ReconcileResult {
  const failure = findings.find((finding) => !letsPass(finding));
  if (failure === undefined) return usual;
  const within = (ms: number) => ({ requeueAfterMs: Math.min(ms, usual.requeueAfterMs ?? ms) });
  const { reason, message } = failure;
  const stalled = () => ({ ...within(stalledMs), failure: reason });
  if (conditions?.some(({ type }) => type === 'Stalled') === true) return stalled();
  switch (classOf(reason)) {
    case 'T':
    case 'E':
      throw new TransientError({ reason, message });
    case 'P':
      return stalled();
    case 'N':
    case 'W':
      return within(waitingMs);
  }
}
