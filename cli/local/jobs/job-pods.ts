import { hasEnded, metaOf, type Pod } from '../pod.ts';
import { parseIndexes } from './job-indexes.ts';
import { countAt, indexOf, isTracked, podKeys, type Job } from './job.ts';
import { judgeFailure } from './pod-failure-policy.ts';

/** The pods of a Job, sorted out. */
export interface JobPods {
  readonly all: readonly Pod[];
  /** Neither ended nor being deleted. */
  readonly active: readonly Pod[];
  /** Being deleted, and not ended yet. */
  readonly terminating: readonly Pod[];
  /** Failed, and not yet let go. */
  readonly failed: readonly Pod[];
  readonly completedIndexes: ReadonlySet<number>;
  /** Given up; undefined unless the Job counts failures by index. */
  readonly failedIndexes: ReadonlySet<number> | undefined;
  /** By index: the failed pod that carries the count of failures, until there is a replacement to carry it. */
  readonly lastFailed: ReadonlyMap<number, Pod>;
}

export function sortPods(job: Job, pods: readonly Pod[]): JobPods {
  const { completions } = job.spec;
  const isInRange = (pod: Pod) => (indexOf(pod) ?? completions) < completions;
  const active = pods.filter((pod) => !hasEnded(pod) && pod.metadata.deletionTimestamp === undefined);
  const tracked = pods.filter((pod) => isTracked(pod) && isInRange(pod));
  const failed = tracked.filter((pod) => isFailed(pod, job));
  const succeeded = tracked.filter((pod) => pod.status?.phase === 'Succeeded');
  const failedIndexes = failedIndexesOf(job, failed);
  return {
    all: pods,
    active,
    terminating: pods.filter((pod) => !hasEnded(pod) && pod.metadata.deletionTimestamp !== undefined),
    failed,
    completedIndexes: parseIndexes(job.status?.completedIndexes, completions).union(indexesOf(succeeded)),
    failedIndexes,
    lastFailed: lastFailedOf(job, failed, indexesOf(active)),
  };
}

export function indexesOf(pods: readonly Pod[]): ReadonlySet<number> {
  return new Set(pods.map(indexOf).filter((index) => index !== undefined));
}

/** A pod being deleted counts as failed at once, unless the Job waits for it to end before it replaces it. */
function isFailed(pod: Pod, { spec }: Job): boolean {
  if (pod.status?.phase === 'Failed') return true;
  const isGoing = pod.metadata.deletionTimestamp !== undefined && pod.status?.phase !== 'Succeeded';
  return isGoing && spec.podReplacementPolicy === 'TerminatingOrFailed';
}

function failedIndexesOf(job: Job, failed: readonly Pod[]): ReadonlySet<number> | undefined {
  const { backoffLimitPerIndex, completions } = job.spec;
  if (backoffLimitPerIndex === undefined) return undefined;
  const given = failed.filter((pod) => {
    const { action, isCounted } = judgeFailure(pod, job);
    return (
      action === 'FailIndex' || (isCounted && countAt(pod, podKeys.failureCount) >= backoffLimitPerIndex)
    );
  });
  return parseIndexes(job.status?.failedIndexes, completions).union(indexesOf(given));
}

function lastFailedOf(
  job: Job,
  failed: readonly Pod[],
  active: ReadonlySet<number>,
): ReadonlyMap<number, Pod> {
  const last = new Map<number, Pod>();
  if (job.spec.backoffLimitPerIndex === undefined) return last;
  for (const pod of failed) {
    const index = indexOf(pod) ?? 0;
    const known = last.get(index);
    const isLater = known === undefined || failuresOf(pod) >= failuresOf(known);
    if (!active.has(index) && isLater) last.set(index, pod);
  }
  return last;
}

/** Of the index, before this pod. */
export function failuresOf(pod: Pod): number {
  return countAt(pod, podKeys.failureCount) + countAt(pod, podKeys.ignoredCount);
}

/** Milliseconds since the epoch at which a pod ended. */
export function endOf(pod: Pod): number {
  const finished = pod.status?.containerStatuses?.[0]?.state.terminated?.finishedAt;
  return Date.parse(finished ?? metaOf(pod).deletionTimestamp ?? metaOf(pod).creationTimestamp ?? '');
}
