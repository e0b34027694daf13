import type { Container, ContainerStatus, Pod, PodCondition, PodStatus, TerminatedState } from './pod.ts';

/** RFC 3339 in whole seconds, as the API writes times. */
export function timeText(milliseconds: number): string {
  return `${new Date(milliseconds).toISOString().slice(0, 19)}Z`;
}

/** How a container ended. */
export interface ContainerEnd {
  /** 128 and the signal's number, if a signal ended it. */
  readonly exitCode: number;
  readonly reason: 'Completed' | 'Error' | 'ContainerStatusUnknown' | 'StartError';
  /** The termination message. */
  readonly message: string;
  readonly startedAt: number;
  readonly finishedAt: number;
}

/** The container cannot be started yet: something that its environment refers to is missing. */
export function waitingStatus(pod: Pod, why: { reason: string; message: string }, now: number): PodStatus {
  const container = firstContainer(pod);
  return {
    phase: 'Pending',
    startTime: pod.status?.startTime ?? timeText(now),
    conditions: conditionsOf(pod, { isReady: false, reason: 'ContainersNotReady', now }),
    containerStatuses: [{ ...bareStatus(container), state: { waiting: why } }],
  };
}

export function runningStatus(pod: Pod, startedAt: number): PodStatus {
  return {
    phase: 'Running',
    startTime: pod.status?.startTime ?? timeText(startedAt),
    conditions: conditionsOf(pod, { isReady: true, reason: '', now: startedAt }),
    containerStatuses: [
      {
        ...bareStatus(firstContainer(pod)),
        ready: true,
        started: true,
        state: { running: { startedAt: timeText(startedAt) } },
      },
    ],
  };
}

export function endedStatus(pod: Pod, end: ContainerEnd): PodStatus {
  const isSuccess = end.exitCode === 0;
  const terminated: TerminatedState = {
    exitCode: end.exitCode,
    reason: end.reason,
    ...(end.message === '' ? {} : { message: end.message }),
    startedAt: timeText(end.startedAt),
    finishedAt: timeText(end.finishedAt),
  };
  const reason = isSuccess ? 'PodCompleted' : 'PodFailed';
  return {
    phase: isSuccess ? 'Succeeded' : 'Failed',
    startTime: pod.status?.startTime ?? timeText(end.startedAt),
    conditions: conditionsOf(pod, { isReady: false, reason, now: end.finishedAt }),
    containerStatuses: [{ ...bareStatus(firstContainer(pod)), state: { terminated } }],
  };
}

/**
 * A pod whose process is gone without anybody having seen its end, as after a crash of the runner. It is marked as
 * disrupted, so that a Job may ignore the failure.
 */
export function lostStatus(pod: Pod, now: number): PodStatus {
  const started = Date.parse(pod.status?.startTime ?? '') || now;
  const status = endedStatus(pod, {
    exitCode: 137,
    reason: 'ContainerStatusUnknown',
    message: 'The container could not be located when the pod was looked for',
    startedAt: started,
    finishedAt: now,
  });
  const disruption: PodCondition = {
    type: 'DisruptionTarget',
    status: 'True',
    reason: 'TerminationByKubelet',
    message: 'The process that ran the pod ended before it did',
    lastTransitionTime: timeText(now),
  };
  return { ...status, conditions: [...(status.conditions ?? []), disruption] };
}

/** A pod that is deleted before its container was started. */
export function neverStartedStatus(pod: Pod, now: number): PodStatus {
  return {
    phase: 'Failed',
    startTime: pod.status?.startTime ?? timeText(now),
    conditions: conditionsOf(pod, { isReady: false, reason: 'PodFailed', now }),
  };
}

/** A pod that asks for what a process cannot give it. */
export function refusedStatus(pod: Pod, message: string, now: number): PodStatus {
  return { ...neverStartedStatus(pod, now), reason: 'UnsupportedPod', message };
}

function firstContainer(pod: Pod): Container {
  return pod.spec.containers[0] ?? { name: '', image: '' };
}

function bareStatus({ name, image }: Container): Omit<ContainerStatus, 'state'> {
  return { name, image, imageID: '', ready: false, started: false, restartCount: 0, lastState: {} };
}

interface Readiness {
  readonly isReady: boolean;
  readonly reason: string;
  readonly now: number;
}

const kept = new Set(['PodScheduled', 'DisruptionTarget']);

/** Those of others stay; a time moves only with its status. */
function conditionsOf(pod: Pod, { isReady, reason, now }: Readiness): PodCondition[] {
  const before = pod.status?.conditions ?? [];
  const own = ['Initialized', 'ContainersReady', 'Ready'].map((type): PodCondition => {
    const status = isReady || type === 'Initialized' ? 'True' : 'False';
    const known = before.find((condition) => condition.type === type && condition.status === status);
    return {
      type,
      status,
      ...(status === 'True' || reason === '' ? {} : { reason }),
      lastTransitionTime: known?.lastTransitionTime ?? timeText(now),
    };
  });
  return [...before.filter(({ type }) => kept.has(type)), ...own];
}
