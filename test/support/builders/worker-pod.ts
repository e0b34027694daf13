import type { WorkerPod } from '../../../operator/resources/worker-pod.ts';
import { startTime } from './resources.ts';

type ContainerState = NonNullable<
  NonNullable<NonNullable<WorkerPod['status']>['containerStatuses']>[number]['state']
>;

export interface PodChanges {
  readonly index?: number;
  /** Which pod of the index. */
  readonly attempt?: number;
  readonly status?: NonNullable<WorkerPod['status']>;
}

/** A pod of the Job `web-events-1-hash-1`, as the API server gives it. */
export function workerPod({ index = 0, attempt = 0, status = {} }: PodChanges = {}): WorkerPod {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name: `web-events-1-hash-1-${index}-abc${attempt}`,
      namespace: 'acme',
      uid: `uid of ${index}, ${attempt}`,
      creationTimestamp: new Date(startTime + attempt * 10_000).toISOString(),
      labels: {
        'batch.kubernetes.io/job-name': 'web-events-1-hash-1',
        'batch.kubernetes.io/job-completion-index': String(index),
      },
    },
    status,
  };
}

function inState(phase: string, state: ContainerState, ready = false): NonNullable<WorkerPod['status']> {
  return { phase, containerStatuses: [{ image: 'registry.example/millrace:1', ready, state }] };
}

export function runningSince(atMs: number): NonNullable<WorkerPod['status']> {
  return inState('Running', { running: { startedAt: new Date(atMs).toISOString() } }, true);
}

export function waitingFor(reason: string, message = ''): NonNullable<WorkerPod['status']> {
  return inState('Pending', { waiting: { reason, message } });
}

export function endedWith(
  exitCode: number,
  told: { readonly reason?: string; readonly message?: string } = {},
) {
  return inState(exitCode === 0 ? 'Succeeded' : 'Failed', { terminated: { exitCode, ...told } });
}

export function unschedulable(message: string): NonNullable<WorkerPod['status']> {
  const condition = { type: 'PodScheduled', status: 'False', reason: 'Unschedulable', message };
  return { phase: 'Pending', conditions: [condition] };
}

export function evicted(): NonNullable<WorkerPod['status']> {
  const condition = { type: 'DisruptionTarget', status: 'True', reason: 'EvictionByEvictionAPI' };
  return { ...endedWith(137), conditions: [condition] };
}
