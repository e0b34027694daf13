import { hasEnded, metaOf, type Pod } from '../pod.ts';
import { timeText } from '../pod-status.ts';
import { conditionsFor, endingOf, type Ending } from './job-ending.ts';
import { formatIndexes } from './job-indexes.ts';
import type { NewPod } from './job-pod.ts';
import { sortPods, type JobPods } from './job-pods.ts';
import { conditionOf, indexOf, isTracked, type Job, type JobStatus } from './job.ts';
import { planPods, type PodPlan } from './plan-pods.ts';
import { judgeFailure } from './pod-failure-policy.ts';

export interface JobFacts {
  readonly job: Job;
  /** All that the Job controls. */
  readonly pods: readonly Pod[];
  /** Milliseconds since the epoch. */
  readonly now: number;
  /** The wait before the first retry of an index; it doubles with each further one. */
  readonly backoffMs: number;
}

/** What to do about a Job, in the order in which it must be done. */
export interface JobDecision {
  readonly create: readonly NewPod[];
  /** To be deleted. */
  readonly remove: readonly Pod[];
  /** Of those, the ones whose end is nobody's concern: a suspended or smaller Job has not failed by it. */
  readonly forget: readonly Pod[];
  readonly status: JobStatus;
  /** Their ends are in the status: their finalizers come off once that is written. */
  readonly release: readonly Pod[];
  readonly requeueAfterMs: number | undefined;
}

/**
 * One step of a Job, as the Job controller of a cluster takes it:
 *
 *     running ── all indexes done ──▶ SuccessCriteriaMet ── every pod counted ──▶ Complete
 *        └─ FailJob, too many failures, or all other indexes done ──▶ FailureTarget ── every pod ended ──▶ Failed
 *
 * A pod that ended is first noted in the status, then its finalizer comes off, then it is counted: so each is counted
 * once, whenever the controller dies.
 */
export function decideJob(facts: JobFacts): JobDecision {
  const { job } = facts;
  const pods = sortPods(job, facts.pods);
  const failures = countFailures(job, pods);
  const ending = endingOf(job, pods, failures.total + failures.noted.length);
  const isRunning = ending === undefined && !job.spec.suspend;
  const plan = isRunning ? planPods(facts, pods) : { create: [], remove: pods.active };
  const isEnding = ending !== undefined;
  return {
    create: plan.create,
    remove: plan.remove,
    forget: isEnding ? [] : plan.remove,
    release: pods.all.filter((pod) => isTracked(pod) && mayRelease(pod, { job, pods, isEnding })),
    requeueAfterMs: plan.requeueAfterMs,
    status: statusOf(facts, { pods, failures, ending, plan }),
  };
}

interface Decided {
  readonly pods: JobPods;
  readonly failures: Failures;
  readonly ending: Ending | undefined;
  readonly plan: PodPlan;
}

function statusOf(facts: JobFacts, { pods, failures, ending, plan }: Decided): JobStatus {
  const left = pods.active.filter((pod) => !plan.remove.includes(pod));
  const isSettled = isAllSettled(pods, failures);
  return withoutAbsent({
    ...timesOf(facts, isSettled ? ending : undefined),
    active: left.length + plan.create.length,
    ready: left.filter(isReady).length,
    terminating: pods.terminating.length + plan.remove.length,
    succeeded: pods.completedIndexes.size,
    failed: failures.total,
    completedIndexes: formatIndexes(pods.completedIndexes) || undefined,
    failedIndexes: pods.failedIndexes && formatIndexes(pods.failedIndexes),
    uncountedTerminatedPods: failures.noted.length === 0 ? {} : { failed: failures.noted },
    conditions: conditionsFor(facts.job, { ending, isSettled, now: facts.now }),
  });
}

/** No pod runs, and each that ended is in the counters. */
function isAllSettled({ all, active, terminating }: JobPods, { noted }: Failures): boolean {
  return active.length + terminating.length + noted.length === 0 && !all.some(isTracked);
}

interface Failures {
  /** Pods whose end is noted, or is to be, and whose finalizer is still on. */
  readonly noted: readonly string[];
  readonly total: number;
}

function countFailures(job: Job, { all, failed }: JobPods): Failures {
  const before = job.status?.uncountedTerminatedPods?.failed ?? [];
  const tracked = new Set(all.filter(isTracked).map((pod) => metaOf(pod).uid));
  const counting = failed.filter((pod) => judgeFailure(pod, job).isCounted).map((pod) => metaOf(pod).uid);
  return {
    noted: [...new Set([...before.filter((uid) => tracked.has(uid)), ...counting])],
    total: (job.status?.failed ?? 0) + before.filter((uid) => !tracked.has(uid)).length,
  };
}

interface Releasing {
  readonly job: Job;
  readonly pods: JobPods;
  readonly isEnding: boolean;
}

function mayRelease(pod: Pod, { job, pods, isEnding }: Releasing): boolean {
  const isOver = hasEnded(pod) || (pods.failed.includes(pod) && !isEnding);
  return isOver && (isEnding || !isStillNeeded(pod, job, pods));
}

/** The last failed pod of an index stays until its successor carries the count of failures on. */
function isStillNeeded(pod: Pod, { spec }: Job, { lastFailed, failedIndexes }: JobPods): boolean {
  const index = indexOf(pod) ?? spec.completions;
  return index < spec.completions && lastFailed.get(index) === pod && failedIndexes?.has(index) !== true;
}

function isReady(pod: Pod): boolean {
  return pod.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') === true;
}

function timesOf(
  { job, now }: JobFacts,
  ended: Ending | undefined,
): Pick<JobStatus, 'startTime' | 'completionTime'> {
  const { startTime } = job.status ?? {};
  const isResumed = !job.spec.suspend && conditionOf(job.status, 'Suspended') !== undefined;
  const start = startTime === undefined || isResumed ? timeText(now) : startTime;
  return {
    ...(job.spec.suspend && startTime === undefined ? {} : { startTime: start }),
    ...(ended?.final === 'Complete' ? { completionTime: timeText(now) } : {}),
  };
}

/** Keeps the compared text of a status free of fields that say nothing. */
function withoutAbsent(status: { readonly [Key in keyof JobStatus]: JobStatus[Key] | undefined }): JobStatus {
  return Object.fromEntries(Object.entries(status).filter(([, value]) => value !== undefined)) as JobStatus;
}
