import { findReason } from '../../crds/reasons.ts';
import type { ObjectStore } from '../../lib/aws/object-store.ts';
import { addCounts, noRecords, type RecordCounts } from '../../lib/contract/report.ts';
import type { ImportTask } from '../../lib/contract/task.ts';
import { cureOf, problemOf, reasonOf, TerminalError } from '../../lib/errors.ts';
import type { ClaimedFile, Claims, FileFailure, FileVersion, LoadBatch } from '../../lib/store/types.ts';
import type { Conversion, Outcome } from '../conversions/conversion.ts';
import type { Sink } from '../destinations/destination.ts';
import type { FileFormat, RandomAccessFile, RecordItem, RecordRead } from '../formats/format.ts';
import type { StoredFile } from '../formats/read-records.ts';
import { batchLimitsAt, batchRecords } from './batching.ts';
import type { Pace } from './pace.ts';
import { openObjectParts } from './object-parts.ts';
import { readAhead } from './read-ahead.ts';
import { openWholeObject } from './whole-object.ts';

export interface ImportFileDeps {
  readonly objects: ObjectStore;
  readonly claims: Pick<Claims, 'markOpened' | 'failFile'>;
  readonly sink: Sink;
  readonly pace: { readonly files: Pace; readonly events: Pace };
  /** The conversion of a generation: each file keeps the one that it was found under. */
  readonly conversionOf: (generation: number) => Promise<Conversion>;
  /** How files of the task's format are read: from their beginning on, or wherever their rows lie. */
  readonly access: FileFormat['access'];
  /** A stored file's rows, decompressed and parsed as the task's file settings say; those up to `afterRow` may lack. */
  readonly readRecords: (
    file: StoredFile | RandomAccessFile,
    signal: AbortSignal,
    afterRow: number,
  ) => AsyncIterable<readonly RecordItem[]>;
  /** Repeats one call that failed for now; throws what it threw last when the patience is spent. */
  readonly retry: <T>(call: () => Promise<T>, signal: AbortSignal) => Promise<T>;
}

/** What became of a claimed file. `failed`: given up or put back for another attempt; the ledger says which. */
export type FileOutcome =
  | { readonly kind: 'imported'; readonly records: RecordCounts }
  | { readonly kind: 'failed'; readonly error: unknown };

/**
 * Imports one claimed file: opened at the version that was found, its rows converted and committed batch by batch,
 * together with how far it has come, so that whoever takes over after a crash goes on behind the last commit.
 *
 * Errors of the file alone are settled here, in the ledger. Thrown on is what is not the file's own: the store's
 * trouble, refused credentials, a lost lease, an abort.
 */
export async function importFile(
  task: ImportTask,
  file: ClaimedFile,
  deps: ImportFileDeps,
  signal: AbortSignal,
): Promise<FileOutcome> {
  if (file.spent !== undefined) return await giveUp(file, deps, signal);
  const conversion = await deps.retry(() => deps.conversionOf(file.generation), signal);
  await atPace(deps.pace.files, 1, { deps, signal }, (validUntil) =>
    deps.claims.markOpened(file.claim, validUntil),
  );
  try {
    const records = await importRows(task, file, { ...deps, conversion }, signal);
    return { kind: 'imported', records };
  } catch (error) {
    signal.throwIfAborted();
    if (!isOfTheFile(error)) throw error;
    const ending = await takeBackRows(task, file, { deps, error }, signal);
    const failure = describeFailure(task, ending);
    await deps.retry(() => deps.claims.failFile(file.claim, failure), signal);
    return { kind: 'failed', error: ending.error };
  }
}

async function importRows(
  task: ImportTask,
  file: ClaimedFile,
  deps: ImportFileDeps & { readonly conversion: Conversion },
  signal: AbortSignal,
): Promise<RecordCounts> {
  const { key, etag, versionId, size } = file;
  const object = { bucket: task.bucket, prefix: task.prefix, key, etag, versionId, size };
  const stored =
    deps.access === 'random' ? openObjectParts(object, deps) : await openWholeObject(object, deps, signal);
  const rows = {
    records: deps.readRecords(stored, signal, file.committedRows),
    committedRows: file.committedRows,
    convert: (item: RecordRead) => convertRow(task, file, deps.conversion, item),
    encodeEvents: () => deps.sink.encodeEvents(),
  };
  const batches = batchRecords(rows, batchLimitsAt(deps.pace.events.perSecond));
  let records = noRecords;
  for await (const batch of readAhead(batches)) {
    signal.throwIfAborted();
    records = addCounts(records, await commit(file, batch, deps, signal));
  }
  return records;
}

function convertRow(task: ImportTask, file: ClaimedFile, conversion: Conversion, item: RecordRead): Outcome {
  const version = file.versionId ?? file.etag;
  return conversion.convert(item.record, { bucket: task.bucket, key: file.key, version, row: item.row });
}

