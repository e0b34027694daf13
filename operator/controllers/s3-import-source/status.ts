import type { S3ImportSource, S3ImportSourceStatus } from '../../../crds/generated/s3-import-source.ts';
import { annotations } from '../../../crds/names.ts';
import type { SourceCounts } from '../../../lib/store/types.ts';
import { deriveConditions } from '../../conditions/derive-conditions.ts';
import { failed, findingOf, gatesUntil, passed, type Finding } from '../../conditions/finding.ts';
import { statusText } from '../../conditions/status-text.ts';
import type { ListingResult } from '../../discovery/listing.ts';
import type { ImportProgress } from './facts.ts';

export interface ImportStatusInput {
  readonly source: S3ImportSource;
  readonly preflight: readonly Finding[];
  /** Absent: the preflight failed. */
  readonly progress: ImportProgress | undefined;
  readonly digestOfKey: (key: string) => string;
  readonly nowMs: number;
  /** The counters of the status that is there may stay for now. */
  readonly keepProgress: boolean;
}

/** All gates, in order; those after the first that is not True are left out. */
export function findImportGates(
  preflight: readonly Finding[],
  progress: ImportProgress | undefined,
): readonly Finding[] {
  if (progress === undefined) return preflight;
  return [...preflight, ...findStorage(progress.listing), progress.workers];
}

const storagePasses = [
  passed('Authenticated', 'Authenticated', 'S3 takes the credentials.'),
  passed('BucketAccessible', 'BucketAccessible', 'The bucket is there and answers.'),
  passed('PermissionsVerified', 'PermissionsVerified', 'The prefix may be listed.'),
];

/** S3 is not asked anything for a source that is switched off. */
const storageUnasked = storagePasses.map((finding): Finding => ({
  ...finding,
  message: 'Not looked at while the source is suspended.',
}));

function findStorage(listing: ImportProgress['listing']): readonly Finding[] {
  if (listing === undefined) return storageUnasked;
  const failure =
    'error' in listing ? findingOf(listing.error, 'BucketAccessible', storagePasses) : undefined;
  return gatesUntil(storagePasses, failure);
}

/** The whole status, from facts alone. */
export function deriveImportStatus(input: ImportStatusInput): S3ImportSourceStatus {
  const { source, progress } = input;
  const conditions = deriveConditions({
    kind: 'S3ImportSource',
    generation: source.metadata.generation,
    previous: source.status.conditions ?? [],
    findings: [...findImportGates(input.preflight, progress), ...findReports(progress)],
    ...(source.spec.suspend ? { ready: suspended } : {}),
    now: new Date(input.nowMs).toISOString(),
  });
  const handledAt = handledRequest(source, progress);
  const moved = progress && deriveProgress(progress, input);
  const keep = input.keepProgress && sameLandmarks({ ...moved, conditions }, source.status);
  return {
    observedGeneration: source.metadata.generation,
    ...(handledAt === undefined ? {} : { lastHandledReconcileAt: handledAt }),
    ...(moved === undefined || keep ? pickProgress(source.status) : moved),
    conditions,
  };
}

/** A look that was asked for is handled when the whole prefix was listed, or could not be. */
function handledRequest(
  { metadata, status }: S3ImportSource,
  progress: ImportProgress | undefined,
): string | undefined {
  const listing = progress?.listing;
  const goesOn = listing !== undefined && !('error' in listing) && listing.state.current !== undefined;
  return goesOn ? status.lastHandledReconcileAt : metadata.annotations?.[annotations.requestedAt];
}

const suspended = {
  reason: 'Suspended',
  message: 'The source is switched off by spec.suspend. Nothing is lost; set it to false to go on.',
} as const;

type Landmarks = Pick<S3ImportSourceStatus, 'conditions' | 'conversion' | 'run'>;

