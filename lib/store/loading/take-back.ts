import type { RecordCounts } from '../../contract/report.ts';
import type { Transaction } from '../database.ts';
import { undashed } from '../identifiers.ts';
import { leaseLost } from '../lease.ts';
import type { Properties } from '../properties/apply-property-operations.ts';
import { revertProperties, type PropertyChange } from '../properties/property-changes.ts';
import type { Claim } from '../types.ts';
import { lockProperties, propertyTables, writeProperties } from './apply-properties.ts';
import type { PropertyScope } from './property-subjects.ts';

/** A large file may have much to take back. */
export const takeBackTimeoutMs = 3_600_000;

interface Brought extends RecordCounts {
  readonly first_stamp: string | null;
  readonly last_stamp: string | null;
}

/**
 * Removes all that the claimed file has brought in, but for its rejects if they are to be kept, and answers what
 * the file's row counts of it. The row itself is left to the caller. Locks in the order of `commitBatch`: ids,
 * users, groups, then the file's row.
 */
export async function takeBack(
  tx: Transaction,
  schema: string,
  claim: Claim,
  { keepRejects }: { readonly keepRejects: boolean },
): Promise<RecordCounts> {
  const [file] = await tx.query<Brought>(
    `SELECT first_stamp::text, last_stamp::text, imported, duplicate, skipped, rejected
     FROM ${schema}.files
     WHERE id = $1 AND claim_token = $2 AND state = 'claimed' AND claim_deadline > clock_timestamp()`,
    [claim.fileId, claim.token],
  );
  if (file === undefined) throw leaseLost(claim);
  const { imported, duplicate, skipped, rejected, first_stamp, last_stamp } = file;
  await tx.execute(`DELETE FROM ${schema}.staged_events WHERE file_id = $1`, [claim.fileId]);
  await tx.execute(`DELETE FROM ${schema}.staged_changes WHERE file_id = $1`, [claim.fileId]);
  if (first_stamp !== null) {
    const stamps = [claim.fileId, first_stamp, last_stamp];
    await takeBackEvents(tx, schema, stamps);
    if (!keepRejects) {
      const rejects = `DELETE FROM ${schema}.rejects WHERE file_id = $1 AND at BETWEEN $2::timestamptz AND $3::timestamptz`;
      await tx.execute(rejects, stamps);
    }
  }
  await takeBackProperties(tx, schema, claim, 'user');
  await takeBackProperties(tx, schema, claim, 'group');
  return { imported, duplicate, skipped, rejected };
}

/**
 * The stamps narrow the search to the pages of that time. An id goes with its event, unless another file has
 * renewed it since.
 */
async function takeBackEvents(tx: Transaction, schema: string, stamps: readonly unknown[]): Promise<void> {
  await tx.execute(
    `WITH gone AS (
       DELETE FROM ${schema}.events
       WHERE file_id = $1 AND server_upload_time BETWEEN $2::timestamptz AND $3::timestamptz
       RETURNING event_key, server_upload_time
     ), locked AS (
       SELECT known.key FROM ${schema}.event_keys known
       JOIN gone ON known.key = gone.event_key AND known.first_seen = gone.server_upload_time
       ORDER BY known.key FOR UPDATE OF known
     )
     DELETE FROM ${schema}.event_keys known USING locked WHERE known.key = locked.key`,
    stamps,
  );
}

/** Entries of the journal that are looked at together. */
const journalPage = 2000;

async function takeBackProperties(
  tx: Transaction,
  schema: string,
  claim: Claim,
  scope: PropertyScope,
): Promise<void> {
  const table = `${schema}.${propertyTables[scope]}`;
  // All of them first, in their order: the pages below go by time.
  await tx.query(
    `SELECT count(*) FROM (
       SELECT 1 FROM ${table}
       WHERE subject_key IN (SELECT subject_key FROM ${schema}.property_changes WHERE file_id = $1 AND scope = $2)
       ORDER BY subject_key FOR UPDATE
     ) locked`,
    [claim.fileId, scope],
  );
  for (;;) {
    const entries = await tx.query<{ subject_key: string; changes: PropertyChange[] }>(
      `WITH newest AS (
         DELETE FROM ${schema}.property_changes WHERE id IN (
           SELECT id FROM ${schema}.property_changes WHERE file_id = $1 AND scope = $2
           ORDER BY id DESC LIMIT ${String(journalPage)}
         ) RETURNING id, subject_key, changes
       )
       SELECT subject_key, changes FROM newest ORDER BY id DESC`,
      [claim.fileId, scope],
    );
    if (entries.length === 0) return;
    await revertPage(tx, table, entries);
  }
}

async function revertPage(
  tx: Transaction,
  table: string,
  entries: readonly { readonly subject_key: string; readonly changes: readonly PropertyChange[] }[],
): Promise<void> {
  const current = await lockProperties(tx, table, [...new Set(entries.map((entry) => entry.subject_key))]);
  const reverted = new Map<string, Properties>();
  for (const { subject_key, changes } of entries) {
    const key = undashed(subject_key);
    const before = reverted.get(key) ?? current.get(key);
    if (before !== undefined) reverted.set(key, revertProperties(before, changes));
  }
  await writeProperties(tx, table, reverted);
}
