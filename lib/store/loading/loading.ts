import type { Database } from '../database.ts';
import type { Claim, LoadBatch, Loading, LoadResult, LoadTarget, StoreDeps } from '../types.ts';
import { commitBatch } from './commit-batch.ts';
import { restartFile } from './restart-file.ts';
import { PartitionMissing } from './store-events.ts';

/** A large file may have much to take back. */
const restartTimeoutMs = 3_600_000;
/** The operator keeps partitions ahead; this many days are made here when it has not. */
const daysMadeHere = 2;

export function createLoading(database: Database, deps: StoreDeps): Loading {
  // Of this process: up to where it has seen to it that partitions exist.
  let stampsBefore = 0;
  const commitOnce = async (claim: Claim, target: LoadTarget, batch: LoadBatch): Promise<LoadResult> =>
    await database.transaction(
      async (tx) =>
        await commitBatch({ tx, schema: database.schema, claim, deps, stampsBefore }, target, batch),
      { bulk: true },
    );
  return {
    commitBatch: async (claim, target, batch) => {
      if (stampsBefore === 0) stampsBefore = await makePartitions(database);
      const result = await commitOnce(claim, target, batch).catch(async (error: unknown) => {
        if (!(error instanceof PartitionMissing)) throw error;
        stampsBefore = await makePartitions(database);
        return await commitOnce(claim, target, batch);
      });
      await deps.faultPoint?.('commitBatch:committed');
      return result;
    },
    restartFile: async (claim, version) => {
      await database.transaction(
        async (tx) => {
          await restartFile(tx, database.schema, claim, version);
        },
        { bulk: true, timeoutMs: restartTimeoutMs },
      );
    },
  };
}

/** Answers the first instant that has no partition. */
async function makePartitions(database: Database): Promise<number> {
  const [row] = await database.query<{ until: number }>(
    `SELECT extract(epoch FROM (today + ${String(daysMadeHere)})::timestamp)::float8 * 1000 AS until,
            ${database.schema}.make_event_partitions(today, ${String(daysMadeHere)})
     FROM (SELECT (clock_timestamp() AT TIME ZONE 'UTC')::date AS today) t`,
  );
  return row?.until ?? 0;
}
