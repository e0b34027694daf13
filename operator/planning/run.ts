/**
 * What to do about a source's Job, from the ledger's runs and the Jobs that are there.
 *
 *     no run open ──backlog──▶ start ──▶ Job active ──finished──▶ end ──▶ no run open
 *                                          │  └──more work, or for long less, than workers──▶ resize
 *                                          └──spec moved on, or suspended──▶ stop
 *
 * A run and its Job have the same number, so that a crash between the two, or a Job that somebody deleted, is put
 * right by the next look.
 */

export interface JobView {
  readonly name: string;
  readonly run: number;
  readonly templateHash: string;
  /** Its completions, which are its parallelism too: the indexes of workers that have ended among them. */
  readonly size: number;
  /** The indexes of workers that have not ended, in order. */
  readonly live: readonly number[];
  /** How many indexes were given up. */
  readonly failed: number;
  readonly state: 'active' | 'succeeded' | 'failed';
}

export interface RunView {
  readonly number: number;
  readonly open: boolean;
  /** Milliseconds since the epoch; of a run that has ended. */
  readonly endedAt: number | undefined;
  /** Files that it finished, in whatever way. */
  readonly files: number;
}

export interface RunInput {
  readonly suspended: boolean;
  readonly templateHash: string;
  /** Of `planShards`. */
  readonly shards: number;
  /** For how long more workers have been at work than `shards`. */
  readonly surplusMs: number;
  readonly jobs: readonly JobView[];
  readonly latestRun: RunView | undefined;
  readonly nowMs: number;
}

export type RunPlan =
  | { readonly kind: 'none' }
  /** Deletes these Jobs: their workers give back what they hold. */
  | { readonly kind: 'stop'; readonly jobs: readonly string[]; readonly because: 'Suspended' | 'SpecChanged' }
  /** The run's Job is finished or gone, and its account is closed. */
  | { readonly kind: 'end'; readonly run: number; readonly job: JobView | undefined }
  | { readonly kind: 'start'; readonly shards: number }
  | { readonly kind: 'keep'; readonly job: JobView }
  /** The Job gets another size, by which so many workers are at work. */
  | { readonly kind: 'resize'; readonly job: JobView; readonly size: number; readonly shards: number }
  /** A run failed, or had nothing it could do: the next one waits. */
  | { readonly kind: 'wait'; readonly untilMs: number };

const firstWaitMs = 30_000;
const longestWaitMs = 15 * 60_000;

export function planRun(input: RunInput): RunPlan {
  const active = input.jobs.filter(({ state }) => state === 'active');
  const unwanted = input.suspended
    ? active
    : active.filter(({ templateHash }) => templateHash !== input.templateHash);
  if (unwanted.length > 0) {
    const because = input.suspended ? 'Suspended' : 'SpecChanged';
    return { kind: 'stop', jobs: unwanted.map(({ name }) => name), because };
  }
  const current = active.toSorted((a, b) => b.run - a.run)[0];
  return current === undefined ? planNext(input) : planSize(current, input);
}

/** A backlog that comes and goes within this is not worth stopping a worker for and starting it again. */
const surplusLimitMs = 2 * 60_000;

/**
 * A Job keeps the pods of the workers that have ended. Beyond so many for each one that is wanted it gets no more, so
 * that it ends and a new Job follows.
 */
const mostEndedPerShard = 20;
const alwaysEnded = 100;

/**
 * Workers that have ended are replaced while there is work for them; those that were given up are not, since another
 * would fail as they did. Fewer workers are those with the lowest indexes: a Job shrinks from its end.
 */
function planSize(job: JobView, { shards, surplusMs }: RunInput): RunPlan {
  const live = job.live.length;
  const missing = shards - job.failed - live;
  const ended = job.size - live;
  // With none left at work the Job is about to end.
  if (missing > 0 && live > 0 && ended < Math.max(alwaysEnded, mostEndedPerShard * shards)) {
    return { kind: 'resize', job, size: job.size + missing, shards: live + missing };
  }
  const last = job.live[shards - 1];
  if (last !== undefined && live > shards && surplusMs >= surplusLimitMs) {
    return { kind: 'resize', job, size: last + 1, shards };
  }
  return { kind: 'keep', job };
}

function planNext(input: RunInput): RunPlan {
  const { latestRun: latest, jobs, shards, suspended } = input;
  const job = jobs.find(({ run }) => run === latest?.number);
  const wanted = shards > 0 && !suspended;
  if (latest?.open === true && (job !== undefined || !wanted))
    return { kind: 'end', run: latest.number, job };
  if (!wanted) return { kind: 'none' };
  const untilMs = notBefore(input, job);
  return untilMs > input.nowMs ? { kind: 'wait', untilMs } : { kind: 'start', shards };
}

/** A changed spec or Secret starts at once; the same again waits, twice as long after each failure in a row. */
function notBefore({ latestRun, jobs, templateHash }: RunInput, job: JobView | undefined): number {
  if (latestRun?.endedAt === undefined || job?.templateHash !== templateHash) return 0;
  if (job.state === 'succeeded') return latestRun.files > 0 ? 0 : latestRun.endedAt + firstWaitMs;
  const newestFirst = jobs.toSorted((a, b) => b.run - a.run);
  const other = newestFirst.findIndex(
    ({ state, templateHash: hash }) => state !== 'failed' || hash !== templateHash,
  );
  const failures = other < 0 ? newestFirst.length : other;
  return latestRun.endedAt + Math.min(longestWaitMs, firstWaitMs * 2 ** (failures - 1));
}
