import type { Job } from '../resources/worker-job.ts';
import { viewJob } from './job-view.ts';

/** Workers of a source, as its status shows them. */
export interface ShardCounts {
  readonly desired: number;
  readonly active: number;
  /** Those that failed more often than is put up with. */
  readonly failed: number;
}

/** How the workers of the Job under way stand; without one, only how many are desired. */
export function countShards(jobs: readonly Job[], desired: number): ShardCounts {
  const job = jobs.find((candidate) => viewJob(candidate).state === 'active');
  return {
    desired: Math.max(desired, job?.spec.parallelism ?? 0),
    active: job?.status?.active ?? 0,
    failed: countIndexes(job?.status?.failedIndexes ?? ''),
  };
}

/** How many indexes a text such as `1,3-5` names. */
export function countIndexes(text: string): number {
  if (text === '') return 0;
  return text.split(',').reduce((sum, part) => {
    const [first = 0, last = first] = part.split('-').map(Number);
    return sum + last - first + 1;
  }, 0);
}
