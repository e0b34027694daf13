import type { Transaction } from './database.ts';
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
  readonly staged: boolean;
  readonly last_claimant: string | null;
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
  const condition = 'source_id = $1 AND claim_deadline < clock_timestamp()';
  await freeFiles(tx, schema, { condition, locked: 'skipped' }, [request.sourceId]);
  const rows = await takeWaiting(tx, schema, request);
  if (rows.length === 0) return await describeRest(tx, schema, request.sourceId);
  return { kind: 'claimed', files: rows.map((row) => toClaimedFile(row, request)) };
}

/**
 * Claimed files, of workers that are lost, wait again; answers how many. One that was opened is a suspect from here on;
 * one that never was has cost nothing: no attempt, no suspicion. A transaction of a lost worker may still be on its way
 * to its end in the server, with a file locked: `locked` says whether that is waited for.
 */
export async function freeFiles(
  tx: Pick<Transaction, 'query'>,
  schema: string,
  { condition, locked }: { readonly condition: string; readonly locked: 'awaited' | 'skipped' },
  values: readonly unknown[],
): Promise<number> {
  const freed = await tx.query(
    `WITH lost AS (
       SELECT id FROM ${schema}.files WHERE state = 'claimed' AND ${condition}
       ORDER BY id FOR UPDATE ${locked === 'skipped' ? 'SKIP LOCKED' : ''}
     )
     UPDATE ${schema}.files f
     SET state = 'found', crashes = crashes + CASE WHEN opened_at IS NULL THEN 0 ELSE 1 END,
         opened_at = NULL, claim_deadline = NULL
     FROM lost WHERE f.id = lost.id
     RETURNING f.id`,
    values,
  );
  return freed.length;
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
       SELECT id, crashes, last_modified, claimant FROM ${schema}.files
       WHERE source_id = $1 AND state = 'found' AND due_at <= clock_timestamp()
       ORDER BY last_modified, id LIMIT $2
       FOR UPDATE SKIP LOCKED
     ), ranked AS (
       SELECT id, crashes, claimant,
              row_number() OVER by_age AS place,
              first_value(crashes) OVER by_age > 0 AS suspect_first
       FROM candidates WINDOW by_age AS (ORDER BY last_modified, id)
     ), taken AS (
       UPDATE ${schema}.files f
       SET state = 'claimed', claim_token = gen_random_uuid(), claimant = $3, claimant_slot = $5, opened_at = NULL,
           claim_deadline = clock_timestamp() + $4 * interval '1 millisecond'
       FROM ranked
       WHERE f.id = ranked.id AND CASE WHEN suspect_first THEN place = 1 ELSE ranked.crashes = 0 END
       RETURNING f.*, ranked.claimant AS last_claimant
     )
     SELECT id, claim_token, key, etag, version_id, size, last_modified, storage_class, generation, attempts,
            crashes, committed_rows, staged, last_claimant
     FROM taken ORDER BY last_modified, id`,
    [request.sourceId, request.limit, request.claimant, request.leaseMs, request.slot ?? null],
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

function toClaimedFile(row: ClaimedRow, { sourceId, maxAttempts }: ClaimRequest): ClaimedFile {
  const spent = row.crashes > 0 && row.attempts >= maxAttempts;
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
    staged: row.staged,
    alone: row.crashes > 0,
    ...(spent ? { spent: { lastClaimant: row.last_claimant ?? '' } } : {}),
  };
}
