import type { RecordCounts } from '../../contract/report.ts';
import { addToCounters } from '../counters.ts';
import type { Transaction } from '../database.ts';
import { leaseLost } from '../lease.ts';
import type { Claim, FileVersion } from '../types.ts';
import { takeBack } from './take-back.ts';

/** Takes back all that the claimed file has brought in, and begins it anew as another version. */
export async function restartFile(
  tx: Transaction,
  schema: string,
  claim: Claim,
  version: FileVersion,
): Promise<void> {
  const gone = await takeBack(tx, schema, claim, { keepRejects: false });
  const wasOverwritten = await beginAnew(tx, schema, claim, version);
  await addToCounters(tx, schema, claim.sourceId, {
    ...negative(gone),
    files_overwritten: wasOverwritten ? -1 : 0,
  });
}

function negative({ imported, duplicate, skipped, rejected }: RecordCounts): RecordCounts {
  return { imported: -imported, duplicate: -duplicate, skipped: -skipped, rejected: -rejected };
}

/** Whether a newer version of the file had been noticed before. */
async function beginAnew(
  tx: Transaction,
  schema: string,
  claim: Claim,
  version: FileVersion,
): Promise<boolean> {
  const [begun] = await tx.query<{ overwritten: boolean }>(
    `UPDATE ${schema}.files f
     SET etag = $3, version_id = $4, size = $5, last_modified = $6, overwritten_etag = NULL,
         committed_rows = 0, imported = 0, duplicate = 0, skipped = 0, rejected = 0, staged = false,
         first_stamp = NULL, last_stamp = NULL, last_batch = NULL
     FROM (SELECT id, overwritten_etag FROM ${schema}.files WHERE id = $1 FOR NO KEY UPDATE) before
     WHERE f.id = before.id AND claim_token = $2 AND state = 'claimed' AND claim_deadline > clock_timestamp()
     RETURNING before.overwritten_etag IS NOT NULL AS overwritten`,
    [
      claim.fileId,
      claim.token,
      version.etag,
      version.versionId ?? null,
      version.size,
      new Date(version.lastModified),
    ],
  );
  if (begun === undefined) throw leaseLost(claim);
  return begun.overwritten;
}
