import type { Transaction } from './database.ts';
import { addToCounters } from './counters.ts';
import type { ClaimedFile, ClaimRequest, ClaimResult } from './types.ts';

interface ClaimedRow {
  readonly id: number;
  readonly claim_token: string;
  readonly key: string;
  readonly etag: string;
  readonly version_id: string | null;
  readonly size: number;
  readonly last_modified: number;
  readonly storage_class: string | null;
  readonly generation: number;
  readonly attempts: number;
  readonly crashes: number;
  readonly committed_rows: number;
}

/** Looking further than this for the time of the next attempt would cost more than the answer is worth. */
const lookahead = 1000;

export async function claimFiles(
  tx: Transaction,
  schema: string,
  request: ClaimRequest,
): Promise<ClaimResult> {
  const [source] = await tx.query<{ wanted_template: string | null }>(
    `SELECT wanted_template FROM ${schema}.sources WHERE id = $1`,
    [request.sourceId],
  );
  if (source?.wanted_template !== request.templateHash) return { kind: 'outdated' };
  await freeExpired(tx, schema, request);
  const rows = await takeWaiting(tx, schema, request);
  if (rows.length === 0) return await describeRest(tx, schema, request.sourceId);
  return { kind: 'claimed', files: rows.map((row) => toClaimedFile(row, request.sourceId)) };
}

/**
 * Files of workers that let their deadline pass wait again, or are failed if their attempts are used up.
 * One that was never opened has cost nothing: no attempt, no suspicion.
 */
async function freeExpired(
  tx: Transaction,
  schema: string,
  { sourceId, maxAttempts }: ClaimRequest,
): Promise<void> {
  const freed = await tx.query<{ state: string }>(
    `WITH expired AS (
       SELECT id, opened_at IS NOT NULL AND attempts >= $2 AS used_up FROM ${schema}.files
       WHERE source_id = $1 AND state = 'claimed' AND claim_deadline < clock_timestamp()
       ORDER BY id FOR UPDATE SKIP LOCKED
     )
     UPDATE ${schema}.files f
     SET state = CASE WHEN used_up THEN 'failed' ELSE 'found' END,
         crashes = crashes + CASE WHEN opened_at IS NULL THEN 0 ELSE 1 END,
         opened_at = NULL, claim_deadline = NULL,
         finished_at = CASE WHEN used_up THEN clock_timestamp() END,
         reason = CASE WHEN used_up THEN 'AttemptsExhausted' ELSE reason END,
         message = CASE WHEN used_up
           THEN 'A worker was lost at each of the last ' || attempts || ' attempts; the last was ' || claimant || '.'
           ELSE message END,
         cure = CASE WHEN used_up
           THEN 'Look at the logs and the memory limit of the workers; a file that ends its worker mostly needs more memory.'
           ELSE cure END
     FROM expired WHERE f.id = expired.id
     RETURNING f.state`,
    [sourceId, maxAttempts],
  );
  const failed = freed.filter((row) => row.state === 'failed').length;
  await addToCounters(tx, schema, sourceId, { files_failed: failed });
}

/**
 * In order of upload. A file that has cost a worker its life goes alone when its turn comes, and is left out
 * as long as another is before it.
 */
async function takeWaiting(
  tx: Transaction,
  schema: string,
  request: ClaimRequest,
): Promise<readonly ClaimedRow[]> {
  return await tx.query<ClaimedRow>(
    `WITH candidates AS (
       SELECT id, crashes, last_modified FROM ${schema}.files
       WHERE source_id = $1 AND state = 'found' AND due_at <= clock_timestamp()
       ORDER BY last_modified, id LIMIT $2
       FOR UPDATE SKIP LOCKED
     ), ranked AS (
       SELECT id, crashes,
              row_number() OVER by_age AS place,
              first_value(crashes) OVER by_age > 0 AS suspect_first
       FROM candidates WINDOW by_age AS (ORDER BY last_modified, id)
     ), taken AS (
       UPDATE ${schema}.files f
       SET state = 'claimed', claim_token = gen_random_uuid(), claimant = $3, opened_at = NULL,
           claim_deadline = clock_timestamp() + $4 * interval '1 millisecond'
       FROM ranked
       WHERE f.id = ranked.id AND CASE WHEN suspect_first THEN place = 1 ELSE ranked.crashes = 0 END
       RETURNING f.*
     )
     SELECT id, claim_token, key, etag, version_id, size, last_modified, storage_class, generation, attempts,
            crashes, committed_rows
     FROM taken ORDER BY last_modified, id`,
    [request.sourceId, request.limit, request.claimant, request.leaseMs],
  );
}

async function describeRest(tx: Transaction, schema: string, sourceId: number): Promise<ClaimResult> {
  const [rest] = await tx.query<{ unfinished: number; retry_in_ms: number | null }>(
    `SELECT count(*)::int AS unfinished,
            extract(epoch FROM min(greatest(free_at - clock_timestamp(), interval '0')))::float8 * 1000 AS retry_in_ms
     FROM (
       SELECT free_at FROM (
         SELECT greatest(due_at, 'epoch') AS free_at FROM ${schema}.files
         WHERE source_id = $1 AND state = 'found' LIMIT ${String(lookahead)}
       ) waiting
       UNION ALL
       SELECT claim_deadline FROM ${schema}.files WHERE source_id = $1 AND state = 'claimed'
     ) rest`,
    [sourceId],
  );
  return { kind: 'nothing', unfinished: rest?.unfinished ?? 0, retryInMs: rest?.retry_in_ms ?? undefined };
}

function toClaimedFile(row: ClaimedRow, sourceId: number): ClaimedFile {
  return {
    claim: { sourceId, fileId: row.id, token: row.claim_token },
    key: row.key,
    etag: row.etag,
    versionId: row.version_id ?? undefined,
    size: row.size,
    lastModified: row.last_modified,
    storageClass: row.storage_class ?? undefined,
    generation: row.generation,
    attempts: row.attempts,
    committedRows: row.committed_rows,
    alone: row.crashes > 0,
  };
}
