import type { EventCall } from '../../contract/event.ts';
import type { RecordCounts } from '../../contract/report.ts';
import { TerminalError } from '../../errors.ts';
import { addToCounters } from '../counters.ts';
import type { Transaction } from '../database.ts';
import { undashed } from '../identifiers.ts';
import { leaseLost } from '../lease.ts';
import type { Claim, LoadTarget } from '../types.ts';
import { applyProperties } from './apply-properties.ts';
import type { BatchContext } from './commit-batch.ts';
import { propertyScopes, stepsOf, type PropertyScope, type PropertySubject } from './property-subjects.ts';
import { insertFrom } from './store-events.ts';
import { takeStamp } from './take-stamp.ts';

interface StagedFile extends RecordCounts {
  readonly state: string;
  readonly alive: boolean;
  readonly committed_rows: number;
}

/**
 * Makes a file that was staged to its last row visible, as a whole, and closes it; or refuses it, if more than the
 * given share of its rows are rejects. Deduplication happens here. Locks in the order of `commitBatch`.
 */
export async function publishFile(
  context: BatchContext,
  target: LoadTarget,
  maxRejectShare: number,
): Promise<RecordCounts> {
  const { tx, schema, claim } = context;
  const file = await readFile(tx, schema, claim);
  if (file.state === 'done') return publishedOf(file);
  if (file.state !== 'claimed' || !file.alive) throw leaseLost(claim);
  if (file.rejected > maxRejectShare * file.committed_rows) throw tooManyRejects(file, maxRejectShare);
  const { imported, staged, stamp } = await moveEvents(context, target);
  for (const scope of propertyScopes) await changeProperties(tx, schema, { claim, target, scope });
  await tx.execute(`DELETE FROM ${schema}.staged_changes WHERE file_id = $1`, [claim.fileId]);
  await tx.execute(`DELETE FROM ${schema}.staged_events WHERE file_id = $1`, [claim.fileId]);
  const moved = { imported, duplicate: staged - imported };
  await closeFile(tx, schema, claim, { ...moved, stamp });
  await addToCounters(tx, schema, claim.sourceId, { files_done: 1, ...moved });
  await context.deps.faultPoint?.('publishFile:beforeCommit');
  return { ...moved, rejected: 0, skipped: 0 };
}

/** What it added to what the batches had counted, also when its answer was lost and it is asked again. */
function publishedOf({ imported, duplicate }: StagedFile): RecordCounts {
  return { imported, duplicate, rejected: 0, skipped: 0 };
}

async function readFile(tx: Transaction, schema: string, claim: Claim): Promise<StagedFile> {
  const [file] = await tx.query<StagedFile>(
    `SELECT state, coalesce(claim_deadline > clock_timestamp(), false) AS alive, committed_rows,
            imported, duplicate, skipped, rejected
     FROM ${schema}.files WHERE id = $1 AND claim_token = $2`,
    [claim.fileId, claim.token],
  );
  if (file === undefined) throw leaseLost(claim);
  return file;
}

function tooManyRejects({ rejected, committed_rows: rows }: StagedFile, share: number): TerminalError {
  const percent = (part: number): string => `${String(Number((part * 100).toPrecision(3)))}%`;
  return new TerminalError({
    reason: 'QuarantineThresholdExceeded',
    message: `${String(rejected)} of ${String(rows)} rows were rejected, ${percent(rejected / rows)}, where at most ${percent(share)} may be: nothing of the file was stored.`,
  });
}

const winnersTable = 'pg_temp.millrace_winners_1';

