import type { RecordCounts } from '../contract/report.ts';
import { parseConnectionUrl } from './connection-url.ts';
import { openDatabase, type Database } from './database.ts';
import { selectRuns } from './runs.ts';
import { checkSchema } from './server-checks.ts';
import { findSource } from './sources.ts';
import type { Run } from './run-types.ts';
import type { FileState, SourceIdentity, StoreDeps, StoredReject, StoreOptions } from './types.ts';

/** What the ledger says of a file, for a person. All times are epoch milliseconds. */
export interface FileEntry {
  readonly key: string;
  readonly state: FileState;
  readonly size: number;
  readonly lastModified: number;
  readonly foundAt: number;
  readonly finishedAt: number | undefined;
  readonly attempts: number;
  /** Of the conversion that it is imported with. */
  readonly generation: number;
  readonly records: RecordCounts;
  /** A newer version was noticed, and not imported. */
  readonly isOverwritten: boolean;
  /** Of the last attempt, if that failed. */
  readonly failure: { readonly reason: string; readonly message: string; readonly cure: string } | undefined;
}

/** At most `limit` entries behind `after`; only those of `key`, a whole key, if that is given. */
interface EntriesRequest {
  readonly limit: number;
  readonly key?: string | undefined;
}

interface FilesRequest extends EntriesRequest {
  /** A key. */
  readonly after?: string | undefined;
  readonly state?: FileState | undefined;
}

interface RejectsRequest extends EntriesRequest {
  /** The id of a reject; the next ones are older. */
  readonly after?: number | undefined;
}

interface RunsRequest {
  readonly limit: number;
  /** The number of a run; the next ones are older. */
  readonly after?: number | undefined;
}

/** Reads the ledger of sources and changes nothing: a standby, and a role that may only read, will do. */
export interface LedgerReader {
  /** Undefined: no operator has ever worked on a source of this identity. */
  findSource(identity: SourceIdentity): Promise<number | undefined>;
  /** In order of the key's bytes. */
  listFiles(sourceId: number, request: FilesRequest): Promise<readonly FileEntry[]>;
  /** The newest first. */
  listRejects(sourceId: number, request: RejectsRequest): Promise<readonly StoredReject[]>;
  /** The newest first. */
  listRuns(sourceId: number, request: RunsRequest): Promise<readonly Run[]>;
  close(): Promise<void>;
}

/** Errors: those of `errors.ts`; `StoreNotMigrated` or `SchemaTooNew` if the schema is not of this release. */
export async function openLedgerReader(options: StoreOptions, deps: StoreDeps): Promise<LedgerReader> {
  const database = openDatabase(parseConnectionUrl(options.url, options.caPem), options, deps);
  try {
    await checkSchema(database);
  } catch (error) {
    await database.close();
    throw error;
  }
  return {
    findSource: async (identity) => await findSource(database, identity),
    listFiles: async (sourceId, request) => await listFiles(database, sourceId, request),
    listRejects: async (sourceId, request) => await listRejects(database, sourceId, request),
    listRuns: async (sourceId, { limit, after }) =>
      await selectRuns(
        database,
        database.schema,
        'AND ($2::int IS NULL OR number < $2) ORDER BY number DESC LIMIT $3',
        [sourceId, after ?? null, limit],
      ),
    close: async () => await database.close(),
  };
}

interface FileRow {
  readonly key: string;
  readonly state: FileState;
  readonly size: number;
  readonly last_modified: number;
  readonly found_at: number;
  readonly finished_at: number | null;
  readonly attempts: number;
  readonly generation: number;
  readonly imported: number;
  readonly duplicate: number;
  readonly skipped: number;
  readonly rejected: number;
  readonly overwritten_etag: string | null;
  readonly reason: string | null;
  readonly message: string | null;
  readonly cure: string | null;
}

async function listFiles(
  database: Database,
  sourceId: number,
  { limit, after, key, state }: FilesRequest,
): Promise<readonly FileEntry[]> {
  const rows = await database.query<FileRow>(
    `SELECT key, state, size, last_modified, found_at, finished_at, attempts, generation,
            imported, duplicate, skipped, rejected, overwritten_etag, reason, message, cure
     FROM ${database.schema}.files
     WHERE source_id = $1 AND key > $2 AND ($3::text IS NULL OR key = $3) AND ($4::text IS NULL OR state = $4)
     ORDER BY key LIMIT $5`,
    [sourceId, after ?? '', key ?? null, state ?? null, limit],
  );
  return rows.map(toFile);
}

function toFile(row: FileRow): FileEntry {
  const { reason, message, cure } = row;
  return {
    key: row.key,
    state: row.state,
    size: row.size,
    lastModified: row.last_modified,
    foundAt: row.found_at,
    finishedAt: row.finished_at ?? undefined,
    attempts: row.attempts,
    generation: row.generation,
    records: {
      imported: row.imported,
      duplicate: row.duplicate,
      skipped: row.skipped,
      rejected: row.rejected,
    },
    isOverwritten: row.overwritten_etag !== null,
    failure: reason === null ? undefined : { reason, message: message ?? '', cure: cure ?? '' },
  };
}

interface RejectRow extends Omit<StoredReject, 'column'> {
  readonly column: string | null;
}

async function listRejects(
  database: Database,
  sourceId: number,
  { limit, after, key }: RejectsRequest,
): Promise<readonly StoredReject[]> {
  const s = database.schema;
  const rows = await database.query<RejectRow>(
    `SELECT r.id, f.key, r.file_row AS row, r.byte_offset AS "offset", r.column_name AS column, r.reason, r.raw, r.at
     FROM ${s}.rejects r JOIN ${s}.files f ON f.id = r.file_id
     WHERE r.source_id = $1 AND ($2::bigint IS NULL OR r.id < $2) AND ($3::text IS NULL OR f.key = $3)
     ORDER BY r.id DESC LIMIT $4`,
    [sourceId, after ?? null, key ?? null, limit],
  );
  return rows.map((row) => ({ ...row, column: row.column ?? undefined }));
}
