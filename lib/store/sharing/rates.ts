import type { Database } from '../database.ts';

/**
 * Rates that all workers of a store share, kept as token buckets in the database. Tokens are reserved ahead, on the
 * database's clock, in a statement of its own: nobody waits inside a transaction, and no row is locked for longer
 * than that statement. In any stretch of `t` seconds at most `rate × (t + burstSeconds)` tokens begin to be usable,
 * and one reservation more; of a bucket that shares reservations with a slower one, as much again as is reserved ahead.
 */
export interface Rates {
  reserve(request: ReservationRequest): Promise<Reservation>;
}

export interface RateBucket {
  /** E.g. `project/168342/events`. */
  readonly scope: string;
  readonly perSecond: number;
}

export interface ReservationRequest {
  /** At least one, each scope once. The tokens are taken of all of them. */
  readonly buckets: readonly RateBucket[];
  readonly tokens: number;
  /** How long they may be used. */
  readonly validMs: number;
}

export type Reservation =
  | {
      readonly kind: 'reserved';
      /** Until they may be used; 0: now. */
      readonly startsInMs: number;
      /** When their time is over, as the database writes it: what uses them compares it with its own clock. */
      readonly validUntil: string;
    }
  /** So many are before this one that nothing was reserved: ask again after `retryInMs`. */
  | { readonly kind: 'later'; readonly retryInMs: number };

/** By how much of its rate a bucket may be ahead after a pause. */
const burstSeconds = 0.75;

/** What is reserved further ahead would be lost if its worker ended. */
const patienceMs = 3_000;

export function createRates(database: Database): Rates {
  return {
    reserve: async ({ buckets, tokens, validMs }) => {
      const [row] = await database.query<{ valid_until: string | null; wait_ms: number }>(
        `SELECT (at + $6 * interval '1 millisecond')::text AS valid_until,
                extract(epoch FROM wait)::float8 * 1000 AS wait_ms
         FROM ${database.schema}.reserve_tokens($1, $2, $3, $4 * interval '1 second', $5 * interval '1 millisecond')`,
        [
          buckets.map(({ scope }) => scope),
          buckets.map(({ perSecond }) => perSecond),
          tokens,
          burstSeconds,
          patienceMs,
          validMs,
        ],
      );
      if (row === undefined) throw new Error('a function without a set of rows gave none');
      const { valid_until: validUntil, wait_ms } = row;
      if (validUntil === null) return { kind: 'later', retryInMs: Math.max(1, wait_ms - patienceMs) };
      return { kind: 'reserved', startsInMs: Math.max(0, wait_ms), validUntil };
    },
  };
}
