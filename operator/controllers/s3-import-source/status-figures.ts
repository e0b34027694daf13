import type { S3ImportSourceStatus } from '../../../crds/generated/s3-import-source.ts';
import type { Run } from '../../../lib/store/run-types.ts';
import type { Latency, PassTally } from '../../../lib/store/types.ts';
import { statusText } from '../../conditions/status-text.ts';
import type { TallyWord } from '../../../lib/discovery/selection.ts';
import type { ImportProgress } from './facts.ts';

/** The figures of a status: all but its conditions. */
export type StatusFigures = Pick<
  S3ImportSourceStatus,
  | 'files'
  | 'records'
  | 'shards'
  | 'progress'
  | 'run'
  | 'recentRuns'
  | 'conversion'
  | 'lagSeconds'
  | 'latency'
  | 'lastFailures'
>;

export interface FiguresInput {
  /** What stands there now. */
  readonly before: StatusFigures;
  readonly digestOfKey: (key: string) => string;
  readonly nowMs: number;
}

export function deriveFigures(progress: ImportProgress, input: FiguresInput): StatusFigures {
  const { counts, runs, generation } = progress;
  const [latest] = runs;
  return {
    files: deriveFiles(progress, input.before.files),
    records: { ...counts.records },
    shards: progress.shards,
    progress: deriveProgress(progress),
    ...(latest === undefined ? {} : { run: describeRun(latest) }),
    recentRuns: runs
      .filter(({ endedAt }) => endedAt !== undefined)
      .slice(0, shownRuns)
      .map(describeRun),
    conversion: { generation, digest: progress.digest },
    lagSeconds: stepLag(counts.oldestUnfinished, input.nowMs),
    ...(counts.latency === undefined ? {} : { latency: describeLatency(counts.latency) }),
    lastFailures: counts.lastFailures.map(({ key, reason, message, cure }) => ({
      keyHash: input.digestOfKey(key),
      reason,
      message: statusText(message),
      cure: statusText(cure),
    })),
  };
}

const shownRuns = 5;

type Files = NonNullable<StatusFigures['files']>;

function deriveFiles({ counts, listing }: ImportProgress, before: Files | undefined): Files {
  const { found, done, failed, unfinished, overwritten } = counts.files;
  const tally = tallyOf(listing);
  return {
    found,
    imported: done,
    failed,
    pending: unfinished,
    overwritten,
    ...(tally === undefined ? pickTally(before) : describeTally(tally)),
  };
}

/** Of the last whole look, or of the first one so far; undefined: the bucket was not looked at. */
function tallyOf(listing: ImportProgress['listing']): PassTally | undefined {
  if (listing === undefined || 'error' in listing) return undefined;
  return (listing.state.lastFull ?? listing.state.current)?.tally;
}

type Tally = Pick<Files, 'ignored' | 'archived' | 'unstorable' | 'small' | 'large'>;

function describeTally(tally: PassTally): Tally {
  const count = (word: TallyWord) => tally[word] ?? 0;
  return {
    ignored: count('otherName') + count('empty') + count('folder'),
    archived: count('archived'),
    unstorable: count('unstorable'),
    small: count('small'),
    large: count('large'),
  };
}

function pickTally(files: Files = {}): Tally {
  const { ignored = 0, archived = 0, unstorable = 0, small = 0, large = 0 } = files;
  return { ignored, archived, unstorable, small, large };
}

function deriveProgress({ counts, runs, rates }: ImportProgress): NonNullable<StatusFigures['progress']> {
  const pending = counts.files.unfinished;
  if (pending === 0) return { percent: 100 };
  const [latest] = runs;
  const settled = latest?.endedAt === undefined ? (latest?.files.done ?? 0) + (latest?.files.failed ?? 0) : 0;
  const percent = Math.floor((100 * settled) / (settled + pending));
  if (rates === undefined) return { percent };
  const { filesPerSecond, recordsPerSecond } = rates;
  return {
    percent,
    filesPerMinute: twoDigits(60 * filesPerSecond),
    recordsPerSecond: twoDigits(recordsPerSecond),
    ...(filesPerSecond > 0 ? { secondsLeft: stepSeconds(Math.ceil(pending / filesPerSecond)) } : {}),
  };
}

/** A rate, so that a steady one stays as it is from look to look. */
function twoDigits(value: number): number {
  return Math.round(Number(Math.max(0, value).toPrecision(2)));
}

function describeRun(run: Run): NonNullable<StatusFigures['recentRuns']>[number] {
  const time = (ms: number) => new Date(ms).toISOString();
  return {
    number: run.number,
    startTime: time(run.startedAt),
    ...(run.endedAt === undefined ? {} : { completionTime: time(run.endedAt) }),
    ...(run.outcome === undefined ? {} : { outcome: run.outcome }),
    filesImported: Math.max(0, run.files.done),
    filesFailed: Math.max(0, run.files.failed),
    records: { ...run.records },
  };
}

function describeLatency({ files, medianMs, p99Ms }: Latency): NonNullable<StatusFigures['latency']> {
  const step = (ms: number) => (ms < 10_000 ? Math.ceil(ms / 1000) : stepSeconds(Math.ceil(ms / 1000)));
  return { files, medianSeconds: step(medianMs), p99Seconds: step(p99Ms) };
}

/** The age of the oldest file that waits. */
export function stepLag(oldestMs: number | undefined, nowMs: number): number {
  return oldestMs === undefined ? 0 : stepSeconds(Math.floor((nowMs - oldestMs) / 1000));
}

/**
 * Rounded down to steps that grow with it, so that a world in which nothing happens seldom changes the status.
 */
function stepSeconds(seconds: number): number {
  const step = seconds < 60 ? 10 : seconds < 3600 ? 60 : 3600;
  return Math.max(0, seconds - (seconds % step));
}
