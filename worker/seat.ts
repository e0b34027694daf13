import type { Clock } from '../lib/clock.ts';
import type { Logger } from '../lib/log.ts';
import type { SeatRequest, Seats } from '../lib/store/sharing/seats.ts';
import type { Store } from '../lib/store/types.ts';

/**
 * A worker's seat among those that share the connections of a store. It opens no more than one connection, and that
 * for a moment, until it has a seat; it holds the seat by a heartbeat, and works for as long as it has it.
 */
export interface SeatDeps {
  /** Opens the store with at most so many connections. */
  readonly openStore: (connections: number) => Promise<Store>;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Logger;
}

/** With one of its connections a worker beats, the others load: over one file at a time, or one for each lane. */
export const seatSize = { fewest: 2, most: 6 } as const;

/** A seat outlives two missed heartbeats. */
export const seatLeaseMs = 60_000;
const heartbeatMs = 15_000;

/** Who waits asks about so often. */
const knockMs = 2_000;

/** Waits in line; answers how many connections the worker may open. */
export async function takeSeat(request: SeatRequest, deps: SeatDeps, signal: AbortSignal): Promise<number> {
  const { clock, random, log } = deps;
  for (let asked = 0; ; asked += 1) {
    signal.throwIfAborted();
    const connections = await atTheDoor(deps, (seats) => seats.take(request));
    if (connections > 0) return connections;
    if (asked === 0) log.info('Waiting for connections of the store, which all its workers share');
    try {
      await clock.sleep(knockMs * (0.5 + random()), signal);
    } catch (error) {
      await leaveSeat(request.holder, deps);
      throw error;
    }
  }
}

/** Nobody need wait until the seat's time is over; a store that does not answer now lets it run out. */
export async function leaveSeat(holder: string, deps: SeatDeps): Promise<void> {
  await atTheDoor(deps, (seats) => seats.leave(holder)).catch((error: unknown) => {
    deps.log.warn('The seat could not be given up; it comes free by itself', { error });
  });
}

async function atTheDoor<T>({ openStore }: SeatDeps, ask: (seats: Seats) => Promise<T>): Promise<T> {
  const store = await openStore(1);
  try {
    return await ask(store.seats);
  } finally {
    await store.close();
  }
}

/** Renews the seat until `signal` is aborted; resolves early when the worker has to leave it. */
export async function keepSeat(
  seats: Pick<Seats, 'renew'>,
  request: SeatRequest,
  { clock, log }: Pick<SeatDeps, 'clock' | 'log'>,
  signal: AbortSignal,
): Promise<'ended' | 'lost' | 'wanted'> {
  for (;;) {
    await clock.sleep(heartbeatMs, signal).catch(() => {});
    if (signal.aborted) return 'ended';
    const answer = await seats.renew(request).catch((error: unknown) => {
      log.warn('The seat could not be renewed', { error });
      return 'kept' as const;
    });
    if (answer !== 'kept') return answer;
  }
}
