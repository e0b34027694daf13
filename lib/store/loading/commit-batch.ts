import { TerminalError } from '../../errors.ts';
import { addToCounters } from '../counters.ts';
import type { Transaction } from '../database.ts';
import { leaseLost } from '../lease.ts';
import type { Claim, LoadBatch, LoadResult, LoadTarget, StoreDeps } from '../types.ts';
import { applyProperties } from './apply-properties.ts';
import { collectSubjects } from './property-subjects.ts';
import { stageEvents } from './stage-events.ts';
import { copyEvents, storeEvents } from './store-events.ts';
import { storeRejects } from './store-rejects.ts';
import { takeStamp } from './take-stamp.ts';

export interface BatchContext {
  readonly tx: Transaction;
  readonly schema: string;
  readonly claim: Claim;
  readonly deps: StoreDeps;
  /** Times of arrival may be up to here, in epoch milliseconds; there is no partition beyond. */
  readonly stampsBefore: number;
  /** When the batch's reservation is over; undefined: it has none. */
  readonly validUntil: string | undefined;
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
  return await asBatch(context, batch, async (counts) => {
    if (batch.events.count > 0) await copyEvents(context.tx, batch.events);
    const stamp = await stampOf(context, batch);
    await storeRejects(context, batch.rejects, stamp);
    if (stamp === undefined || batch.events.count === 0) return { counts, stamp, staged: false };
    const { imported, winners } = await storeEvents(context, target, { events: batch.events, stamp });
    for (const [scope, subjects] of collectSubjects(target, batch.events.changing, winners)) {
      const journal = batch.final ? undefined : context.claim.fileId;
      await applyProperties(context.tx, context.schema, { scope, subjects, journal });
    }
    const duplicate = batch.events.count - imported;
    return { counts: { ...counts, imported, duplicate }, stamp, staged: false };
  });
}

/** As `commitBatch`, but the events wait on the stage until `publishFile`. */
export async function stageBatch(
  context: BatchContext,
  target: LoadTarget,
  batch: LoadBatch,
): Promise<LoadResult> {
  return await asBatch(context, { ...batch, final: false }, async (counts) => {
    await stageEvents(context, target, batch.events);
    const stamp = await stampOf(context, batch);
    await storeRejects(context, batch.rejects, stamp);
    return { counts, stamp, staged: true };
  });
}

interface Brought {
  readonly counts: BatchCounts;
  /** The time of arrival that all of it has; undefined when there was nothing to stamp. */
  readonly stamp: string | undefined;
  /** The events are on the stage. */
  readonly staged: boolean;
}

/** What makes of any work a batch: the claim is good, the rows follow those before, and it is counted once. */
async function asBatch(
  context: BatchContext,
  batch: LoadBatch,
  work: (begun: BatchCounts) => Promise<Brought>,
): Promise<LoadResult> {
  const { tx, schema, claim, deps } = context;
  const repeated = await checkClaim(tx, schema, claim, batch);
  if (repeated !== undefined) return repeated;
  await deps.faultPoint?.('commitBatch:beforeCopy');
  const { rejects, skipped } = batch;
  const brought = await work({ imported: 0, duplicate: 0, rejected: rejects.length, skipped });
  const { counts } = brought;
  await advanceFile(context, batch, brought);
  await countBatch(context, batch, counts);
  await deps.faultPoint?.('commitBatch:beforeCommit');
  return { ...counts, repeated: false };
}

/** As late as may be: nobody can close the hour from here on until the transaction ends. */
async function stampOf(context: BatchContext, { events, rejects }: LoadBatch): Promise<string | undefined> {
  return events.count + rejects.length === 0 ? undefined : await takeStamp(context);
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
  { counts, stamp, staged }: Brought,
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
         staged = $12, reason = NULL, message = NULL, cure = NULL
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
      staged,
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
