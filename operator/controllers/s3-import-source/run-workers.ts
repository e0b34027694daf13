import { failed, type Finding } from '../../conditions/finding.ts';
import type { RunPlan } from '../../planning/run.ts';
import type { Job } from '../../resources/worker-job.ts';
import { apiErrorOf, isForbidden } from '../../runtime/api-error.ts';
import { carryOutRun, type CarryOutDeps, type CarryOutInput } from './carry-out-run.ts';
import { observeWorkers } from './observe-workers.ts';

export type RunWorkersDeps = CarryOutDeps;

export interface RunWorkersInput extends CarryOutInput {
  readonly jobs: readonly Job[];
  readonly nowMs: number;
}

/** Carries the plan out and sees how the workers stand; a refusal of the API server is a finding too. */
export async function runWorkers(
  plan: RunPlan,
  input: RunWorkersInput,
  deps: RunWorkersDeps,
  signal: AbortSignal,
): Promise<Finding> {
  const { source, sourceId, session, jobs, nowMs } = input;
  const wanted = source.spec.suspend ? undefined : input.templateHash;
  await session.store.sources.setWantedTemplate(sourceId, wanted, session);
  try {
    await carryOutRun(plan, input, deps, signal);
    return await observeWorkers(jobs, plan, { client: deps.client, nowMs }, signal);
  } catch (error) {
    signal.throwIfAborted();
    const refusal = apiErrorOf(error);
    if (refusal === undefined) throw error;
    const reason = isForbidden(error) ? 'WorkerForbidden' : 'WorkerCreateFailed';
    return failed('WorkersAvailable', reason, `The Job of the workers was refused: ${refusal.message}`);
  }
}
