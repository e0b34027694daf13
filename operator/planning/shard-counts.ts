import type { Job } from '../resources/worker-job.ts';
import { viewJob } from './job-view.ts';

/** Workers of a source, as its status shows them. */
export interface ShardCounts {
  readonly desired: number;
  readonly active: number;
  /** Those that failed more often than is put up with. */
  readonly failed: number;
}

/**
 * How the workers of the Job under way stand; without one, only how many are desired. Those that linger over an empty
 * ledger are still desired.
 */
export function countShards(jobs: readonly Job[], desired: number): ShardCounts {
  const job = jobs.find((candidate) => viewJob(candidate).state === 'active');
  if (job === undefined) return { desired, active: 0, failed: 0 };
  const { live, failed } = viewJob(job);
  return { desired: Math.max(desired, live.length), active: job.status?.active ?? 0, failed };
}
