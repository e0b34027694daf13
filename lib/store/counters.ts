import type { Transaction } from './database.ts';

/** Columns of `source_counters`. */
const counterColumns = [
  'files_found',
  'files_done',
  'files_failed',
  'files_overwritten',
  'imported',
  'duplicate',
  'skipped',
  'rejected',
] as const;

export type Counters = Readonly<Record<(typeof counterColumns)[number], number>>;

/**
 * Moves the sums of a source; to be called last in a transaction, since the row stays locked until its end.
 * A connection keeps to one slot, so those that work side by side mostly hold different rows.
 */
export async function addToCounters(
  tx: Transaction,
  schema: string,
  sourceId: number,
  change: Partial<Counters>,
): Promise<void> {
  const moved = counterColumns.filter((column) => (change[column] ?? 0) !== 0);
  if (moved.length === 0) return;
  await tx.query(
    `INSERT INTO ${schema}.source_counters AS c (source_id, slot, ${moved.join(', ')})
     VALUES ($1, pg_backend_pid() % 16, ${moved.map((_, index) => `$${String(index + 2)}`).join(', ')})
     ON CONFLICT (source_id, slot) DO UPDATE
       SET ${moved.map((column) => `${column} = c.${column} + EXCLUDED.${column}`).join(', ')}`,
    [sourceId, ...moved.map((column) => change[column])],
  );
}

/** An SQL expression for the sums of the source whose id is `$1`, as one jsonb object. */
export function sumsExpression(schema: string): string {
  const pairs = counterColumns.map((column) => `'${column}', coalesce(sum(${column}), 0)::bigint`);
  return `(SELECT jsonb_build_object(${pairs.join(', ')}) FROM ${schema}.source_counters WHERE source_id = $1)`;
}
