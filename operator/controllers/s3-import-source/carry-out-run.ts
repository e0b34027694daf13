import type { S3ImportSource } from '../../../crds/generated/s3-import-source.ts';
import { apiVersion } from '../../../crds/names.ts';
import type { Run, RunOutcome } from '../../../lib/store/run-types.ts';
import type { OperatorCounters } from '../../operator-counters.ts';
import { resourceTypes } from '../../resource-types.ts';
import type { JobView, RunPlan } from '../../planning/run.ts';
import { jobName } from '../../resources/names.ts';
import type { RecordedEvent } from '../../runtime/event-object.ts';
import { buildWorkerJob, type PodTemplate } from '../../resources/worker-job.ts';
import type { StoreSession } from '../../stores.ts';
import { stopJobs, type StopDeps } from './stop-jobs.ts';

export interface CarryOutInput {
  readonly source: S3ImportSource;
  readonly sourceId: number;
  readonly session: StoreSession;
  readonly template: PodTemplate;
  readonly templateHash: string;
  readonly latestRun: Run | undefined;
}

export interface CarryOutDeps extends StopDeps {
  readonly counters: Pick<OperatorCounters, 'runEnded'>;
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
      return await stopJobs({ source: input.source, account: input, ...plan }, deps, signal);
    case 'end':
      return await endRun(plan, input, deps);
    case 'start': {
      const run = await input.session.store.runs.openRun(input.sourceId, input.session);
      await applyJob(input, { run: run.number, size: plan.shards }, deps, signal);
      record(deps, input, {
        type: 'Normal',
        reason: 'WorkersCreated',
        note: `Run ${run.number} begins with ${countWorkers(plan.shards)}.`,
      });
      return;
    }
    case 'resize':
      await applyJob(input, { run: plan.job.run, size: plan.size }, deps, signal);
      record(deps, input, {
        type: 'Normal',
        reason: 'WorkersScaled',
        note: `Run ${plan.job.run} goes on with ${countWorkers(plan.shards)}.`,
      });
  }
}

function countWorkers(count: number): string {
  return count === 1 ? '1 worker' : `${count} workers`;
}

async function endRun(
  { run, job }: Extract<RunPlan, { kind: 'end' }>,
  input: CarryOutInput,
  deps: CarryOutDeps,
): Promise<void> {
  const { session, sourceId } = input;
  const outcome = outcomeOf(job, input);
  const { epoch } = session;
  const ended = await session.store.runs.closeRun(sourceId, run, { epoch, outcome });
  const { startedAt, endedAt } = ended;
  if (endedAt !== undefined) deps.counters.runEnded(outcome, (endedAt - startedAt) / 1000);
  const type = outcome === 'Failed' || outcome === 'CompletedWithFailures' ? 'Warning' : 'Normal';
  record(deps, input, {
    type,
    reason: 'WorkersCompleted',
    note: `Run ${run} ended: ${outcome}. ${tallyOf(ended)}`,
  });
}

/** Without a Job: it was stopped, and the operator with it before the account was closed; or somebody deleted it. */
function outcomeOf(job: JobView | undefined, { source, latestRun }: CarryOutInput): RunOutcome {
  if (job?.state === 'failed') return 'Failed';
  if (job === undefined && source.spec.suspend) return 'Cancelled';
  return (latestRun?.files.failed ?? 0) > 0 ? 'CompletedWithFailures' : 'Succeeded';
}

async function applyJob(
  { source, template, templateHash }: CarryOutInput,
  { run, size }: { readonly run: number; readonly size: number },
  { client }: CarryOutDeps,
  signal: AbortSignal,
): Promise<void> {
  const { namespace, name, uid } = source.metadata;
  const job = buildWorkerJob({
    namespace,
    name: jobName(name, run, templateHash),
    owner: { apiVersion, kind: 'S3ImportSource', name, uid, controller: true, blockOwnerDeletion: true },
    run,
    size,
    template,
    templateHash,
  });
  await client.apply(resourceTypes.jobs, job, { signal });
}

type Told = Pick<RecordedEvent, 'type' | 'reason' | 'note'>;

function record({ recorder }: CarryOutDeps, { source }: CarryOutInput, told: Told): void {
  recorder.record({ regarding: source, action: 'Import', ...told });
}

function tallyOf({ files, records }: Run): string {
  const { imported, duplicate, skipped, rejected } = records;
  return (
    `Files: ${files.done} imported, ${files.failed} given up. Records: ${imported} imported, ${duplicate} known already, ` +
    `${skipped} skipped, ${rejected} rejected.`
  );
}
