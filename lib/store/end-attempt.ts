import type { Transaction } from './database.ts';
import { addToCounters } from './counters.ts';
import { leaseLost } from './lease.ts';
import { cleanText, cutText } from './clean-text.ts';
import type { Claim, FileFailure } from './types.ts';

/** A message may quote what stands in a file. */
const maxMessageBytes = 4096;

/**
 * Ends the attempt: failed for good, or waiting for the next one. The wait doubles with each attempt, from
 * 2 seconds up to 5 minutes.
 */
export async function endAttempt(
  tx: Transaction,
  schema: string,
  claim: Claim,
  failure: FileFailure,
): Promise<{ readonly kind: 'failed' | 'retried' }> {
  const [ended] = await tx.query<{ state: string }>(
    `UPDATE ${schema}.files
     SET state = CASE WHEN $3 AND attempts < $4 THEN 'found' ELSE 'failed' END,
         due_at = clock_timestamp() + least(interval '1 second' * 2 ^ attempts, interval '5 minutes'),
         finished_at = CASE WHEN $3 AND attempts < $4 THEN NULL ELSE clock_timestamp() END,
         opened_at = NULL, claim_deadline = NULL, reason = $5, message = $6, cure = $7
     WHERE id = $1 AND claim_token = $2 AND state = 'claimed' AND claim_deadline > clock_timestamp()
     RETURNING state`,
    [
      claim.fileId,
      claim.token,
      failure.retryable,
      failure.maxAttempts,
      failure.reason,
      cutText(cleanText(failure.message), maxMessageBytes),
      cutText(cleanText(failure.cure), maxMessageBytes),
    ],
  );
  if (ended === undefined) return await answerAgain(tx, schema, claim);
  if (ended.state === 'found') return { kind: 'retried' };
  await addToCounters(tx, schema, claim.sourceId, { files_failed: 1 });
  return { kind: 'failed' };
}

/** The first answer may have been lost: the token stays in the row until the next claim. */
async function answerAgain(
  tx: Transaction,
  schema: string,
  claim: Claim,
): Promise<{ readonly kind: 'failed' | 'retried' }> {
  const [row] = await tx.query<{ state: string }>(
    `SELECT state FROM ${schema}.files WHERE id = $1 AND claim_token = $2 AND state IN ('found', 'failed')`,
    [claim.fileId, claim.token],
  );
  if (row === undefined) throw leaseLost(claim);
  return { kind: row.state === 'failed' ? 'failed' : 'retried' };
}
