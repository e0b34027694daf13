import { digestOf } from '../../lib/digest.ts';
import { annotations } from '../resources/names.ts';
import type { Job } from '../resources/worker-job.ts';
import { viewJob } from './job-view.ts';

/** What an answer is wanted about, and by when it was asked for. */
export interface ProbeOccasion {
  readonly probed: string;
  readonly requestedAt: string;
}

export interface ProbeSituation {
  /** That probe this connection, in whatever state. */
  readonly jobs: readonly Job[];
  readonly occasion: ProbeOccasion;
  /** How long the answer of a Job is good after its end; 0: not at all. */
  readonly goodForMs: number;
  readonly nowMs: number;
}

export type ProbePlan =
  | { readonly kind: 'keep' }
  /** One that runs is waited for. */
  | { readonly kind: 'wait'; readonly job: Job; readonly late: boolean }
  /** It asks about what is no longer so, and does not come to an end. */
  | { readonly kind: 'giveUp'; readonly job: Job }
  /** The same `hash` for the same situation, so that two operators start one Job. */
  | { readonly kind: 'start'; readonly hash: string; readonly surplus: readonly Job[] };

/** A pod that is pulled, scheduled and answers takes seconds. */
const lateMs = 120_000;

/** What to do about the probe of a connection: no more than one is under way. */
export function planProbe({ jobs, occasion, goodForMs, nowMs }: ProbeSituation): ProbePlan {
  const running = jobs.find((job) => viewJob(job).state === 'active');
  if (running !== undefined) return planRunning(running, occasion, nowMs);
  const last = newestProbe(jobs, occasion.probed);
  if (last !== undefined && requestOf(last) === occasion.requestedAt && nowMs < endOf(last) + goodForMs) {
    return { kind: 'keep' };
  }
  const hash = digestOf([occasion.probed, occasion.requestedAt, last?.metadata.uid ?? '']);
  return { kind: 'start', hash, surplus: jobs.filter((job) => job !== last) };
}

function planRunning(job: Job, { probed }: ProbeOccasion, nowMs: number): ProbePlan {
  const late = nowMs - createdAt(job) > lateMs;
  return late && probedBy(job) !== probed ? { kind: 'giveUp', job } : { kind: 'wait', job, late };
}

/** The person's request that a probe answers; empty: none. */
export function requestOf({ metadata }: Job): string | undefined {
  return metadata.annotations?.[annotations.requestedAt];
}

/** Of those that ended and were about the same. */
export function newestProbe(jobs: readonly Job[], probed: string): Job | undefined {
  return jobs
    .filter((job) => probedBy(job) === probed && viewJob(job).state !== 'active')
    .toSorted((a, b) => endOf(b) - endOf(a) || createdAt(b) - createdAt(a))[0];
}

function probedBy({ metadata }: Job): string | undefined {
  return metadata.annotations?.[annotations.probed];
}

function createdAt({ metadata }: Job): number {
  return Date.parse(metadata.creationTimestamp ?? '') || 0;
}

/** Of a Job that ended; milliseconds since the epoch. */
export function endOf(job: Job): number {
  const last = job.status?.conditions?.find(
    ({ type, status }) => (type === 'Complete' || type === 'Failed') && status === 'True',
  );
  return Date.parse(last?.lastTransitionTime ?? '') || createdAt(job);
}
