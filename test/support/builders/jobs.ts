import type { Job, JobStatus } from '../../../operator/resources/worker-job.ts';
import type { JobView, RunInput, RunView } from '../../../operator/planning/run.ts';
import { annotations, labels, managedBy } from '../../../operator/resources/names.ts';
import { startTime } from './resources.ts';

export interface JobChanges {
  readonly run?: number;
  readonly shards?: number;
  readonly templateHash?: string;
  readonly status?: JobStatus;
  /** Of its source. */
  readonly source?: string;
}

/** A Job, of the source `web-events` if none is named, as the API server gives it. */
export function workerJob(changes: JobChanges = {}): Job {
  const { run = 1, shards = 2, templateHash = 'hash-1', source = 'web-events', status } = changes;
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: {
      name: `${source}-${run}-${templateHash}`,
      namespace: 'acme',
      uid: `uid of run ${run} of ${source}`,
      creationTimestamp: new Date(startTime).toISOString(),
      labels: { [labels.managedBy]: managedBy },
      annotations: { [annotations.run]: String(run), [annotations.templateHash]: templateHash },
    },
    spec: {
      parallelism: shards,
      completions: shards,
      template: { metadata: { labels: {}, annotations: {} }, spec: {} },
    },
    ...(status === undefined ? {} : { status }),
  };
}

export function finished(type: 'Complete' | 'Failed', status: JobStatus = {}): JobStatus {
  return { ...status, conditions: [{ type, status: 'True' }] };
}

/** What a plan sees of a Job under way. */
export function jobView(changes: Partial<JobView> = {}): JobView {
  const { run = 1, templateHash = 'hash-1', size = 1, state = 'active' } = changes;
  return {
    name: `web-events-${run}-${templateHash}`,
    run,
    templateHash,
    size,
    live: state === 'active' ? Array.from({ length: size }, (_, index) => index) : [],
    failed: 0,
    state,
    ...changes,
  };
}

/** What a plan sees of a run that has ended well. */
export function endedRun(changes: Partial<RunView> = {}): RunView {
  return { number: 1, open: false, endedAt: startTime, files: 1, ...changes };
}

export function openRun(changes: Partial<RunView> = {}): RunView {
  return { number: 1, open: true, endedAt: undefined, files: 0, ...changes };
}

/** A source with one worker's work to do, and nothing begun. */
export function runInput(changes: Partial<RunInput> = {}): RunInput {
  return {
    suspended: false,
    templateHash: 'hash-1',
    shards: 1,
    surplusMs: 0,
    jobs: [],
    latestRun: undefined,
    nowMs: startTime,
    ...changes,
  };
}
