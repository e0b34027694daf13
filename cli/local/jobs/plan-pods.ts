import type { Pod } from '../pod.ts';
import type { JobFacts } from './decide-job.ts';
import type { NewPod } from './job-pod.ts';
import { endOf, failuresOf, indexesOf, type JobPods } from './job-pods.ts';
import { countAt, indexOf, podKeys, type Job } from './job.ts';
import { judgeFailure } from './pod-failure-policy.ts';

const maxBackoffMs = 360_000;

export interface PodPlan {
  readonly create: readonly NewPod[];
  readonly remove: readonly Pod[];
  readonly requeueAfterMs?: number;
}

/** Which pods a running Job is to get, and which of its active ones are too many. */
export function planPods(facts: JobFacts, pods: JobPods): PodPlan {
  const { completions, parallelism, podReplacementPolicy } = facts.job.spec;
  const surplus = surplusOf(pods.active, completions);
  const kept = pods.active.filter((pod) => !surplus.includes(pod));
  const wanted = Math.min(parallelism, Math.max(completions - pods.completedIndexes.size, 0));
  if (kept.length > wanted) return { create: [], remove: [...surplus, ...kept.slice(wanted)] };
  const waiting = podReplacementPolicy === 'Failed' ? pods.terminating : [];
  const taken = indexesOf([...kept, ...waiting])
    .union(pods.completedIndexes)
    .union(pods.failedIndexes ?? new Set());
  const free = Array.from({ length: completions }, (_, index) => index).filter((index) => !taken.has(index));
  const next = free.slice(0, Math.max(wanted - kept.length - waiting.length, 0));
  const waits = next.map((index) => waitBefore(pods.lastFailed.get(index), facts));
  const soonest = Math.min(...waits.filter((ms) => ms > 0));
  return {
    create: next
      .filter((_, position) => waits[position] === 0)
      .map((index) => successorOf(index, pods, facts.job)),
    remove: surplus,
    ...(Number.isFinite(soonest) ? { requeueAfterMs: soonest } : {}),
  };
}

/** Active pods of an index that the Job does not have, or that another pod has too. */
function surplusOf(active: readonly Pod[], completions: number): readonly Pod[] {
  const seen = new Set<number>();
  return active.filter((pod) => {
    const index = indexOf(pod);
    const isSurplus = index === undefined || index >= completions || seen.has(index);
    if (index !== undefined) seen.add(index);
    return isSurplus;
  });
}

function waitBefore(last: Pod | undefined, { now, backoffMs }: JobFacts): number {
  if (last === undefined) return 0;
  const wait = Math.min(backoffMs * 2 ** failuresOf(last), maxBackoffMs);
  return Math.max(endOf(last) + wait - now, 0);
}

function successorOf(index: number, pods: JobPods, job: Job): NewPod {
  const last = pods.lastFailed.get(index);
  if (last === undefined) return { index, failures: 0, ignored: 0 };
  const { isCounted } = judgeFailure(last, job);
  return {
    index,
    failures: countAt(last, podKeys.failureCount) + (isCounted ? 1 : 0),
    ignored: countAt(last, podKeys.ignoredCount) + (isCounted ? 0 : 1),
  };
}
