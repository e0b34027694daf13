/**
 * What to do about a source's Job, from the ledger's runs and the Jobs that are there.
 *
 *     no run open ──backlog──▶ start ──▶ Job active ──finished──▶ end ──▶ no run open
 *                                          │  └──more work than workers──▶ grow
 *                                          └──spec moved on, or suspended──▶ stop
 *
 * A run and its Job have the same number, so that a crash between the two, or a Job that somebody deleted, is put
 * right by the next look.
 */

export interface JobView {
  readonly name: string;
  readonly run: number;
  readonly templateHash: string;
  readonly shards: number;
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
  | { readonly kind: 'grow'; readonly job: JobView; readonly shards: number }
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
  if (current !== undefined) {
    return input.shards > current.shards
      ? { kind: 'grow', job: current, shards: input.shards }
      : { kind: 'keep', job: current };
  }
  return planNext(input);
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
