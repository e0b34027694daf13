import type { S3ImportSource } from '../../../crds/generated/s3-import-source.ts';
import { apiVersion } from '../../../crds/names.ts';
import type { Run, RunOutcome } from '../../../lib/store/types.ts';
import { resourceTypes } from '../../resource-types.ts';
import type { JobView, RunPlan } from '../../planning/run.ts';
import { jobName } from '../../resources/names.ts';
import { buildWorkerJob, type PodTemplate } from '../../resources/worker-job.ts';
import type { ApiClient } from '../../runtime/api-client.ts';
import type { EventRecorder } from '../../runtime/event-recorder.ts';
import type { StoreSession } from '../../stores.ts';

export interface CarryOutInput {
  readonly source: S3ImportSource;
  readonly sourceId: number;
  readonly session: StoreSession;
  readonly template: PodTemplate;
  readonly templateHash: string;
  readonly latestRun: Run | undefined;
}

export interface CarryOutDeps {
  readonly client: ApiClient;
  readonly recorder: EventRecorder;
}

/** Does what the plan says: at most one step, each of which may be repeated after a crash. */
export async function carryOutRun(
  plan: RunPlan,
  input: CarryOutInput,
  deps: CarryOutDeps,
  signal: AbortSignal,
): Promise<void> {
  switch (plan.kind) {
    case 'none':
    case 'keep':
    case 'wait':
      return;
    case 'stop':
      return await stopJobs(plan, input, deps, signal);
    case 'end':
      return await endRun(plan, input, deps);
    case 'start': {
      const run = await input.session.store.runs.openRun(input.sourceId, input.session);
      await applyJob(input, { run: run.number, shards: plan.shards }, deps, signal);
      const count = plan.shards === 1 ? '1 worker' : `${plan.shards} workers`;
      record(deps, input, 'WorkersCreated', `Run ${run.number} begins with ${count}.`);
      return;
    }
    case 'grow':
      await applyJob(input, { run: plan.job.run, shards: plan.shards }, deps, signal);
      record(deps, input, 'WorkersScaled', `Run ${plan.job.run} goes on with ${plan.shards} workers.`);
  }
}

async function stopJobs(
  plan: Extract<RunPlan, { kind: 'stop' }>,
  { source, latestRun, session, sourceId }: CarryOutInput,
  { client }: CarryOutDeps,
  signal: AbortSignal,
): Promise<void> {
  const { namespace } = source.metadata;
  for (const name of plan.jobs) {
    await client.delete(resourceTypes.jobs, { namespace, name }, { propagation: 'Background', signal });
  }
  if (latestRun === undefined || latestRun.endedAt !== undefined) return;
  const message =
    plan.because === 'Suspended' ? 'The source was suspended.' : 'The spec or a Secret changed.';
  const { epoch } = session;
  await session.store.runs.closeRun(sourceId, latestRun.number, { epoch, outcome: 'Cancelled', message });
}

async function endRun(
  { run, job }: Extract<RunPlan, { kind: 'end' }>,
  input: CarryOutInput,
  deps: CarryOutDeps,
): Promise<void> {
  const { session, sourceId } = input;
  const outcome = outcomeOf(job, input);
  await session.store.runs.closeRun(sourceId, run, { epoch: session.epoch, outcome });
  record(deps, input, 'WorkersCompleted', `Run ${run} ended: ${outcome}.`);
}

/** Without a Job: it was stopped, and the operator with it before the account was closed; or somebody deleted it. */
function outcomeOf(job: JobView | undefined, { source, latestRun }: CarryOutInput): RunOutcome {
  if (job?.state === 'failed') return 'Failed';
  if (job === undefined && source.spec.suspend) return 'Cancelled';
  return (latestRun?.files.failed ?? 0) > 0 ? 'CompletedWithFailures' : 'Succeeded';
}

async function applyJob(
  { source, template, templateHash }: CarryOutInput,
  { run, shards }: { readonly run: number; readonly shards: number },
  { client }: CarryOutDeps,
  signal: AbortSignal,
): Promise<void> {
  const { namespace, name, uid } = source.metadata;
  const job = buildWorkerJob({
    namespace,
    name: jobName(name, run, templateHash),
    owner: { apiVersion, kind: 'S3ImportSource', name, uid, controller: true, blockOwnerDeletion: true },
    run,
    shards,
    template,
    templateHash,
  });
  await client.apply(resourceTypes.jobs, job, { signal });
}

function record({ recorder }: CarryOutDeps, { source }: CarryOutInput, reason: string, note: string): void {
  recorder.record({ regarding: source, type: 'Normal', reason, action: 'Import', note });
}