/** The rows that were stored and change properties are kept for `changeProperties`. */
async function moveEvents(
  context: BatchContext,
  target: LoadTarget,
): Promise<{ readonly imported: number; readonly staged: number; readonly stamp: string }> {
  const { tx, schema, claim } = context;
  await tx.query(
    'CREATE TEMPORARY TABLE IF NOT EXISTS millrace_winners_1 (file_row bigint) ON COMMIT DELETE ROWS',
  );
  const stamp = await takeStamp(context);
  const stage = `SELECT * FROM ${schema}.staged_events WHERE file_id = $5`;
  const [moved] = await tx.query<{ imported: number; staged: number }>(
    `${insertFrom(schema, stage)}, changing AS (
       INSERT INTO ${winnersTable}
       SELECT file_row FROM won JOIN firsts USING (key)
       WHERE EXISTS (SELECT 1 FROM ${schema}.staged_changes c WHERE c.file_id = $5 AND c.file_row = firsts.file_row)
     )
     SELECT (SELECT count(*) FROM won) AS imported,
            (SELECT count(*) FROM ${schema}.staged_events WHERE file_id = $5) AS staged`,
    [stamp, target.deduplicationWindowMs, target.projectId, claim.sourceId, claim.fileId],
  );
  return { imported: moved?.imported ?? 0, staged: moved?.staged ?? 0, stamp };
}

/** Rows that are read together; with them the properties of as many users at most. */
const changesPage = 2000;

interface ChangeRow extends Pick<EventCall, 'kind' | 'body'> {
  readonly subject_key: string;
  readonly subject_type: string;
  readonly subject: string;
  readonly file_row: number;
}

/** In the order of the subjects, and of the rows within one: so the pages lock in the order of everybody else. */
async function changeProperties(
  tx: Transaction,
  schema: string,
  {
    claim,
    target,
    scope,
  }: { readonly claim: Claim; readonly target: LoadTarget; readonly scope: PropertyScope },
): Promise<void> {
  let after: readonly [string, number] = ['00000000-0000-0000-0000-000000000000', -1];
  for (;;) {
    const rows = await tx.query<ChangeRow>(
      `SELECT c.subject_key, c.subject_type, c.subject, c.file_row, e.kind, e.body
       FROM ${schema}.staged_changes c
       JOIN ${winnersTable} w ON w.file_row = c.file_row
       JOIN ${schema}.staged_events e ON e.file_id = c.file_id AND e.file_row = c.file_row
       WHERE c.file_id = $1 AND c.scope = $2 AND (c.subject_key, c.file_row) > ($3::uuid, $4::bigint)
       ORDER BY c.subject_key, c.file_row LIMIT ${String(changesPage)}`,
      [claim.fileId, scope, ...after],
    );
    const last = rows.at(-1);
    if (last === undefined) return;
    const subjects = groupBySubject(rows, target.projectId);
    await applyProperties(tx, schema, { scope, subjects, journal: undefined });
    after = [last.subject_key, last.file_row];
  }
}

function groupBySubject(rows: readonly ChangeRow[], projectId: string): readonly PropertySubject[] {
  return [...Map.groupBy(rows, (row) => row.subject_key).values()].flatMap((ofOne) => {
    const [first] = ofOne;
    if (first === undefined) return [];
    const { subject_type: type, subject: id } = first;
    return [{ key: undashed(first.subject_key), projectId, type, id, steps: ofOne.flatMap(stepsOf) }];
  });
}

async function closeFile(
  tx: Transaction,
  schema: string,
  claim: Claim,
  published: { readonly imported: number; readonly duplicate: number; readonly stamp: string },
): Promise<void> {
  const closed = await tx.execute(
    `UPDATE ${schema}.files
     SET state = 'done', imported = imported + $3, duplicate = duplicate + $4, first_stamp = coalesce(first_stamp, $5), last_stamp = $5,
         finished_at = clock_timestamp(), claim_deadline = NULL, reason = NULL, message = NULL, cure = NULL
     WHERE id = $1 AND claim_token = $2 AND state = 'claimed' AND claim_deadline > clock_timestamp()`,
    [claim.fileId, claim.token, published.imported, published.duplicate, published.stamp],
  );
  if (closed === 0) throw leaseLost(claim);
}
