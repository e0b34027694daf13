import type { Counters } from './counters.ts';
import { sumsExpression } from './counters.ts';
import type { Database } from './database.ts';
import type { FailedFile, Latency, SourceCounts, StatusReader } from './types.ts';

const shownFailures = 5;
/** Enough to tell a backlog of large files from one of small ones, at a bounded cost. */
const sizedFiles = 1000;

interface CountsRow {
  readonly sums: Counters;
  readonly claimed: number;
  readonly oldest: number | null;
  readonly bytes: number;
}

export function createStatusReader(database: Database): StatusReader {
  const s = database.schema;
  return {
    sourceCounts: async (sourceId) => {
      const [row] = await database.query<CountsRow>(
        `SELECT ${sumsExpression(s)} AS sums, claimed, least(oldest_claimed, (
            SELECT min(last_modified) FROM ${s}.files WHERE source_id = $1 AND state = 'found'
          )) AS oldest, (SELECT coalesce(sum(size), 0)::bigint FROM (
            SELECT size FROM ${s}.files WHERE source_id = $1 AND state = 'found'
            LIMIT ${String(sizedFiles)}
          ) sized) AS bytes
         FROM (SELECT count(*)::int AS claimed, min(last_modified) AS oldest_claimed
               FROM ${s}.files WHERE source_id = $1 AND state = 'claimed') held`,
        [sourceId],
      );
      if (row === undefined) throw new Error('a statement without FROM rows gave none');
      const [failures, latency] = [
        await readFailures(database, sourceId),
        await readLatency(database, sourceId),
      ];
      return { ...toCounts(row), lastFailures: failures, latency };
    },
  };
}

function toCounts({
  sums,
  claimed,
  oldest,
  bytes,
}: CountsRow): Omit<SourceCounts, 'lastFailures' | 'latency'> {
  return {
    files: {
      found: sums.files_found,
      done: sums.files_done,
      failed: sums.files_failed,
      unfinished: sums.files_found - sums.files_done - sums.files_failed,
      waitingBytes: bytes,
      claimed,
      overwritten: sums.files_overwritten,
    },
    records: {
      imported: sums.imported,
      duplicate: sums.duplicate,
      skipped: sums.skipped,
      rejected: sums.rejected,
    },
    oldestUnfinished: oldest ?? undefined,
  };
}

/** Of so many files, the last ones that were done; read off an index that has them in this order. */
const measuredFiles = 1000;

async function readLatency(database: Database, sourceId: number): Promise<Latency | undefined> {
  const s = database.schema;
  const [row] = await database.query<{ files: number; median: number | null; p99: number | null }>(
    `SELECT count(*)::int AS files, percentile_disc(0.5) WITHIN GROUP (ORDER BY ms) AS median,
            percentile_disc(0.99) WITHIN GROUP (ORDER BY ms) AS p99
     FROM (
       SELECT extract(epoch FROM finished_at - greatest(last_modified, sources.created_at))::float8 * 1000 AS ms
       FROM ${s}.files JOIN ${s}.sources ON sources.id = source_id
       WHERE source_id = $1 AND state = 'done' AND finished_at > clock_timestamp() - interval '1 day'
       ORDER BY finished_at DESC LIMIT ${String(measuredFiles)}
     ) newest`,
    [sourceId],
  );
  if (row === undefined || row.median === null || row.p99 === null) return undefined;
  return { files: row.files, medianMs: Math.max(0, row.median), p99Ms: Math.max(0, row.p99) };
}

async function readFailures(database: Database, sourceId: number): Promise<readonly FailedFile[]> {
  return await database.query<{
    key: string;
    reason: string;
    message: string;
    cure: string;
    attempts: number;
    failedAt: number;
  }>(
    `SELECT key, reason, message, cure, attempts, finished_at AS "failedAt" FROM ${database.schema}.files
     WHERE source_id = $1 AND state = 'failed' ORDER BY finished_at DESC LIMIT ${String(shownFailures)}`,
    [sourceId],
  );
}
