import type { Database, Transaction } from '../database.ts';
import { grantTo, mustGiveWay, type Seat, type SeatLimits } from './share-seats.ts';

/** The connections that the workers of all sources of a store share, so that they stay within its limit together. */
export interface Seats {
  /**
   * How many connections the worker may open; 0: none now, it waits in line and asks again soon. The same holder gets
   * what it has already. Both last `leaseMs`.
   */
  take(request: SeatRequest): Promise<number>;
  /** `lost`: its time had passed, and others may have taken it. `wanted`: another source has none, give it up. */
  renew(request: SeatRequest): Promise<'kept' | 'lost' | 'wanted'>;
  leave(holder: string): Promise<void>;
}

export interface SeatRequest extends SeatLimits {
  /** A place in a Job, or a process: its successor takes the seat over. */
  readonly holder: string;
  readonly sourceId: number;
  readonly leaseMs: number;
}

export function createSeats(database: Database): Seats {
  const s = database.schema;
  return {
    take: async (request) =>
      await database.transaction(async (tx) => {
        // Against itself alone: who reads is not held up. Everybody decides over the rows that the one before left.
        await tx.query(`LOCK TABLE ${s}.connection_seats IN SHARE ROW EXCLUSIVE MODE`);
        await tx.execute(
          `DELETE FROM ${s}.connection_seats WHERE deadline < clock_timestamp() AND holder <> $1`,
          [request.holder],
        );
        await tx.execute(
          `INSERT INTO ${s}.connection_seats AS seat (holder, source_id, connections, asked_at, deadline)
           VALUES ($1, $2, 0, clock_timestamp(), clock_timestamp() + $3 * interval '1 millisecond')
           ON CONFLICT (holder) DO UPDATE SET source_id = EXCLUDED.source_id, deadline = EXCLUDED.deadline`,
          [request.holder, request.sourceId, request.leaseMs],
        );
        const seats = await readSeats(tx, s);
        const held = seats.find(({ holder }) => holder === request.holder)?.connections ?? 0;
        const connections = held > 0 ? held : grantTo(request.holder, seats, request);
        if (connections > held) {
          await tx.execute(`UPDATE ${s}.connection_seats SET connections = $2 WHERE holder = $1`, [
            request.holder,
            connections,
          ]);
        }
        return connections;
      }),
    renew: async (request) => {
      const kept = await database.query(
        `UPDATE ${s}.connection_seats SET deadline = clock_timestamp() + $2 * interval '1 millisecond'
         WHERE holder = $1 AND connections > 0 RETURNING 1`,
        [request.holder, request.leaseMs],
      );
      if (kept.length === 0) return 'lost';
      return mustGiveWay(request.holder, await readSeats(database, s), request) ? 'wanted' : 'kept';
    },
    leave: async (holder) => {
      await database.query(`DELETE FROM ${s}.connection_seats WHERE holder = $1`, [holder]);
    },
  };
}

async function readSeats(reader: Pick<Transaction, 'query'>, schema: string): Promise<readonly Seat[]> {
  return await reader.query<Seat>(
    `SELECT holder, source_id AS "sourceId", connections, asked_at AS "askedAt"
     FROM ${schema}.connection_seats WHERE deadline >= clock_timestamp()`,
  );
}
