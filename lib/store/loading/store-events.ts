import type { Transaction } from '../database.ts';
import type { EncodedEvents, LoadTarget } from '../types.ts';
import type { BatchContext } from './commit-batch.ts';
import { copyToStage, createStage, stageTable } from './staged-event.ts';

export interface StoredEvents {
  readonly imported: number;
  /** Of the events that change properties, the rows of those that were stored. */
  readonly winners: ReadonlySet<number>;
}

/** Into the connection's own stage, which is empty again when the transaction ends. */
export async function copyEvents(tx: Transaction, { rows }: EncodedEvents): Promise<void> {
  await tx.query(createStage);
  await tx.copy(copyToStage, rows);
}

/** What `copyEvents` has brought goes into the tables, as far as its ids were not seen within the window. */
export async function storeEvents(
  { tx, schema, claim }: Pick<BatchContext, 'tx' | 'schema' | 'claim'>,
  target: LoadTarget,
  { events, stamp }: { readonly events: EncodedEvents; readonly stamp: string },
): Promise<StoredEvents> {
  const [stored] = await tx.query<{ imported: number; winners: number[] | null }>(insertWinners(schema), [
    stamp,
    target.deduplicationWindowMs,
    target.projectId,
    claim.sourceId,
    claim.fileId,
    events.changing.map(({ row }) => row),
  ]);
  return { imported: stored?.imported ?? 0, winners: new Set(stored?.winners ?? []) };
}

/** Answers how many were stored, and which of the rows in $6 (as float8, since the driver reads lists of bigint as texts). Parameters before it: those of `insertFrom`. */
export function insertWinners(schema: string): string {
  return `${insertFrom(schema, `SELECT * FROM ${stageTable}`)}
    SELECT count(*)::int AS imported, array_agg(file_row::float8) FILTER (WHERE file_row = ANY ($6::bigint[])) AS winners
    FROM won JOIN firsts USING (key)`;
}

/**
 * The beginning of one statement over a stage, a query for its rows: ids are inserted in their
 * order (two transactions that insert the same ids in different orders would block each other), those seen within
 * the window fall out, and only what is left goes into `events`. Of rows with the same id the first counts.
 * Offers to its continuation `won (key)` and `firsts (key, file_row)`.
 * Parameters: stamp, window in ms, project, source, file.
 */
export function insertFrom(schema: string, stage: string): string {
  return `
    WITH stage AS NOT MATERIALIZED (${stage}), firsts AS MATERIALIZED (
      SELECT DISTINCT ON (key) key, file_row FROM stage ORDER BY key, file_row
    ), won AS (
      INSERT INTO ${schema}.event_keys AS known (key, first_seen)
      SELECT key, $1::timestamptz FROM firsts ORDER BY key
      ON CONFLICT (key) DO UPDATE SET first_seen = EXCLUDED.first_seen
        WHERE known.first_seen < EXCLUDED.first_seen - $2 * interval '1 millisecond'
      RETURNING key
    ), stored AS (
      INSERT INTO ${schema}.events
        (server_upload_time, event_time, source_id, file_id, file_row, event_key, kind, project_id, event_type,
         user_id, device_id, insert_id, body)
      SELECT $1::timestamptz, coalesce(to_timestamp(time_ms / 1000.0), $1::timestamptz), $4, $5, file_row, s.key,
             kind, $3, event_type, user_id, device_id, insert_id, body
      FROM won JOIN firsts USING (key) JOIN stage s USING (file_row)
      ORDER BY file_row
    )`;
}
