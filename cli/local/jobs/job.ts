import type { KubernetesObject } from '../../../operator/runtime/objects.ts';
import { metaOf, type Pod, type PodSpec } from '../pod.ts';

/** An Indexed batch/v1 Job, with the defaults that the API server fills in. */
export interface Job extends KubernetesObject {
  readonly spec: JobSpec;
  readonly status?: JobStatus;
}

export interface JobSpec {
  readonly completions: number;
  readonly parallelism: number;
  readonly backoffLimit: number;
  readonly backoffLimitPerIndex?: number;
  readonly podFailurePolicy?: { readonly rules: readonly FailureRule[] };
  readonly podReplacementPolicy: 'TerminatingOrFailed' | 'Failed';
  readonly suspend: boolean;
  readonly ttlSecondsAfterFinished?: number;
  readonly selector: { readonly matchLabels: Readonly<Record<string, string>> };
  readonly template: {
    readonly metadata?: {
      readonly labels?: Readonly<Record<string, string>>;
      readonly annotations?: Readonly<Record<string, string>>;
    };
    readonly spec: PodSpec;
  };
}

export interface FailureRule {
  readonly action: FailureAction;
  readonly onExitCodes?: {
    readonly containerName?: string;
    readonly operator: 'In' | 'NotIn';
    readonly values: readonly number[];
  };
  readonly onPodConditions?: readonly { readonly type: string; readonly status: string }[];
}

export type FailureAction = 'FailJob' | 'FailIndex' | 'Ignore' | 'Count';

export interface JobStatus {
  readonly startTime?: string;
  readonly completionTime?: string;
  readonly active?: number;
  readonly ready?: number;
  readonly terminating?: number;
  readonly succeeded?: number;
  readonly failed?: number;
  /** As `1,3-5`. */
  readonly completedIndexes?: string;
  readonly failedIndexes?: string;
  /** Pods that have ended and are not yet in the counters, since their finalizer is not off. */
  readonly uncountedTerminatedPods?: { readonly failed?: readonly string[] };
  readonly conditions?: readonly JobCondition[];
}

export interface JobCondition {
  readonly type: JobConditionType;
  readonly status: 'True' | 'False';
  readonly reason: string;
  readonly message: string;
  readonly lastProbeTime?: string;
  readonly lastTransitionTime: string;
}

export type JobConditionType = 'SuccessCriteriaMet' | 'Complete' | 'FailureTarget' | 'Failed' | 'Suspended';

/** Keeps a pod until its end is counted. */
export const trackingFinalizer = 'batch.kubernetes.io/job-tracking';

export const podKeys = {
  index: 'batch.kubernetes.io/job-completion-index',
  failureCount: 'batch.kubernetes.io/job-index-failure-count',
  ignoredCount: 'batch.kubernetes.io/job-index-ignored-failure-count',
} as const;

export function conditionOf(status: JobStatus | undefined, type: JobConditionType): JobCondition | undefined {
  return status?.conditions?.find((condition) => condition.type === type && condition.status === 'True');
}

export function isFinished({ status }: Job): boolean {
  return (conditionOf(status, 'Complete') ?? conditionOf(status, 'Failed')) !== undefined;
}

export function isTracked(pod: Pod): boolean {
  return pod.metadata.finalizers?.includes(trackingFinalizer) === true;
}

/** The index of a pod of a Job; undefined for what is none. */
export function indexOf(pod: Pod): number | undefined {
  const text = metaOf(pod).annotations?.[podKeys.index] ?? '';
  return /^\d+$/u.test(text) ? Number(text) : undefined;
}

/** A number that stands in an annotation; 0 if it does not. */
export function countAt(pod: Pod, key: string): number {
  return Number(metaOf(pod).annotations?.[key] ?? 0);
}
