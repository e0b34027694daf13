import type { Database, Transaction } from './database.ts';
import { addToCounters } from './counters.ts';
import { assertLeader } from './assert-leader.ts';
import type {
  Discovery,
  FoundObject,
  FoundPage,
  FoundResult,
  ListingPass,
  ListingState,
  PassKind,
  PassProgress,
  PassTally,
} from './types.ts';

interface ListingRow {
  readonly pass: number;
  readonly pass_kind: PassKind | null;
  readonly started_at: number;
  readonly start_after: string | null;
  readonly seen: number;
  readonly tally: PassTally;
  readonly last_full_at: number | null;
  readonly last_full_seen: number;
  readonly last_full_tally: PassTally;
  readonly last_finished_at: number | null;
}

export function createDiscovery(database: Database): Discovery {
  const s = database.schema;
  return {
    listingState: async (sourceId) => toState(await readListing(database, s, sourceId)),
    beginPass: async (sourceId, kind, { epoch }) =>
      await database.transaction(async (tx) => {
        await assertLeader(tx, s, epoch);
        return await beginPass(tx, s, sourceId, kind);
      }),
    recordFound: async (sourceId, page) =>
      await database.transaction(async (tx) => {
        await assertLeader(tx, s, page.epoch);
        const result = await recordPage(tx, s, sourceId, page);
        if (page.progress !== undefined) await saveProgress(tx, s, sourceId, page.progress);
        return result;
      }),
    finishPass: async (sourceId, pass, { epoch }) => {
      await database.transaction(async (tx) => {
        await assertLeader(tx, s, epoch);
        await finishPass(tx, s, sourceId, pass);
      });
    },
  };
}

async function readListing(
  reader: Pick<Transaction, 'query'>,
  schema: string,
  sourceId: number,
): Promise<ListingRow | undefined> {
  const [row] = await reader.query<ListingRow>(
    `SELECT pass, pass_kind, started_at, start_after, seen, tally,
            last_full_at, last_full_seen, last_full_tally, last_finished_at
     FROM ${schema}.listings WHERE source_id = $1`,
    [sourceId],
  );
  return row;
}

function toState(row: ListingRow | undefined): ListingState {
  return {
    current: row === undefined ? undefined : toPass(row),
    lastFull:
      row === undefined || row.last_full_at === null
        ? undefined
        : { finishedAt: row.last_full_at, seen: row.last_full_seen, tally: row.last_full_tally },
    lastFinishedAt: row?.last_finished_at ?? undefined,
  };
}

function toPass(row: ListingRow): ListingPass | undefined {
  if (row.pass_kind === null) return undefined;
  return {
    pass: row.pass,
    kind: row.pass_kind,
    startedAt: row.started_at,
    startAfter: row.start_after ?? undefined,
    seen: row.seen,
    tally: row.tally,
  };
}

async function beginPass(
  tx: Transaction,
  schema: string,
  sourceId: number,
  kind: PassKind,
): Promise<ListingPass> {
  await tx.query(
    `INSERT INTO ${schema}.listings AS l (source_id, pass, pass_kind, started_at, seen, tally)
     VALUES ($1, 1, $2, clock_timestamp(), 0, '{}')
     ON CONFLICT (source_id) DO UPDATE
       SET pass = l.pass + 1, pass_kind = $2, started_at = clock_timestamp(), seen = 0, tally = '{}',
           start_after = CASE WHEN $2 = 'tail' THEN l.greatest_key END
       WHERE l.pass_kind IS NULL`,
    [sourceId, kind],
  );
  const row = await readListing(tx, schema, sourceId);
  const pass = row === undefined ? undefined : toPass(row);
  if (pass === undefined) throw new Error(`source ${String(sourceId)} has no listing after one was begun`);
  return pass;
}

/**
 * One statement for a page. What is known and unchanged is only read. A key that comes twice in a page counts
 * as its newest version. A file that is known, but not yet begun, takes on the new version and the newest
 * conversion. An older version than the known one is a notification that came late, and says nothing new.
 */