function commit(
  file: ClaimedFile,
  batch: LoadBatch,
  deps: ImportFileDeps,
  signal: AbortSignal,
): Promise<RecordCounts> {
  return atPace(deps.pace.events, batch.events.count, { deps, signal }, (validUntil) =>
    deps.sink.write(file, batch, validUntil),
  );
}

/** Waits for its turn, then does the work; work that came too late for its turn waits for another. */
async function atPace<T>(
  pace: Pace,
  tokens: number,
  { deps, signal }: { readonly deps: ImportFileDeps; readonly signal: AbortSignal },
  work: (validUntil: string | undefined) => Promise<T | 'late'>,
): Promise<T> {
  for (let late = 0; ; late += 1) {
    const validUntil = await deps.retry(() => pace.take(tokens, { late, signal }), signal);
    const result = await deps.retry(() => work(validUntil), signal);
    if (result !== 'late') return result;
  }
}

/** It has cost a worker its life at each attempt: it is not opened again. */
async function giveUp(file: ClaimedFile, deps: ImportFileDeps, signal: AbortSignal): Promise<FileOutcome> {
  const error = new TerminalError({
    reason: 'AttemptsExhausted',
    message: `A worker was lost at each of the last ${file.attempts} attempts; the last was ${file.spent?.lastClaimant ?? ''}.`,
  });
  const failure = { ...failureOf(error), retryable: false, maxAttempts: file.attempts };
  await deps.retry(() => deps.claims.failFile(file.claim, failure), signal);
  return { kind: 'failed', error };
}

/** The table of reasons says which may stand on a single file; everything else concerns the worker as a whole. */
function isOfTheFile(error: unknown): boolean {
  return findReason(reasonOf(error))?.on.includes('File') === true;
}

/** Why an attempt ended, and whether another one may do better. */
interface Ending {
  readonly error: unknown;
  readonly retryable: boolean;
}

/**
 * A file that changed while it was read is taken back whole and starts over as its new version. One that is given up is
 * taken back by the store, so that its corrected copy, which comes under another key, repeats nothing.
 */
async function takeBackRows(
  task: ImportTask,
  file: ClaimedFile,
  { deps, error }: { readonly deps: ImportFileDeps; readonly error: unknown },
  signal: AbortSignal,
): Promise<Ending> {
  const takeBack = (version: FileVersion) =>
    deps.retry(() => deps.sink.takeBack(file.claim, version), signal);
  const changed = reasonOf(error) === 'ObjectChangedDuringRead';
  const now = changed ? await findNewVersion(task, file, deps, signal) : { error };
  if ('version' in now) {
    await takeBack(now.version);
    return { error, retryable: true };
  }
  const damaged = isDamage(now.error);
  const retryable = damaged ? file.attempts === 0 : !(now.error instanceof TerminalError);
  if (damaged && retryable) await takeBack(versionOf(file));
  return { error: now.error, retryable };
}

/**
 * Bytes may be damaged on the way as well as where they lie: a file that was found damaged is read once more, from its
 * beginning, before it is given up.
 */
function isDamage(error: unknown): boolean {
  return damages.has(reasonOf(error));
}

function describeFailure({ limits }: ImportTask, { error, retryable }: Ending): FileFailure {
  return { ...failureOf(error), retryable, maxAttempts: limits.maxAttempts };
}

function failureOf(error: unknown): Pick<FileFailure, 'reason' | 'message' | 'cure'> {
  const reason = reasonOf(error);
  return { reason, message: problemOf(error), cure: cureOf(error) ?? findReason(reason)?.cure ?? '' };
}

const damages = new Set([
  'ObjectChecksumMismatch',
  'CorruptGzip',
  'TruncatedGzip',
  'TrailingGarbage',
  'CorruptParquet',
]);

/** What is at the key now; or what is wrong with the file now, e.g. that it is gone. */
async function findNewVersion(
  task: ImportTask,
  { key }: ClaimedFile,
  { objects, retry }: ImportFileDeps,
  signal: AbortSignal,
): Promise<{ readonly version: FileVersion } | { readonly error: unknown }> {
  try {
    const { etag, size, lastModified } = await retry(
      () => objects.head({ bucket: task.bucket, prefix: task.prefix, key }, signal),
      signal,
    );
    // Without its version id, as a listing finds it: to read by version needs a permission of its own.
    return { version: { etag, size, lastModified } };
  } catch (error) {
    signal.throwIfAborted();
    if (!isOfTheFile(error)) throw error;
    return { error };
  }
}

function versionOf({ etag, versionId, size, lastModified }: ClaimedFile): FileVersion {
  return { etag, size, lastModified, ...(versionId === undefined ? {} : { versionId }) };
}