/** Whether nothing but counters has moved: those may wait, while what a person acts on is told at once. */
function sameLandmarks(a: Landmarks, b: Landmarks): boolean {
  const landmarks = ({ conditions = [], conversion, run }: Landmarks) => [
    conditions.map(({ type, status, reason }) => `${type} ${status} ${reason}`),
    [conversion?.generation, run?.number, run?.completionTime],
  ];
  return JSON.stringify(landmarks(a)) === JSON.stringify(landmarks(b));
}

/** What does not gate `Ready`. */
function findReports(progress: ImportProgress | undefined): readonly Finding[] {
  if (progress === undefined) return [];
  const { counts, listing } = progress;
  const degraded: readonly Finding[] =
    counts.files.failed === 0
      ? []
      : [
          {
            type: 'Degraded',
            status: 'True',
            reason: 'FilesFailed',
            message: 'Some files were given up; status.lastFailures says why, and what to do.',
          },
        ];
  return [findCaughtUp(counts, listing), ...degraded];
}

function findCaughtUp(counts: SourceCounts, listing: ImportProgress['listing']): Finding {
  const type = 'CaughtUp';
  if (counts.files.unfinished > 0) {
    return failed(type, 'ImportingFiles', 'Files that were found wait, or are being imported.');
  }
  if (listing !== undefined && isFirstPass(listing)) {
    return failed(type, 'ListingIncomplete', 'The first look at the bucket is not at its end yet.');
  }
  return counts.files.found === 0
    ? passed(type, 'PrefixEmpty', 'There is no file under the prefix that the pattern admits.')
    : passed(type, 'CaughtUp', 'Every file found so far is imported or given up.');
}

function isFirstPass(listing: ListingResult | { readonly error: unknown }): boolean {
  return 'error' in listing || listing.state.lastFull === undefined;
}

type Progress = Pick<
  S3ImportSourceStatus,
  'files' | 'records' | 'shards' | 'run' | 'conversion' | 'lagSeconds' | 'lastFailures'
>;

function pickProgress(status: S3ImportSourceStatus): Progress {
  const { observedGeneration: _, lastHandledReconcileAt: __, conditions: ___, ...progress } = status;
  return progress;
}

function deriveProgress(progress: ImportProgress, input: ImportStatusInput): Progress {
  const { counts, listing, run, generation } = progress;
  const { found, done, failed: givenUp, unfinished, overwritten } = counts.files;
  const ignored =
    listing !== undefined && !('error' in listing)
      ? (listing.state.lastFull ?? listing.state.current)?.ignored
      : input.source.status.files?.ignored;
  return {
    files: {
      found,
      imported: done,
      failed: givenUp,
      pending: unfinished,
      overwritten,
      ignored: ignored ?? 0,
    },
    records: { ...counts.records },
    shards: progress.shards,
    ...(run === undefined ? {} : { run: describeRun(run) }),
    conversion: { generation, digest: progress.digest },
    lagSeconds: stepLag(counts.oldestUnfinished, input.nowMs),
    lastFailures: counts.lastFailures.map(({ key, reason, message, cure }) => ({
      keyHash: input.digestOfKey(key),
      reason,
      message: statusText(message),
      cure: statusText(cure),
    })),
  };
}

function describeRun(run: NonNullable<ImportProgress['run']>): NonNullable<Progress['run']> {
  const time = (ms: number) => new Date(ms).toISOString();
  return {
    number: run.number,
    startTime: time(run.startedAt),
    ...(run.endedAt === undefined ? {} : { completionTime: time(run.endedAt) }),
  };
}

/**
 * The age of the oldest file that waits, rounded down to steps that grow with it, so that a world in which nothing
 * happens seldom changes the status.
 */
export function stepLag(oldestMs: number | undefined, nowMs: number): number {
  if (oldestMs === undefined) return 0;
  const seconds = Math.max(0, Math.floor((nowMs - oldestMs) / 1000));
  const step = seconds < 60 ? 10 : seconds < 3600 ? 60 : 3600;
  return seconds - (seconds % step);
}
