import type { Run } from '../../../lib/store/run-types.ts';
import type {
  ClaimedFile,
  FailedFile,
  FoundObject,
  ListingState,
  SourceCounts,
} from '../../../lib/store/types.ts';
import type { ListedObject } from '../../../lib/aws/object-store.ts';
import { startTime } from './resources.ts';

const noRecords = { imported: 0, duplicate: 0, skipped: 0, rejected: 0 };

/** What the ledger counts of a source; nothing yet. */
export function sourceCounts(
  files: Partial<SourceCounts['files']> = {},
  changes: Partial<Omit<SourceCounts, 'files'>> = {},
): SourceCounts {
  const none = { found: 0, done: 0, failed: 0, unfinished: 0, waitingBytes: 0, claimed: 0, overwritten: 0 };
  return {
    files: { ...none, ...files },
    records: noRecords,
    oldestUnfinished: undefined,
    latency: undefined,
    lastFailures: [],
    ...changes,
  };
}

export function failedFile(changes: Partial<FailedFile> = {}): FailedFile {
  return {
    key: 'web/broken.json.gz',
    reason: 'TruncatedGzip',
    message: 'The gzip stream ends in the middle.',
    cure: 'Upload the whole file under a new key.',
    attempts: 1,
    failedAt: startTime,
    ...changes,
  };
}

/** An open run. */
export function run(changes: Partial<Run> = {}): Run {
  return {
    number: 1,
    startedAt: startTime,
    endedAt: undefined,
    outcome: undefined,
    message: undefined,
    files: { done: 0, failed: 0 },
    records: noRecords,
    ...changes,
  };
}

/** Never listed. */
export function listingState(changes: Partial<ListingState> = {}): ListingState {
  return { current: undefined, lastFull: undefined, lastFinishedAt: undefined, ...changes };
}

export function claimedFile(key: string, changes: Partial<ClaimedFile> = {}): ClaimedFile {
  return {
    claim: { sourceId: 7, fileId: 1, token: `token of ${key}` },
    key,
    etag: `etag of ${key}`,
    versionId: undefined,
    size: 1000,
    lastModified: startTime,
    storageClass: 'STANDARD',
    generation: 1,
    attempts: 0,
    committedRows: 0,
    staged: false,
    alone: false,
    ...changes,
  };
}

/** An object as a listing shows it. */
export function listedObject(key: string, changes: Partial<ListedObject> = {}): ListedObject & FoundObject {
  return {
    key,
    etag: `etag of ${key}`,
    size: 1000,
    lastModified: startTime,
    storageClass: 'STANDARD',
    restored: false,
    ...changes,
  };
}
