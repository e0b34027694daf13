import type { JobPods } from './job-pods.ts';
import { conditionOf, type Job, type JobCondition, type JobConditionType, type JobStatus } from './job.ts';
import { judgeFailure } from './pod-failure-policy.ts';
import { timeText } from '../pod-status.ts';

/** Why and how a Job comes to its end: the interim condition is set at once, the final one when all pods are settled. */
export interface Ending {
  readonly interim: 'SuccessCriteriaMet' | 'FailureTarget';
  readonly final: 'Complete' | 'Failed';
  readonly reason: string;
  readonly message: string;
}

/** @param failures so many pods have failed, those included that are not in the counter yet */
export function endingOf(job: Job, pods: JobPods, failures: number): Ending | undefined {
  return endBegun(job.status) ?? endByFailure(job, pods, failures) ?? endByCompletion(job, pods);
}

function endBegun(status: JobStatus | undefined): Ending | undefined {
  const success = conditionOf(status, 'SuccessCriteriaMet');
  if (success) return { ...success, interim: 'SuccessCriteriaMet', final: 'Complete' };
  const begun = conditionOf(status, 'FailureTarget');
  return begun && failure(begun.reason, begun.message);
}

function endByFailure(job: Job, pods: JobPods, failures: number): Ending | undefined {
  const fatal = pods.failed.map((pod) => judgeFailure(pod, job)).find(({ action }) => action === 'FailJob');
  if (fatal) return failure('PodFailurePolicy', fatal.message);
  if (failures > job.spec.backoffLimit) {
    return failure('BackoffLimitExceeded', 'Job has reached the specified backoff limit');
  }
  const given = pods.failedIndexes?.size ?? 0;
  return given > 0 && given + pods.completedIndexes.size >= job.spec.completions
    ? failure('FailedIndexes', 'Job has failed indexes')
    : undefined;
}

function failure(reason: string, message: string): Ending {
  return { interim: 'FailureTarget', final: 'Failed', reason, message };
}

function endByCompletion(job: Job, pods: JobPods): Ending | undefined {
  if (pods.completedIndexes.size < job.spec.completions || pods.active.length > 0) return undefined;
  return {
    interim: 'SuccessCriteriaMet',
    final: 'Complete',
    reason: 'CompletionsReached',
    message: 'Reached expected number of succeeded pods',
  };
}

/** `ending` with its final condition once `isSettled`; else whether the Job is suspended. */
export function conditionsFor(
  job: Job,
  {
    ending,
    isSettled,
    now,
  }: { readonly ending: Ending | undefined; readonly isSettled: boolean; readonly now: number },
): readonly JobCondition[] {
  const conditions = [...(job.status?.conditions ?? [])];
  const set = (type: JobConditionType, status: 'True' | 'False', reason: string, message: string) => {
    const known = conditions.findIndex((condition) => condition.type === type);
    if (conditions[known]?.status === status) return;
    const time = timeText(now);
    const condition = { type, status, lastProbeTime: time, lastTransitionTime: time, reason, message };
    conditions.splice(known < 0 ? conditions.length : known, known < 0 ? 0 : 1, condition);
  };
  if (ending) {
    set(ending.interim, 'True', ending.reason, ending.message);
    if (isSettled) set(ending.final, 'True', ending.reason, ending.message);
  } else if (job.spec.suspend) {
    set('Suspended', 'True', 'JobSuspended', 'Job suspended');
  } else if (conditions.some(({ type }) => type === 'Suspended')) {
    set('Suspended', 'False', 'JobResumed', 'Job resumed');
  }
  return conditions;
}
