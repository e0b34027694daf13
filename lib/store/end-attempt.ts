import type { RecordCounts } from '../contract/report.ts';
import { cleanText, cutText } from './clean-text.ts';
import { addToCounters } from './counters.ts';
import type { Transaction } from './database.ts';
import { leaseLost } from './lease.ts';
import { takeBack } from './loading/take-back.ts';
import type { Claim, FileFailure } from './types.ts';

/** A message may quote what stands in a file. */
const maxMessageBytes = 4096;

export interface AttemptEnd {
  readonly kind: 'failed' | 'retried';
}

/**
 * Ends the attempt. With attempts left the file keeps its progress and waits for the next one. Without, it fails:
 * what it has brought in is taken back, but for its rejects, which say what is to be mended.
 */
export async function endAttempt(
  tx: Transaction,
  schema: string,
  claim: Claim,
  failure: FileFailure,
): Promise<AttemptEnd> {
  const [file] = await tx.query<{ attempts: number }>(
    `SELECT attempts FROM ${schema}.files
     WHERE id = $1 AND claim_token = $2 AND state = 'claimed' AND claim_deadline > clock_timestamp()`,
    [claim.fileId, claim.token],
  );
  if (file === undefined) return await answerAgain(tx, schema, claim);
  if (failure.retryable && file.attempts < failure.maxAttempts) {
    await endWith(tx, schema, { claim, failure, set: waiting });
    return { kind: 'retried' };
  }
  const gone = await takeBack(tx, schema, claim, { keepRejects: true });
  await endWith(tx, schema, { claim, failure, set: failed });
  await addToCounters(tx, schema, claim.sourceId, { files_failed: 1, ...negative(gone) });
  return { kind: 'failed' };
}

/** The wait doubles with each attempt, from 2 seconds up to 5 minutes. */
const waiting = `state = 'found',
  due_at = clock_timestamp() + least(interval '1 second' * 2 ^ least(attempts, 10), interval '5 minutes')`;

/** The stamps stay, to find the rejects by. */
const failed = `state = 'failed', finished_at = clock_timestamp(), committed_rows = 0, imported = 0, duplicate = 0,
  skipped = 0, staged = false, last_batch = NULL`;

function negative({ imported, duplicate, skipped }: RecordCounts): Omit<RecordCounts, 'rejected'> {
  return { imported: -imported, duplicate: -duplicate, skipped: -skipped };
}

async function endWith(
  tx: Transaction,
  schema: string,
  { claim, failure, set }: { readonly claim: Claim; readonly failure: FileFailure; readonly set: string },
): Promise<void> {
  const ended = await tx.execute(
    `UPDATE ${schema}.files
     SET ${set}, opened_at = NULL, claim_deadline = NULL, reason = $3, message = $4, cure = $5
     WHERE id = $1 AND claim_token = $2 AND state = 'claimed' AND claim_deadline > clock_timestamp()`,
    [
      claim.fileId,
      claim.token,
      failure.reason,
      cutText(cleanText(failure.message), maxMessageBytes),
      cutText(cleanText(failure.cure), maxMessageBytes),
    ],
  );
  if (ended === 0) throw leaseLost(claim);
}

/** The first answer may have been lost: the token stays in the row until the next claim. */
async function answerAgain(tx: Transaction, schema: string, claim: Claim): Promise<AttemptEnd> {
  const [row] = await tx.query<{ state: string }>(
    `SELECT state FROM ${schema}.files WHERE id = $1 AND claim_token = $2 AND state IN ('found', 'failed')`,
    [claim.fileId, claim.token],
  );
  if (row === undefined) throw leaseLost(claim);
  return { kind: row.state === 'failed' ? 'failed' : 'retried' };
}
