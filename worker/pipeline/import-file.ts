import { findReason } from '../../crds/reasons.ts';
import type { ObjectStore, OpenedObject } from '../../lib/aws/object-store.ts';
import { addCounts, noRecords, type RecordCounts } from '../../lib/contract/report.ts';
import type { ImportTask } from '../../lib/contract/task.ts';
import { messageOf, reasonOf, TerminalError } from '../../lib/errors.ts';
import type { ClaimedFile, Claims, FileVersion, LoadBatch } from '../../lib/store/types.ts';
import type { Conversion, Outcome } from '../conversions/conversion.ts';
import type { Sink } from '../destinations/destination.ts';
import type { RecordItem, RecordRead } from '../formats/format.ts';
import { batchRecords } from './batching.ts';
import { readAhead } from './read-ahead.ts';

export interface ImportFileDeps {
  readonly objects: ObjectStore;
  readonly claims: Pick<Claims, 'markOpened' | 'failFile'>;
  readonly sink: Sink;
  /** The conversion of a generation: each file keeps the one that it was found under. */
  readonly conversionOf: (generation: number) => Promise<Conversion>;
  /** An opened object's rows, decompressed and parsed as the task's file settings say. */
  readonly readRecords: (object: OpenedObject, signal: AbortSignal) => AsyncIterable<readonly RecordItem[]>;
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
  const conversion = await deps.conversionOf(file.generation);
  await deps.retry(() => deps.claims.markOpened(file.claim), signal);
  try {
    const records = await importRows(task, file, { ...deps, conversion }, signal);
    return { kind: 'imported', records };
  } catch (error) {
    signal.throwIfAborted();
    if (!isOfTheFile(error)) throw error;
    await settleFailure(task, file, { deps, error }, signal);
    return { kind: 'failed', error };
  }
}

async function importRows(
  task: ImportTask,
  file: ClaimedFile,
  deps: ImportFileDeps & { readonly conversion: Conversion },
  signal: AbortSignal,
): Promise<RecordCounts> {
  const { key, etag, versionId } = file;
  const object = await deps.objects.open({ bucket: task.bucket, key, etag, versionId }, signal);
  const batches = batchRecords({
    records: deps.readRecords(object, signal),
    committedRows: file.committedRows,
    convert: (item) => convertRow(task, file, deps.conversion, item),
  });
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
  return deps.retry(() => deps.sink.write(file.claim, batch), signal);
}

/** The table of reasons says which may stand on a single file; everything else concerns the worker as a whole. */
function isOfTheFile(error: unknown): boolean {
  return findReason(reasonOf(error))?.on.includes('File') === true;
}

/**
 * A file that cannot be read to its end is taken back whole before it is given up, so that its corrected copy,
 * which comes under another key, does not repeat the rows that had come in. One that changed while it was read is
 * taken back too, and starts over as its new version.
 */
async function settleFailure(
  task: ImportTask,
  file: ClaimedFile,
  { deps, error }: { readonly deps: ImportFileDeps; readonly error: unknown },
  signal: AbortSignal,
): Promise<void> {
  const reason = reasonOf(error);
  const changed = reason === 'ObjectChangedDuringRead';
  const final = error instanceof TerminalError && !changed;
  if (changed) await takeNewVersion(task, file, deps, signal);
  else if (final) await deps.retry(() => deps.sink.takeBack(file.claim, versionOf(file)), signal);
  const failure = {
    reason,
    message: messageOf(error),
    cure: findReason(reason)?.cure ?? '',
    retryable: !final,
    maxAttempts: task.limits.maxAttempts,
  };
  await deps.retry(() => deps.claims.failFile(file.claim, failure), signal);
}

async function takeNewVersion(
  task: ImportTask,
  file: ClaimedFile,
  deps: ImportFileDeps,
  signal: AbortSignal,
): Promise<void> {
  const version = versionOf(await deps.objects.head({ bucket: task.bucket, key: file.key }, signal));
  await deps.retry(() => deps.sink.takeBack(file.claim, version), signal);
}

function versionOf(object: Pick<ClaimedFile, 'etag' | 'versionId' | 'size' | 'lastModified'>): FileVersion {
  const { etag, versionId, size, lastModified } = object;
  return { etag, size, lastModified, ...(versionId === undefined ? {} : { versionId }) };
}
