import type { Reason } from '../../crds/reasons.ts';
import type { WorkerPod } from '../resources/worker-pod.ts';
import { podLabels } from '../resources/worker-pod.ts';
import { plainQuota, plainRefusal } from './plain-cause.ts';
import { isEvicted, troubleOf, type Trouble } from './pod-trouble.ts';

/** How the workers of a Job stand. */
export interface WorkerHealth {
  /** Workers that run, and have not failed again and again until a moment ago. */
  readonly steady: number;
  /** The worst of the troubles that others have. */
  readonly trouble: Trouble | undefined;
  /** Pods that the cluster ended for its own ends and that have no successor yet. */
  readonly evicted: readonly WorkerPod[];
}

/** Worst first: what a person must mend before what may pass. */
const severity: readonly Reason[] = [
  'WorkerConfigInvalid',
  'WorkerCredentialsRejected',
  'WorkerPermissionDenied',
  'WorkerForbidden',
  'ContainerConfigError',
  'ImagePullFailed',
  'WorkerOOMKilled',
  'PodQuotaExceeded',
  'PodUnschedulable',
  'MaxFailedShardsExceeded',
  'WorkerCrashed',
];

/** A worker that has failed before must run for so long until it counts as running again. */
const steadyAfterMs = 60_000;

/** The newest pod of each index decides: what those before it met is over. */
export function judgeWorkers(pods: readonly WorkerPod[], nowMs: number): WorkerHealth {
  const indexes = Map.groupBy(pods, indexOf);
  const histories = [...indexes.values()].map((some) => some.toSorted(byAge));
  const troubles = histories.flatMap((history) => troubleOfIndex(history, nowMs) ?? []);
  return {
    steady: histories.filter((history) => isSteady(history, nowMs)).length,
    trouble: worstOf(troubles),
    evicted: histories.flatMap((history) => history.at(-1) ?? []).filter(isEvicted),
  };
}

export function worstOf(troubles: readonly Trouble[]): Trouble | undefined {
  const rank = ({ reason, message }: Trouble) =>
    `${String(severity.indexOf(reason)).padStart(3, '0')} ${message}`;
  return troubles.toSorted((a, b) => (rank(a) < rank(b) ? -1 : 1))[0];
}

/** What the Job controller wrote when it could not make a pod. */
export function troubleOfRefusal(note: string): Trouble {
  const quota = plainQuota(note);
  if (quota !== undefined) {
    return {
      reason: 'PodQuotaExceeded',
      message:
        `ResourceQuota ${quota.quota} leaves no room for a worker: it is used up in ${quota.resources}. ` +
        'Raise it, or lower spec.workers.',
    };
  }
  return {
    reason: 'WorkerForbidden',
    message: `The cluster does not admit the pods of workers: ${plainRefusal(note)}`,
  };
}

function troubleOfIndex(history: readonly WorkerPod[], nowMs: number): Trouble | undefined {
  const newest = history.at(-1);
  if (newest === undefined || newest.status?.phase === 'Succeeded') return undefined;
  const now = troubleOf(newest);
  if (now !== undefined || isSteady(history, nowMs)) return now;
  const before = history.flatMap((pod) => (isFailed(pod) ? (troubleOf(pod) ?? []) : []));
  return before.length < 2 ? undefined : before.at(-1);
}

function isSteady(history: readonly WorkerPod[], nowMs: number): boolean {
  const running = history
    .at(-1)
    ?.status?.containerStatuses?.find(({ state }) => state?.running !== undefined);
  if (running === undefined || running.ready === false) return false;
  if (history.filter(isFailed).length < 2) return true;
  const runningMs = nowMs - Date.parse(running.state?.running?.startedAt ?? '');
  return !(runningMs < steadyAfterMs);
}

function isFailed(pod: WorkerPod): boolean {
  return pod.status?.phase === 'Failed' && !isEvicted(pod);
}

function indexOf({ metadata }: WorkerPod): string {
  return metadata.labels?.[podLabels.index] ?? metadata.annotations?.[podLabels.index] ?? '';
}

function byAge(a: WorkerPod, b: WorkerPod): number {
  const ageOf = ({ metadata }: WorkerPod) => `${metadata.creationTimestamp} ${metadata.name}`;
  return ageOf(a) < ageOf(b) ? -1 : 1;
}
