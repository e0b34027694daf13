import type { Reason } from '../../../crds/reasons.ts';
import { exitCodes } from '../../../lib/contract/exit-codes.ts';
import { parseReport } from '../../../lib/contract/report.ts';
import { failed, passed, unknown, type Finding } from '../../conditions/finding.ts';
import { resources } from '../../kinds.ts';
import { viewJob } from '../../planning/job-view.ts';
import type { RunPlan } from '../../planning/run.ts';
import type { Job } from '../../resources/worker-job.ts';
import type { ApiClient } from '../../runtime/api-client.ts';
import type { KubernetesObject } from '../../runtime/objects.ts';

interface Pod extends KubernetesObject {
  readonly status?: {
    readonly containerStatuses?: readonly {
      readonly state?: {
        readonly terminated?: {
          readonly exitCode: number;
          readonly reason?: string;
          readonly message?: string;
        };
      };
    }[];
  };
}

/** A pod that is pulled and scheduled takes seconds; one that takes longer is worth a word. */
const startMs = 60_000;

/** How the workers of the source stand, by its newest Job. */
export async function observeWorkers(
  jobs: readonly Job[],
  plan: RunPlan,
  { client, nowMs }: { readonly client: ApiClient; readonly nowMs: number },
  signal: AbortSignal,
): Promise<Finding> {
  const newest = jobs.toSorted((a, b) => viewJob(b).run - viewJob(a).run)[0];
  const type = 'WorkersAvailable';
  if (newest === undefined || plan.kind === 'none') return passed(type, type, 'No worker is needed.');
  const { name, state } = viewJob(newest);
  if (state === 'failed' && plan.kind !== 'start') return await observeFailure(newest, client, signal);
  const startedAt = Date.parse(newest.status?.startTime ?? newest.metadata.creationTimestamp ?? '');
  if (state === 'active' && (newest.status?.ready ?? 0) === 0 && nowMs - startedAt > startMs) {
    return unknown(type, 'WorkersStarting', `No worker of Job ${name} runs yet. Look at its pods.`);
  }
  return passed(type, type, 'The workers that are wanted run, or are starting.');
}

interface Ending {
  readonly reason: Reason;
  readonly message: string;
}

/** What the pods of a failed Job told when they ended; the same pods give the same words. */
async function observeFailure(job: Job, client: ApiClient, signal: AbortSignal): Promise<Finding> {
  const { namespace = '', name = '' } = job.metadata;
  const labelSelector = `batch.kubernetes.io/job-name=${name}`;
  const page = await client.list<Pod>(resources.pods, { namespace, labelSelector, limit: 100, signal });
  const endings = page.items.flatMap(endingOf).toSorted((a, b) => (a.message < b.message ? -1 : 1));
  const told = endings.find(({ reason }) => reason !== 'WorkerCrashed') ?? endings[0];
  return told === undefined
    ? failed(
        'WorkersAvailable',
        'MaxFailedShardsExceeded',
        'The run failed, and none of its pods is left to say why.',
      )
    : failed('WorkersAvailable', told.reason, told.message);
}

const reasonOfExit: Readonly<Record<number, Reason>> = {
  [exitCodes.configuration]: 'WorkerConfigInvalid',
  [exitCodes.credentials]: 'WorkerCredentialsRejected',
  [exitCodes.permission]: 'WorkerPermissionDenied',
  [exitCodes.transient]: 'MaxFailedShardsExceeded',
};

function endingOf(pod: Pod): readonly Ending[] {
  return (pod.status?.containerStatuses ?? []).flatMap(({ state }) => {
    const ended = state?.terminated;
    if (ended === undefined || ended.exitCode === exitCodes.done) return [];
    if (ended.reason === 'OOMKilled') {
      return [{ reason: 'WorkerOOMKilled', message: 'A worker used more memory than its limit. Raise it.' }];
    }
    const report = parseReport(ended.message ?? '');
    const words = report?.message ?? `A worker ended with exit code ${ended.exitCode} and told no cause.`;
    const cause = report?.reason === undefined ? '' : `${report.reason}: `;
    return [{ reason: reasonOfExit[ended.exitCode] ?? 'WorkerCrashed', message: `${cause}${words}` }];
  });
}
