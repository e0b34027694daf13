import assert from 'node:assert/strict';
import { lineOf } from './sample-lines.ts';
import { testSchema } from './store.ts';
import type { ImportUnderFault } from './worker-world.ts';

/** Every so many rows of `mixedLines` is no JSON. */
const badEvery = 50;

/** So many rows; most are events with ids of the file and the row, some are rejects. */
export function mixedLines(file: string, rows: number): string {
  return Array.from({ length: rows }, (_, index) => {
    const row = index + 1;
    return row % badEvery === 0 ? `{"bad": ${file} ${row}\n` : `${lineOf(file, row)}\n`;
  }).join('');
}

/** What must have become of files of `mixedLines`: their rows by their name within the lines. */
export interface ExpectedImport {
  readonly rows: Readonly<Record<string, number>>;
  /** Files that are given up, and have left nothing but their rejects. */
  readonly failed?: number;
}

/**
 * Every event once, every reject once, and the same told by the tables, the totals of files and the counters that
 * the status is made from.
 */
export async function assertImported(
  { fixture, sql }: Pick<ImportUnderFault, 'fixture' | 'sql'>,
  { rows, failed = 0 }: ExpectedImport,
): Promise<void> {
  const files = Object.entries(rows);
  const ids = new Set(files.flatMap(([file, count]) => goodRows(count).map((row) => `${file}-${row}`)));
  const rejected = files.reduce((sum, [, count]) => sum + Math.floor(count / badEvery), 0);
  const events = await sql<{ insert_id: string }>(`SELECT insert_id FROM ${testSchema}.events`);
  const stored = new Set(events.map((event) => event.insert_id));
  assert.equal(events.length, stored.size, 'an event is stored twice');
  const differing = [...stored.symmetricDifference(ids)];
  assert.deepEqual(differing.slice(0, 5), [], `${differing.length} events are lost, or too many`);
  const [rejects] = await sql<{ n: number; once: number; of_done: number }>(
    `SELECT count(*)::int AS n, count(DISTINCT (file_id, file_row))::int AS once,
            count(*) FILTER (WHERE f.state = 'done')::int AS of_done
     FROM ${testSchema}.rejects r JOIN ${testSchema}.files f ON f.id = r.file_id`,
  );
  assert.equal(rejects?.n, rejects?.once, 'a reject is told twice');
  assert.equal(rejects?.of_done, rejected);
  const counts = await fixture.store.status.sourceCounts(fixture.sourceId);
  // Those of a file that was given up are kept: they help to mend it.
  const expected = { imported: ids.size, duplicate: 0, skipped: 0, rejected: rejects?.n };
  assert.deepEqual(counts.records, expected);
  const { found, done, unfinished, claimed } = counts.files;
  assert.deepEqual(
    { found, done, failed: counts.files.failed, unfinished, claimed },
    { found: files.length + failed, done: files.length, failed, unfinished: 0, claimed: 0 },
  );
  const [totals] = await sql(
    `SELECT coalesce(sum(imported), 0)::int AS imported, coalesce(sum(duplicate), 0)::int AS duplicate,
            coalesce(sum(skipped), 0)::int AS skipped, coalesce(sum(rejected), 0)::int AS rejected
     FROM ${testSchema}.files`,
  );
  assert.deepEqual(totals, expected);
}

function goodRows(rows: number): number[] {
  return Array.from({ length: rows }, (_, index) => index + 1).filter((row) => row % badEvery !== 0);
}
