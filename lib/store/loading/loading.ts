import type { Database, Transaction } from '../database.ts';
import type { Claim, Loading, StoreDeps } from '../types.ts';
import { commitBatch, stageBatch, type BatchContext } from './commit-batch.ts';
import { publishFile } from './publish-file.ts';
import { restartFile } from './restart-file.ts';
import { encodeEvents } from './staged-event.ts';
import { takeBackTimeoutMs } from './take-back.ts';
import { PartitionMissing } from './take-stamp.ts';

/** A large file may have much to move. */
const publishTimeoutMs = 3_600_000;
/** The operator keeps partitions ahead; this many days are made here when it has not. */
const daysMadeHere = 2;

interface Loaded<T> {
  readonly claim: Claim;
  readonly validUntil: string | undefined;
  readonly timeoutMs?: number;
  readonly work: (context: BatchContext) => Promise<T>;
}

export function createLoading(database: Database, deps: StoreDeps): Loading {
  const { schema } = database;
  // Of this process: up to where it has seen to it that partitions exist.
  let stampsBefore = 0;
  const loadOnce = async <T>({ claim, validUntil, timeoutMs, work }: Loaded<T>): Promise<T> =>
    await database.transaction(
      async (tx: Transaction) => await work({ tx, schema, claim, deps, stampsBefore, validUntil }),
      { bulk: true, ...(timeoutMs === undefined ? {} : { timeoutMs }) },
    );
  const load = async <T>(loaded: Loaded<T>): Promise<T> => {
    if (stampsBefore === 0) stampsBefore = await makePartitions(database);
    const result = await loadOnce(loaded).catch(async (error: unknown) => {
      if (!(error instanceof PartitionMissing)) throw error;
      stampsBefore = await makePartitions(database);
      return await loadOnce(loaded);
    });
    await deps.faultPoint?.('commitBatch:committed');
    return result;
  };
  return {
    encodeEvents,
    commitBatch: async (claim, target, batch, validUntil) =>
      await load({ claim, validUntil, work: async (context) => await commitBatch(context, target, batch) }),
    stageBatch: async (claim, target, batch, validUntil) =>
      await load({ claim, validUntil, work: async (context) => await stageBatch(context, target, batch) }),
    publishFile: async (claim, target, maxRejectShare) =>
      await load({
        claim,
        validUntil: undefined,
        timeoutMs: publishTimeoutMs,
        work: async (context) => await publishFile(context, target, maxRejectShare),
      }),
    restartFile: async (claim, version) => {
      await database.transaction(
        async (tx) => {
          await restartFile(tx, schema, claim, version);
        },
        { bulk: true, timeoutMs: takeBackTimeoutMs },
      );
    },
  };
}

/** Answers the first instant that has no partition. */
async function makePartitions(database: Database): Promise<number> {
  const [row] = await database.query<{ until: number }>(
    `SELECT extract(epoch FROM (today + ${String(daysMadeHere)})::timestamp)::float8 * 1000 AS until,
            ${database.schema}.make_partitions(today, ${String(daysMadeHere)})
     FROM (SELECT (clock_timestamp() AT TIME ZONE 'UTC')::date AS today) t`,
  );
  return row?.until ?? 0;
}
