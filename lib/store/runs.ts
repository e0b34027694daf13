import type { Counters } from './counters.ts';
import { sumsExpression } from './counters.ts';
import type { Database, Transaction } from './database.ts';
import { TerminalError } from '../errors.ts';
import { assertLeader } from './assert-leader.ts';
import type { Run, RunOutcome, Runs } from './run-types.ts';

interface RunRow {
  readonly number: number;
  readonly started_at: number;
  readonly ended_at: number | null;
  readonly outcome: RunOutcome | null;
  readonly message: string | null;
  readonly sums_before: Counters;
  /** Of the end, or of now. */
  readonly sums_after: Counters;
}

export function createRuns(database: Database): Runs {
  const s = database.schema;
  return {
    openRun: async (sourceId, { epoch }) => {
      const [open] = await selectRuns(database, s, 'AND ended_at IS NULL', [sourceId]);
      if (open !== undefined) return open;
      return await database.transaction(async (tx) => {
        await assertLeader(tx, s, epoch);
        await tx.query(
          `INSERT INTO ${s}.runs (source_id, number, started_at, sums_before)
           SELECT $1, coalesce(max(number), 0) + 1, clock_timestamp(), ${sumsExpression(s)}
           FROM ${s}.runs WHERE source_id = $1
           ON CONFLICT DO NOTHING`,
          [sourceId],
        );
        return only(await selectRuns(tx, s, 'AND ended_at IS NULL', [sourceId]), sourceId);
      });
    },
    closeRun: async (sourceId, number, { epoch, outcome, message }) =>
      await database.transaction(async (tx) => {
        await assertLeader(tx, s, epoch);
        await tx.query(
          `UPDATE ${s}.runs
           SET ended_at = clock_timestamp(), outcome = $3, message = $4, sums_after = ${sumsExpression(s)}
           WHERE source_id = $1 AND number = $2 AND ended_at IS NULL`,
          [sourceId, number, outcome, message ?? null],
        );
        return only(await selectRuns(tx, s, 'AND number = $2', [sourceId, number]), sourceId);
      }),
    listRuns: async (sourceId, limit) =>
      await selectRuns(database, s, 'ORDER BY number DESC LIMIT $2', [sourceId, limit]),
  };
}

/** Of the source `$1`, as the rest of the statement says. */
export async function selectRuns(
  reader: Pick<Transaction, 'query'>,
  schema: string,
  rest: string,
  values: readonly unknown[],
): Promise<readonly Run[]> {
  const rows = await reader.query<RunRow>(
    `SELECT number, started_at, ended_at, outcome, message, sums_before,
            coalesce(sums_after, ${sumsExpression(schema)}) AS sums_after
     FROM ${schema}.runs WHERE source_id = $1 ${rest}`,
    values,
  );
  return rows.map(toRun);
}

function toRun(row: RunRow): Run {
  const moved = (column: keyof Counters): number => row.sums_after[column] - row.sums_before[column];
  return {
    number: row.number,
    startedAt: row.started_at,
    endedAt: row.ended_at ?? undefined,
    outcome: row.outcome ?? undefined,
    message: row.message ?? undefined,
    files: { done: moved('files_done'), failed: moved('files_failed') },
    records: {
      imported: moved('imported'),
      duplicate: moved('duplicate'),
      skipped: moved('skipped'),
      rejected: moved('rejected'),
    },
  };
}

function only(runs: readonly Run[], sourceId: number): Run {
  const [run] = runs;
  if (run !== undefined) return run;
  throw new TerminalError({
    reason: 'StoreError',
    message: `The ledger has no such run of source ${String(sourceId)}: it was removed, or the database was restored from before.`,
  });
}
