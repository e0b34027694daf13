import { annotations } from '../resources/names.ts';
import type { Job } from '../resources/worker-job.ts';
import type { JobView } from './run.ts';

/** What a plan looks at of a Job. */
export function viewJob(job: Job): JobView {
  return {
    name: job.metadata.name ?? '',
    run: Number(job.metadata.annotations?.[annotations.run]),
    templateHash: job.metadata.annotations?.[annotations.templateHash] ?? '',
    shards: job.spec.parallelism,
    state: stateOf(job),
  };
}

function stateOf(job: Job): JobView['state'] {
  const holds = (type: string) =>
    job.status?.conditions?.some((condition) => condition.type === type && condition.status === 'True') ===
    true;
  if (holds('Complete')) return 'succeeded';
  return holds('Failed') ? 'failed' : 'active';
}
