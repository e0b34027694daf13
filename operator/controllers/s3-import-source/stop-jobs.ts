import type { S3ImportSource } from '../../../crds/generated/s3-import-source.ts';
import type { Run } from '../../../lib/store/run-types.ts';
import { resourceTypes } from '../../resource-types.ts';
import type { ApiClient } from '../../runtime/api-client.ts';
import type { EventRecorder } from '../../runtime/event-recorder.ts';
import type { StoreSession } from '../../stores.ts';
import { stopCauses, type StopCause } from './halt-cause.ts';

export interface StopDeps {
  readonly client: ApiClient;
  readonly recorder: EventRecorder;
}

export interface StopInput {
  readonly source: S3ImportSource;
  /** Names of Jobs. */
  readonly jobs: readonly string[];
  readonly because: StopCause;
  /** Where the run's account is closed; undefined: it cannot be reached now, and is closed when work goes on. */
  readonly account:
    | { readonly session: StoreSession; readonly sourceId: number; readonly latestRun: Run | undefined }
    | undefined;
}

/** Deletes Jobs, whose workers give back what they hold, and closes the account of the run. */
export async function stopJobs(input: StopInput, deps: StopDeps, signal: AbortSignal): Promise<void> {
  const { source, account, because } = input;
  const { namespace } = source.metadata;
  for (const name of input.jobs) {
    const options = { propagation: 'Background', signal } as const;
    const existed = await deps.client.delete(resourceTypes.jobs, { namespace, name }, options);
    if (existed) tell(source, `The workers of Job ${name} are stopped: ${stopCauses[because]}.`, deps);
  }
  if (account?.latestRun === undefined || account.latestRun.endedAt !== undefined) return;
  const { session, sourceId, latestRun } = account;
  const message = `The run was stopped: ${stopCauses[because]}.`;
  const { epoch } = session;
  await session.store.runs.closeRun(sourceId, latestRun.number, { epoch, outcome: 'Cancelled', message });
}

function tell(regarding: S3ImportSource, note: string, { recorder }: StopDeps): void {
  recorder.record({ regarding, type: 'Normal', reason: 'WorkersStopped', action: 'Import', note });
}
