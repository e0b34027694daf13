import type { LoadBatch, LoadTarget } from '../types.ts';
import type { BatchContext } from './commit-batch.ts';
import { changesProperties } from './property-subjects.ts';
import { copyToStage, createStage, encodeStage, stageTable } from './staged-event.ts';

export interface StoredEvents {
  readonly imported: number;
  /** Of the events that change properties, those that were stored: their places in the batch. */
  readonly winners: ReadonlySet<number>;
  /** The time of arrival that they all have; undefined when there were none. */
  readonly stamp: string | undefined;
}

/** The hour of the stamp has no partition yet. Not for callers: the batch is run again when there is one. */
export class PartitionMissing extends Error {
  override readonly name = 'PartitionMissing';
}

/**
 * COPY into the stage, then one statement: ids are inserted in their order (two transactions that insert the
 * same ids in different orders would block each other), those seen within the window fall out, and only what
 * is left goes into `events`. Of rows with the same id in a batch the first counts.
 */
export async function storeEvents(
  { tx, schema, claim, stampsBefore }: BatchContext,
  target: LoadTarget,
  { events }: LoadBatch,
): Promise<StoredEvents> {
  if (events.length === 0) return { imported: 0, winners: new Set(), stamp: undefined };
  await tx.query(createStage);
  await tx.copy(copyToStage, encodeStage(target, events));
  // As late as may be: nobody can close the hour from here on until the transaction ends.
  const [taken] = await tx.query<{ stamp: string; ms: number }>(
    `SELECT stamp::text, extract(epoch FROM stamp)::float8 * 1000 AS ms FROM ${schema}.take_stamp() AS stamp`,
  );
  if (taken === undefined || taken.ms >= stampsBefore) throw new PartitionMissing();
  const changing = [...events.keys()].filter((ord) => changesProperties(events[ord]));
  const [stored] = await tx.query<{ imported: number; winners: number[] | null }>(insertWinners(schema), [
    taken.stamp,
    target.deduplicationWindowMs,
    target.projectId,
    claim.sourceId,
    claim.fileId,
    changing,
  ]);
  return {
    imported: stored?.imported ?? 0,
    winners: new Set(stored?.winners ?? []),
    stamp: taken.stamp,
  };
}

function insertWinners(schema: string): string {
  return `
    WITH firsts AS MATERIALIZED (
      SELECT DISTINCT ON (key) key, ord FROM ${stageTable} ORDER BY key, ord
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
      FROM won JOIN firsts USING (key) JOIN ${stageTable} s USING (ord)
      ORDER BY ord
    )
    SELECT count(*)::int AS imported, array_agg(ord) FILTER (WHERE ord = ANY ($6::int[])) AS winners
    FROM won JOIN firsts USING (key)`;
}