async function recordPage(
  tx: Transaction,
  schema: string,
  sourceId: number,
  page: FoundPage,
): Promise<FoundResult> {
  const storable = page.objects.filter((object) => !object.key.includes('\0'));
  const [counts] = await tx.query<{ found: number; replaced: number; overwritten: number; first: number }>(
    `WITH page AS (
       SELECT DISTINCT ON (key) * FROM unnest(
         $2::text[], $3::text[], $4::text[], $5::bigint[], $6::timestamptz[], $7::text[]
       ) AS t (key, etag, version_id, size, last_modified, storage_class)
       ORDER BY key, last_modified DESC
     ), known AS (
       SELECT f.id, f.state, f.overwritten_etag, page.*
       FROM page JOIN ${schema}.files f ON f.source_id = $1 AND f.key = page.key COLLATE "C"
       WHERE f.etag <> page.etag AND page.last_modified >= f.last_modified
         AND f.overwritten_etag IS DISTINCT FROM page.etag
     ), fresh AS (
       INSERT INTO ${schema}.files
         (source_id, key, etag, version_id, size, last_modified, storage_class, generation, found_by)
       SELECT $1, key, etag, version_id, size, last_modified, storage_class, $8, $9 FROM page
       WHERE NOT EXISTS (SELECT 1 FROM ${schema}.files f WHERE f.source_id = $1 AND f.key = page.key COLLATE "C")
       ORDER BY key COLLATE "C"
       ON CONFLICT (source_id, key) DO NOTHING
       RETURNING 1
     ), replaced AS (
       UPDATE ${schema}.files f
       SET etag = known.etag, version_id = known.version_id, size = known.size,
           last_modified = known.last_modified, storage_class = known.storage_class, generation = $8
       FROM known
       WHERE f.id = known.id AND f.state = 'found' AND f.committed_rows = 0
       RETURNING f.id
     ), overwritten AS (
       UPDATE ${schema}.files f SET overwritten_etag = known.etag
       FROM known
       WHERE f.id = known.id AND (f.state <> 'found' OR f.committed_rows > 0)
       RETURNING known.overwritten_etag IS NULL AS first
     )
     SELECT (SELECT count(*) FROM fresh)::int AS found,
            (SELECT count(*) FROM replaced)::int AS replaced,
            (SELECT count(*) FROM overwritten)::int AS overwritten,
            (SELECT count(*) FROM overwritten WHERE first)::int AS first`,
    [sourceId, ...pageColumns(storable), page.generation, page.foundBy],
  );
  const { found = 0, replaced = 0, overwritten = 0, first = 0 } = counts ?? {};
  await addToCounters(tx, schema, sourceId, { files_found: found, files_overwritten: first });
  return { found, replaced, overwritten, unstorable: page.objects.length - storable.length };
}

function pageColumns(objects: readonly FoundObject[]): readonly unknown[] {
  return [
    objects.map((object) => object.key),
    objects.map((object) => object.etag),
    objects.map((object) => object.versionId ?? null),
    objects.map((object) => object.size),
    objects.map((object) => new Date(object.lastModified).toISOString()),
    objects.map((object) => object.storageClass ?? null),
  ];
}

/** A page of a pass that has ended, or was saved already, moves nothing. */
async function saveProgress(
  tx: Transaction,
  schema: string,
  sourceId: number,
  progress: PassProgress,
): Promise<void> {
  await tx.query(
    `UPDATE ${schema}.listings
     SET start_after = $3, seen = seen + $4, greatest_key = greatest(greatest_key, $3),
         tally = (SELECT coalesce(jsonb_object_agg(word, total), '{}') FROM (
           SELECT word, sum(count::bigint) AS total
           FROM (SELECT * FROM jsonb_each_text(tally) UNION ALL SELECT * FROM jsonb_each_text($5)) AS counted (word, count)
           GROUP BY word
         ) summed)
     WHERE source_id = $1 AND pass = $2 AND pass_kind IS NOT NULL
       AND (start_after IS NULL OR start_after < $3)`,
    [sourceId, progress.pass, progress.lastKey, progress.seen, JSON.stringify(progress.tally)],
  );
}

async function finishPass(tx: Transaction, schema: string, sourceId: number, pass: number): Promise<void> {
  await tx.query(
    `UPDATE ${schema}.listings
     SET pass_kind = NULL, start_after = NULL, last_finished_at = clock_timestamp(),
         last_full_at = CASE WHEN pass_kind = 'full' THEN clock_timestamp() ELSE last_full_at END,
         last_full_seen = CASE WHEN pass_kind = 'full' THEN seen ELSE last_full_seen END,
         last_full_tally = CASE WHEN pass_kind = 'full' THEN tally ELSE last_full_tally END
     WHERE source_id = $1 AND pass = $2 AND pass_kind IS NOT NULL`,
    [sourceId, pass],
  );
}
