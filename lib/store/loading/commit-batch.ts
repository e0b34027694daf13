import { TerminalError } from '../../errors.ts';
import { addToCounters } from '../counters.ts';
import type { Transaction } from '../database.ts';
import { leaseLost } from '../lease.ts';
import type { Claim, LoadBatch, LoadResult, LoadTarget, StoreDeps } from '../types.ts';
import { applyProperties } from './apply-properties.ts';
import { collectSubjects } from './property-subjects.ts';
import { storeEvents } from './store-events.ts';
import { storeRejects } from './store-rejects.ts';

export interface BatchContext {
  readonly tx: Transaction;
  readonly schema: string;
  readonly claim: Claim;
  readonly deps: StoreDeps;
  /** Events may be stamped up to here, in epoch milliseconds; there is no partition beyond. */
  readonly stampsBefore: number;
}

/**
 * One batch, inside its transaction. What it locks, in this order, which is the same for everybody: ids of
 * events (sorted), users (sorted), groups (sorted), the file's row, a row of counters. So no two of these
 * wait for each other, and the file's row stays free for heartbeats until just before the end.
 */
export async function commitBatch(
  context: BatchContext,
  target: LoadTarget,
  batch: LoadBatch,
): Promise<LoadResult> {
  const { tx, schema, claim, deps } = context;
  const repeated = await checkClaim(tx, schema, claim, batch);
  if (repeated !== undefined) return repeated;
  await deps.faultPoint?.('commitBatch:beforeCopy');

  const stored = await storeEvents(context, target, batch);
  await storeRejects(context, batch.rejects);
  for (const [scope, subjects] of collectSubjects(target, batch.events, stored.winners)) {
    const journal = batch.final ? undefined : claim.fileId;
    await applyProperties(tx, schema, { scope, subjects, journal });
  }

  const counts: BatchCounts = {
    imported: stored.imported,
    duplicate: batch.events.length - stored.imported,
    rejected: batch.rejects.length,
    skipped: batch.skipped,
  };
  await advanceFile(context, batch, counts, stored.stamp);
  await countBatch(context, batch, counts);
  await deps.faultPoint?.('commitBatch:beforeCommit');
  return { ...counts, repeated: false };
}

type BatchCounts = Omit<LoadResult, 'repeated'>;

interface ClaimState {
  readonly state: string;
  readonly mine: boolean;
  readonly alive: boolean;
  readonly committed_rows: number;
  readonly last_batch: (BatchCounts & { readonly afterRow: number }) | null;
}

/** Asks without a lock, to save the work of a batch that is refused; `advanceFile` asks again with one. */
async function checkClaim(
  tx: Transaction,
  schema: string,
  claim: Claim,
  batch: LoadBatch,
): Promise<LoadResult | undefined> {
  const [file] = await tx.query<ClaimState>(
    `SELECT state, coalesce(claim_token = $2, false) AS mine, coalesce(claim_deadline > clock_timestamp(), false) AS alive,
            committed_rows, last_batch
     FROM ${schema}.files WHERE id = $1`,
    [claim.fileId, claim.token],
  );
  if (file?.mine !== true) throw leaseLost(claim);
  const repeated = answerOf(file, batch);
  if (repeated !== undefined) return repeated;
  if (file.state !== 'claimed' || !file.alive) throw leaseLost(claim);
  if (file.committed_rows !== batch.afterRow) throw notTheNext(claim, batch, file.committed_rows);
  return undefined;
}

/** What was answered when this very batch was committed; undefined: it was not the last one that was. */
function answerOf(file: ClaimState, batch: LoadBatch): LoadResult | undefined {
  const last = file.last_batch;
  const endsAlike = file.state === (batch.final ? 'done' : 'claimed');
  const sameRows = last?.afterRow === batch.afterRow && file.committed_rows === batch.throughRow;
  if (last === null || !endsAlike || !sameRows) return undefined;
  const { imported, duplicate, rejected, skipped } = last;
  return { imported, duplicate, rejected, skipped, repeated: true };
}

function notTheNext(claim: Claim, batch: LoadBatch, committedRows: number): TerminalError {
  return new TerminalError({
    reason: 'StoreError',
    message: `File ${String(claim.fileId)} is committed up to row ${String(committedRows)}, and a batch that begins after row ${String(batch.afterRow)} was given: read the file again from there.`,
  });
}

/** A batch that moves the file shows that the attempt was worth its while: the earlier ones are forgiven. */
async function advanceFile(
  { tx, schema, claim }: BatchContext,
  batch: LoadBatch,
  counts: BatchCounts,
  stamp: string | undefined,
): Promise<void> {
  const advanced = await tx.execute(
    `UPDATE ${schema}.files
     SET committed_rows = $4, imported = imported + $5, duplicate = duplicate + $6, skipped = skipped + $7,
         rejected = rejected + $8, last_batch = $9, first_stamp = coalesce(first_stamp, $10),
         last_stamp = coalesce($10, last_stamp),
         attempts = CASE WHEN $4 > committed_rows THEN least(attempts, 1) ELSE attempts END,
         state = CASE WHEN $11 THEN 'done' ELSE state END,
         finished_at = CASE WHEN $11 THEN clock_timestamp() END,
         claim_deadline = CASE WHEN $11 THEN NULL ELSE claim_deadline END,
         reason = NULL, message = NULL, cure = NULL
     WHERE id = $1 AND claim_token = $2 AND state = 'claimed' AND claim_deadline > clock_timestamp()
       AND committed_rows = $3`,
    [
      claim.fileId,
      claim.token,
      batch.afterRow,
      batch.throughRow,
      counts.imported,
      counts.duplicate,
      counts.skipped,
      counts.rejected,
      JSON.stringify({ afterRow: batch.afterRow, ...counts }),
      stamp ?? null,
      batch.final,
    ],
  );
  if (advanced === 0) throw leaseLost(claim);
  if (batch.final) {
    await tx.execute(`DELETE FROM ${schema}.property_changes WHERE file_id = $1`, [claim.fileId]);
  }
}

async function countBatch(
  { tx, schema, claim }: BatchContext,
  batch: LoadBatch,
  { imported, duplicate, skipped, rejected }: BatchCounts,
): Promise<void> {
  const files_done = batch.final ? 1 : 0;
  await addToCounters(tx, schema, claim.sourceId, { files_done, imported, duplicate, skipped, rejected });
}
