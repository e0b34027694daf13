import type { Reason } from '../../../crds/reasons.ts';
import { exitCodes } from '../../../lib/contract/exit-codes.ts';
import { parseReport } from '../../../lib/contract/report.ts';
import { failed, passed, unknown, type Finding } from '../../conditions/finding.ts';
import { resourceTypes } from '../../resource-types.ts';
import { viewJob } from '../../planning/job-view.ts';
import type { RunPlan } from '../../planning/run.ts';
import type { Job } from '../../resources/worker-job.ts';
import type { ApiClient } from '../../runtime/api-client.ts';
import type { KubernetesObject } from '../../runtime/objects.ts';

interface Pod extends KubernetesObject {
  readonly status?: {
    readonly containerStatuses?: readonly { readonly state?: { readonly terminated?: Terminated } }[];
  };
}

interface Terminated {
  readonly exitCode: number;
  readonly reason?: string;
  readonly message?: string;
}

/** A pod that is pulled and scheduled takes seconds; one that takes longer is worth a word. */
const startMs = 60_000;

/** How the workers of the source stand, by its newest Job. */
export async function observeWorkers(
  jobs: readonly Job[],
  plan: RunPlan,
  { client, nowMs }: { readonly client: Pick<ApiClient, 'list'>; readonly nowMs: number },
  signal: AbortSignal,
): Promise<Finding> {
  if (plan.kind === 'none') return passed(type, type, 'No worker is needed.');
  const newest = jobs.toSorted((a, b) => viewJob(b).run - viewJob(a).run)[0];
  if (newest === undefined || plan.kind === 'start') return atWork;
  const { state } = viewJob(newest);
  if (state === 'failed') return await observeFailure(newest, client, signal);
  return state === 'active' ? observeStart(newest, nowMs) : atWork;
}

const type = 'WorkersAvailable';

const atWork = passed(type, type, 'The workers that are wanted run, or are starting.');

function observeStart(job: Job, nowMs: number): Finding {
  const { metadata, status } = job;
  const startedAt = Date.parse(status?.startTime ?? metadata.creationTimestamp ?? '');
  if (!isIdle(job) || !(nowMs - startedAt > startMs)) return atWork;
  const fault = status?.failed ? 'fail and are started again' : 'do not run yet';
  return unknown(type, 'WorkersStarting', `The workers of Job ${metadata.name} ${fault}. Look at its pods.`);
}

/** Workers that have done their part are no longer ready, and nothing is wrong with that. */
function isIdle({ status }: Job): boolean {
  return (status?.ready ?? 0) === 0 && (status?.succeeded ?? 0) === 0;
}

interface Ending {
  readonly reason: Reason;
  readonly message: string;
}

/** What the pods of a failed Job told when they ended; the same pods give the same words. */
async function observeFailure(
  job: Job,
  client: Pick<ApiClient, 'list'>,
  signal: AbortSignal,
): Promise<Finding> {
  const { namespace = '', name = '' } = job.metadata;
  const labelSelector = `batch.kubernetes.io/job-name=${name}`;
  const page = await client.list<Pod>(resourceTypes.pods, { namespace, labelSelector, limit: 100, signal });
  const endings = page.items.flatMap(endingOf).toSorted((a, b) => (a.message < b.message ? -1 : 1));
  const told = endings.find(({ reason }) => reason !== 'WorkerCrashed') ?? endings[0];
  return told === undefined
    ? failed(type, 'MaxFailedShardsExceeded', 'The run failed, and none of its pods is left to say why.')
    : failed(type, told.reason, told.message);
}

const reasonOfExit: Readonly<Record<number, Reason>> = {
  [exitCodes.configuration]: 'WorkerConfigInvalid',
  [exitCodes.credentials]: 'WorkerCredentialsRejected',
  [exitCodes.permission]: 'WorkerPermissionDenied',
  [exitCodes.transient]: 'MaxFailedShardsExceeded',
};

function endingOf(pod: Pod): readonly Ending[] {
  const containers = pod.status?.containerStatuses ?? [];
  return containers.flatMap(({ state }) => (state?.terminated ? describeEnding(state.terminated) : []));
}

function describeEnding({ exitCode, reason, message = '' }: Terminated): readonly Ending[] {
  if (exitCode === exitCodes.done) return [];
  if (reason === 'OOMKilled') {
    return [{ reason: 'WorkerOOMKilled', message: 'A worker used more memory than its limit. Raise it.' }];
  }
  const report = parseReport(message);
  const words = report?.message ?? `A worker ended with exit code ${exitCode} and told no cause.`;
  const cause = report?.reason === undefined ? '' : `${report.reason}: `;
  return [{ reason: reasonOfExit[exitCode] ?? 'WorkerCrashed', message: `${cause}${words}` }];
}
