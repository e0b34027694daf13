import type { KubernetesObject } from '../runtime/objects.ts';

/** A v1 Pod of a worker, as far as the operator reads it. */
export interface WorkerPod extends KubernetesObject {
  readonly status?: {
    readonly phase?: string;
    /** `Evicted`, where the kubelet ended it. */
    readonly reason?: string;
    readonly conditions?: readonly PodCondition[];
    readonly containerStatuses?: readonly ContainerStatus[];
  };
}

interface PodCondition {
  readonly type: string;
  readonly status: string;
  readonly reason?: string;
  readonly message?: string;
}

interface ContainerStatus {
  readonly image?: string;
  readonly ready?: boolean;
  readonly state?: {
    readonly waiting?: { readonly reason?: string; readonly message?: string };
    readonly running?: { readonly startedAt?: string };
    readonly terminated?: TerminatedContainer;
  };
}

export interface TerminatedContainer {
  readonly exitCode: number;
  readonly reason?: string;
  /** What the worker reported. */
  readonly message?: string;
}

/** Labels that the Job controller puts on its pods. */
export const podLabels = {
  job: 'batch.kubernetes.io/job-name',
  index: 'batch.kubernetes.io/job-completion-index',
} as const;
