import type { Database, Transaction } from './database.ts';
import { assertLeader } from './assert-leader.ts';
import type { Maintenance, UpkeepRequest, UpkeepResult } from './upkeep-types.ts';

/** Rows that one statement removes, so that a call stays short. */
const removedAtOnce = 20_000;
const keyPartitions = 16;
const droppedAtOnce = 10;

export function createMaintenance(database: Database): Maintenance {
  const s = database.schema;
  return {
    upkeep: async (request) => {
      const fenced = async <T>(work: (tx: Transaction) => Promise<T>): Promise<T> =>
        await database.transaction(
          async (tx) => {
            await assertLeader(tx, s, request.epoch);
            return await work(tx);
          },
          { bulk: true },
        );
      const partitionsMade = await fenced(async (tx) => await makePartitions(tx, s, request.daysAhead));
      const events = await dropOldPartitions(fenced, s, 'events', request.keepEventsMs);
      const rejects = await dropOldPartitions(fenced, s, 'rejects', request.keepRejectsMs);
      const keys = await removeOldKeys(fenced, s, request.deduplicationWindowMs);
      const runsRemoved = await removeOldRuns(fenced, s, request.keepRunsMs);
      return {
        partitionsMade,
        partitionsDropped: events.count + rejects.count,
        eventKeysRemoved: keys.count,
        runsRemoved,
        more: events.more || rejects.more || keys.more || runsRemoved === removedAtOnce,
      } satisfies UpkeepResult;
    },
  };
}

type FencedWork = <T>(work: (tx: Transaction) => Promise<T>) => Promise<T>;

interface Removed {
  readonly count: number;
  readonly more: boolean;
}

async function makePartitions(
  tx: Transaction,
  schema: string,
  daysAhead: UpkeepRequest['daysAhead'],
): Promise<number> {
  const [row] = await tx.query<{ made: number }>(
    `SELECT ${schema}.make_partitions((clock_timestamp() AT TIME ZONE 'UTC')::date, $1 + 1) AS made`,
    [daysAhead],
  );
  return row?.made ?? 0;
}

/** -1 of the function: the table was in use for as long as it is fair to make others wait. Another time, then. */
async function dropOldPartitions(
  fenced: FencedWork,
  schema: string,
  parent: 'events' | 'rejects',
  keepMs: number | undefined,
): Promise<Removed> {
  if (keepMs === undefined) return { count: 0, more: false };
  for (let count = 0; count < droppedAtOnce; count += 1) {
    const dropped = await fenced(async (tx) => {
      const [row] = await tx.query<{ dropped: number }>(
        `SELECT ${schema}.drop_partition($2,
           ((clock_timestamp() - $1 * interval '1 millisecond') AT TIME ZONE 'UTC')::date) AS dropped`,
        [keepMs, parent],
      );
      return row?.dropped ?? 0;
    });
    if (dropped !== 1) return { count, more: dropped === -1 };
  }
  return { count: droppedAtOnce, more: true };
}

/** Rows that somebody is about to renew are left to them, so this never waits and never blocks two loads. */
async function removeOldKeys(fenced: FencedWork, schema: string, windowMs: number): Promise<Removed> {
  let count = 0;
  let more = false;
  for (let part = 0; part < keyPartitions; part += 1) {
    const table = `${schema}.event_keys_${String(part).padStart(2, '0')}`;
    const removed = await fenced(
      async (tx) =>
        await tx.execute(
          `DELETE FROM ${table} WHERE ctid = ANY (ARRAY(
             SELECT ctid FROM ${table} WHERE first_seen < clock_timestamp() - $1 * interval '1 millisecond'
             LIMIT ${String(removedAtOnce)} FOR UPDATE SKIP LOCKED
           ))`,
          [windowMs],
        ),
    );
    count += removed;
    more ||= removed === removedAtOnce;
  }
  return { count, more };
}

/** The newest run of a source stays, so that numbers go on increasing. */
async function removeOldRuns(
  fenced: FencedWork,
  schema: string,
  keepMs: number | undefined,
): Promise<number> {
  if (keepMs === undefined) return 0;
  return await fenced(
    async (tx) =>
      await tx.execute(
        `DELETE FROM ${schema}.runs WHERE (source_id, number) IN (
           SELECT source_id, number FROM ${schema}.runs old
           WHERE ended_at < clock_timestamp() - $1 * interval '1 millisecond'
             AND EXISTS (SELECT 1 FROM ${schema}.runs newer
                         WHERE newer.source_id = old.source_id AND newer.number > old.number)
           LIMIT ${String(removedAtOnce)}
         )`,
        [keepMs],
      ),
  );
}
