import { addToCounters } from '../counters.ts';
import type { Transaction } from '../database.ts';
import { undashed } from '../identifiers.ts';
import { leaseLost } from '../lease.ts';
import type { Properties } from '../properties/apply-property-operations.ts';
import { revertProperties, type PropertyChange } from '../properties/property-changes.ts';
import type { Claim, FileVersion } from '../types.ts';
import { lockProperties, propertyTables, writeProperties } from './apply-properties.ts';
import type { PropertyScope } from './property-subjects.ts';

interface FileRow {
  readonly first_stamp: string | null;
  readonly last_stamp: string | null;
  readonly imported: number;
  readonly duplicate: number;
  readonly skipped: number;
  readonly rejected: number;
  readonly overwritten: boolean;
}

/** Takes back all that the claimed file has brought in, and begins it anew. Locks in the order of `commitBatch`. */
export async function restartFile(
  tx: Transaction,
  schema: string,
  claim: Claim,
  version: FileVersion,
): Promise<void> {
  const [file] = await tx.query<FileRow>(
    `SELECT first_stamp::text, last_stamp::text, imported, duplicate, skipped, rejected,
            overwritten_etag IS NOT NULL AS overwritten
     FROM ${schema}.files
     WHERE id = $1 AND claim_token = $2 AND state = 'claimed' AND claim_deadline > clock_timestamp()`,
    [claim.fileId, claim.token],
  );
  if (file === undefined) throw leaseLost(claim);
  if (file.first_stamp !== null) await takeBackEvents(tx, schema, claim, file);
  await tx.execute(`DELETE FROM ${schema}.rejects WHERE file_id = $1`, [claim.fileId]);
  await takeBackProperties(tx, schema, claim, 'user');
  await takeBackProperties(tx, schema, claim, 'group');
  await beginAnew(tx, schema, claim, version);
  await addToCounters(tx, schema, claim.sourceId, {
    imported: -file.imported,
    duplicate: -file.duplicate,
    skipped: -file.skipped,
    rejected: -file.rejected,
    files_overwritten: file.overwritten ? -1 : 0,
  });
}

/**
 * The stamps narrow the search to the pages of that time. An id goes with its event, unless another file has
 * renewed it since.
 */
async function takeBackEvents(tx: Transaction, schema: string, claim: Claim, file: FileRow): Promise<void> {
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
    [claim.fileId, file.first_stamp, file.last_stamp],
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

async function beginAnew(tx: Transaction, schema: string, claim: Claim, version: FileVersion): Promise<void> {
  const begun = await tx.execute(
    `UPDATE ${schema}.files
     SET etag = $3, version_id = $4, size = $5, last_modified = $6, overwritten_etag = NULL,
         committed_rows = 0, imported = 0, duplicate = 0, skipped = 0, rejected = 0,
         first_stamp = NULL, last_stamp = NULL, last_batch = NULL
     WHERE id = $1 AND claim_token = $2 AND state = 'claimed' AND claim_deadline > clock_timestamp()`,
    [
      claim.fileId,
      claim.token,
      version.etag,
      version.versionId ?? null,
      version.size,
      new Date(version.lastModified),
    ],
  );
  if (begun === 0) throw leaseLost(claim);
}
