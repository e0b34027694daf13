import assert from 'node:assert/strict';
import { contentOf } from './load-worker.ts';
import { testSchema, type StoreFixture } from './store.ts';

/** What a set of files must have become, when each of their events is stored once. */
export interface ExpectedWorld {
  readonly ids: ReadonlySet<string>;
  readonly rejects: number;
  readonly skipped: number;
  readonly rows: number;
  readonly visits: number;
}

function expectedOf(keys: readonly string[]): ExpectedWorld {
  const ids = new Set<string>();
  let rejects = 0;
  let skipped = 0;
  let rows = 0;
  for (const key of keys) {
    for (const [index, { insertId }] of contentOf(key).entries()) {
      const row = index + 1;
      rows += 1;
      if (row % 33 === 0) rejects += 1;
      else if (row % 34 === 0) skipped += 1;
      else ids.add(insertId);
    }
  }
  const visits = [...ids].filter((id) => Number(id.slice(3)) % 10 === 0).length;
  return { ids, rejects, skipped, rows, visits };
}

/** Counts the rows themselves, and holds the counters and the files' totals to them. */
export async function assertWorld(fixture: StoreFixture, keys: readonly string[]): Promise<void> {
  const expected = expectedOf(keys);
  const { sql } = fixture.database;
  const events = await sql<{ insert_id: string }>(`SELECT insert_id FROM ${testSchema}.events`);
  const stored = new Set(events.map((row) => row.insert_id));
  assert.equal(events.length, stored.size, 'an event is stored twice');
  assert.deepEqual(stored.symmetricDifference(expected.ids), new Set(), 'an event is lost, or one too many');
  const [rejects] = await sql<{ n: number; once: number }>(
    `SELECT count(*)::int AS n, count(DISTINCT (file_id, file_row))::int AS once FROM ${testSchema}.rejects`,
  );
  assert.deepEqual(rejects, { n: expected.rejects, once: expected.rejects });
  const [visits] = await sql<{ n: number }>(
    `SELECT coalesce(sum((properties->>'visits')::int), 0)::int AS n FROM ${testSchema}.user_properties`,
  );
  assert.equal(visits?.n, expected.visits);

  const [left] = await sql<{ n: number }>(
    `SELECT (SELECT count(*) FROM ${testSchema}.staged_events)::int + (SELECT count(*) FROM ${testSchema}.staged_changes)::int
            + (SELECT count(*) FROM ${testSchema}.property_changes)::int AS n`,
  );
  assert.equal(left?.n, 0, 'something is left of unfinished files');

  const { files, records } = await fixture.store.status.sourceCounts(fixture.sourceId);
  assert.deepEqual(
    [files.found, files.done, files.failed, files.unfinished, files.claimed],
    [keys.length, keys.length, 0, 0, 0],
  );
  assert.deepEqual(records, {
    imported: expected.ids.size,
    duplicate: expected.rows - expected.ids.size - expected.rejects - expected.skipped,
    skipped: expected.skipped,
    rejected: expected.rejects,
  });
  const [totals] = await sql<Record<string, number>>(
    `SELECT sum(imported)::int AS imported, sum(duplicate)::int AS duplicate, sum(skipped)::int AS skipped,
            sum(rejected)::int AS rejected FROM ${testSchema}.files`,
  );
  assert.deepEqual(totals, { ...records });
}
