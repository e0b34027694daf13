import { failed } from '../../conditions/finding.ts';
import type { RunPlan } from '../../planning/run.ts';
import type { Job } from '../../resources/worker-job.ts';
import { podLabels, type WorkerPod } from '../../resources/worker-pod.ts';
import { apiErrorOf, isForbidden } from '../../runtime/api-error.ts';
import { carryOutRun, type CarryOutDeps, type CarryOutInput } from './carry-out-run.ts';
import type { SourceMemory } from './memory.ts';
import { observeWorkers, type WorkerReport } from './observe-workers.ts';

export type RunWorkersDeps = CarryOutDeps;

export interface RunWorkersInput extends CarryOutInput {
  readonly jobs: readonly Job[];
  readonly nowMs: number;
  readonly memory: SourceMemory;
}

/** Carries the plan out and sees how the workers stand; a refusal of the API server is a finding too. */
export async function runWorkers(
  plan: RunPlan,
  input: RunWorkersInput,
  deps: RunWorkersDeps,
  signal: AbortSignal,
): Promise<WorkerReport> {
  const { source, sourceId, session, jobs, nowMs } = input;
  const wanted = source.spec.suspend ? undefined : input.templateHash;
  await session.store.sources.setWantedTemplate(sourceId, wanted, session);
  try {
    await carryOutRun(plan, input, deps, signal);
  } catch (error) {
    signal.throwIfAborted();
    return refused(error);
  }
  const report = await observeWorkers(jobs, plan, { client: deps.client, nowMs }, signal);
  tellEvictions(report.evicted, input, deps);
  return report;
}

function refused(error: unknown): WorkerReport {
  const refusal = apiErrorOf(error);
  if (refusal === undefined) throw error;
  const reason = isForbidden(error) ? 'WorkerForbidden' : 'WorkerCreateFailed';
  const message = `The Job of the workers was refused: ${refusal.message}`;
  return { finding: failed('WorkersAvailable', reason, message), trouble: undefined, evicted: [] };
}

/** Each once: an evicted pod stays there until its successor runs. */
function tellEvictions(
  evicted: readonly WorkerPod[],
  { source, memory }: RunWorkersInput,
  { recorder }: RunWorkersDeps,
): void {
  const untold = evicted.filter(({ metadata }) => !memory.evicted.has(metadata.uid ?? ''));
  memory.evicted = new Set(evicted.map(({ metadata }) => metadata.uid ?? ''));
  for (const { metadata } of untold) {
    const note = `A worker of Job ${metadata.labels?.[podLabels.job]} was evicted; another takes its place.`;
    recorder.record({
      regarding: source,
      type: 'Normal',
      reason: 'WorkerEvicted',
      action: 'ObserveWorkers',
      note,
    });
  }
}
