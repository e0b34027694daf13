import type { Reason } from '../../crds/reasons.ts';
import { exitCodes } from '../../lib/contract/exit-codes.ts';
import { parseReport } from '../../lib/contract/report.ts';
import { withCure } from '../conditions/finding.ts';
import type { TerminatedContainer, WorkerPod } from '../resources/worker-pod.ts';
import { plainContainerError, plainPullFailure, plainUnschedulable } from './plain-cause.ts';

/** Why a worker does not run. The same trouble has the same words, whichever pod has it. */
export interface Trouble {
  readonly reason: Reason;
  readonly message: string;
}

/** What keeps a pod from running, or ended it; undefined: nothing, or it is too early to say. */
export function troubleOf(pod: WorkerPod): Trouble | undefined {
  if (isEvicted(pod)) return undefined;
  return endingOf(pod) ?? waitingOf(pod) ?? unschedulableOf(pod);
}

/** Ended by the cluster and for its own ends: a drained node, an eviction, a preemption. Nobody's fault. */
export function isEvicted({ status }: WorkerPod): boolean {
  if (status?.phase !== 'Failed') return false;
  const disrupted = status.conditions?.some(
    (one) => one.type === 'DisruptionTarget' && one.status === 'True',
  );
  return disrupted === true || status.reason === 'Evicted';
}

function endingOf({ status }: WorkerPod): Trouble | undefined {
  const endings = (status?.containerStatuses ?? []).flatMap(({ state }) => state?.terminated ?? []);
  const bad = endings.find(({ exitCode }) => exitCode !== exitCodes.done);
  if (bad !== undefined) return describeEnding(bad);
  if (status?.phase !== 'Failed') return undefined;
  return { reason: 'WorkerCrashed', message: 'A worker’s node lost it, or never started it.' };
}

const reasonOfExit: Readonly<Record<number, Reason>> = {
  [exitCodes.configuration]: 'WorkerConfigInvalid',
  [exitCodes.credentials]: 'WorkerCredentialsRejected',
  [exitCodes.permission]: 'WorkerPermissionDenied',
  [exitCodes.transient]: 'MaxFailedShardsExceeded',
};

function describeEnding({ exitCode, reason, message = '' }: TerminatedContainer): Trouble {
  if (reason === 'OOMKilled') {
    return {
      reason: 'WorkerOOMKilled',
      message:
        'A worker used more memory than its limit. Raise spec.workers.resources.limits.memory; very long rows ' +
        'need more, large files do not.',
    };
  }
  const report = parseReport(message);
  const words = report?.message ?? `A worker ended with exit code ${exitCode} and told no cause.`;
  const cause = report?.reason === undefined ? '' : `${report.reason}: `;
  return {
    reason: reasonOfExit[exitCode] ?? 'WorkerCrashed',
    message: withCure(report?.reason ?? '', `${cause}${words}`),
  };
}

const pullReasons: ReadonlySet<string> = new Set([
  'ErrImagePull',
  'ImagePullBackOff',
  'ErrImageNeverPull',
  'InvalidImageName',
  'ImageInspectError',
  'RegistryUnavailable',
]);

const containerReasons: ReadonlySet<string> = new Set([
  'CreateContainerConfigError',
  'CreateContainerError',
  'RunContainerError',
]);

function waitingOf({ status }: WorkerPod): Trouble | undefined {
  for (const { image = '', state } of status?.containerStatuses ?? []) {
    const trouble = state?.waiting && waitingTrouble(image, state.waiting);
    if (trouble !== undefined) return trouble;
  }
  return undefined;
}

function waitingTrouble(
  image: string,
  { reason = '', message = '' }: { readonly reason?: string; readonly message?: string },
): Trouble | undefined {
  if (pullReasons.has(reason)) return describePull(image, message);
  if (!containerReasons.has(reason)) return undefined;
  const said = plainContainerError(message);
  return { reason: 'ContainerConfigError', message: `A worker's container cannot be made: ${said}` };
}

function describePull(image: string, message: string): Trouble {
  const cause = plainPullFailure(message);
  return {
    reason: 'ImagePullFailed',
    message:
      `The workers' image ${image} cannot be pulled. ${cause === undefined ? '' : `${cause}. `}` +
      "Check the operator's setting of the image, and the nodes' way to its registry.",
  };
}

function unschedulableOf({ status }: WorkerPod): Trouble | undefined {
  const scheduled = status?.conditions?.find(({ type }) => type === 'PodScheduled');
  if (scheduled?.status !== 'False' || scheduled.reason !== 'Unschedulable') return undefined;
  return {
    reason: 'PodUnschedulable',
    message: `No node takes a worker: ${plainUnschedulable(scheduled.message ?? '')}`,
  };
}
