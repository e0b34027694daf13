import { annotations } from '../resources/names.ts';
import type { Job } from '../resources/worker-job.ts';
import { parseIndexes } from './indexes.ts';
import type { JobView } from './run.ts';

/** What a plan looks at of a Job. */
export function viewJob(job: Job): JobView {
  const { completions } = job.spec;
  const failed = parseIndexes(job.status?.failedIndexes).filter((index) => index < completions);
  const ended = new Set([...parseIndexes(job.status?.completedIndexes), ...failed]);
  const state = stateOf(job);
  const indexes = state === 'active' ? Array.from({ length: completions }, (_, index) => index) : [];
  return {
    name: job.metadata.name ?? '',
    run: Number(job.metadata.annotations?.[annotations.run]),
    templateHash: job.metadata.annotations?.[annotations.templateHash] ?? '',
    size: completions,
    live: indexes.filter((index) => !ended.has(index)),
    failed: failed.length,
    state,
  };
}

function stateOf(job: Job): JobView['state'] {
  const holds = (type: string) =>
    job.status?.conditions?.some((condition) => condition.type === type && condition.status === 'True') ===
    true;
  if (holds('Complete')) return 'succeeded';
  return holds('Failed') ? 'failed' : 'active';
}
