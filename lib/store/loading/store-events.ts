import type { Transaction } from '../database.ts';
import type { LoadedEvent, LoadTarget } from '../types.ts';
import type { BatchContext } from './commit-batch.ts';
import { changesProperties } from './property-subjects.ts';
import { copyToStage, createStage, encodeStage, stageTable } from './staged-event.ts';

export interface StoredEvents {
  readonly imported: number;
  /** Of the events that change properties, those that were stored: their places in the batch. */
  readonly winners: ReadonlySet<number>;
}

/** Into the connection's own stage, which is empty again when the transaction ends. */
export async function copyEvents(
  tx: Transaction,
  target: LoadTarget,
  events: readonly LoadedEvent[],
): Promise<void> {
  await tx.query(createStage);
  await tx.copy(copyToStage, encodeStage(target, events));
}

/** What `copyEvents` has brought goes into the tables, as far as its ids were not seen within the window. */
export async function storeEvents(
  { tx, schema, claim }: Pick<BatchContext, 'tx' | 'schema' | 'claim'>,
  target: LoadTarget,
  { events, stamp }: { readonly events: readonly LoadedEvent[]; readonly stamp: string },
): Promise<StoredEvents> {
  const changing = [...events.keys()].filter((ord) => changesProperties(events[ord]));
  const [stored] = await tx.query<{ imported: number; winners: number[] | null }>(insertWinners(schema), [
    stamp,
    target.deduplicationWindowMs,
    target.projectId,
    claim.sourceId,
    claim.fileId,
    changing,
  ]);
  return { imported: stored?.imported ?? 0, winners: new Set(stored?.winners ?? []) };
}

/** Answers how many were stored, and which of the places in $6. Parameters before it: those of `insertFrom`. */
function insertWinners(schema: string): string {
  return `${insertFrom(schema, `SELECT * FROM ${stageTable}`)}
    SELECT count(*)::int AS imported, array_agg(ord) FILTER (WHERE ord = ANY ($6::int[])) AS winners
    FROM won JOIN firsts USING (key)`;
}

/**
 * The beginning of one statement over a stage, a query for rows `ord`, `key` and so on: ids are inserted in their
 * order (two transactions that insert the same ids in different orders would block each other), those seen within
 * the window fall out, and only what is left goes into `events`. Of rows with the same id the first counts.
 * Offers to its continuation `won (key)` and `firsts (key, ord)`.
 * Parameters: stamp, window in ms, project, source, file.
 */
export function insertFrom(schema: string, stage: string): string {
  return `
    WITH stage AS NOT MATERIALIZED (${stage}), firsts AS MATERIALIZED (
      SELECT DISTINCT ON (key) key, ord FROM stage ORDER BY key, ord
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
      FROM won JOIN firsts USING (key) JOIN stage s USING (ord)
      ORDER BY ord
    )`;
}
