/**
 * Who may open how many of the connections that the workers of a store share. Pure: the rows of all who ask are
 * read and written by `seats.ts`, under a lock.
 *
 * Whoever waits is served in this order: sources that have nothing before sources that have something, then by the
 * time of asking. So the sum never exceeds the budget, and a source waits at most until a worker of another ends or
 * gives way.
 */
export interface Seat {
  readonly holder: string;
  readonly sourceId: number;
  /** 0: waits. */
  readonly connections: number;
  /** Epoch milliseconds. */
  readonly askedAt: number;
}

export interface SeatLimits {
  /** Of all workers of the store together. */
  readonly budget: number;
  /** With fewer a worker cannot work. */
  readonly fewest: number;
  /** More are of no use to one worker. */
  readonly most: number;
}

/** How many connections `holder`, who waits in `seats`, gets now; 0: it goes on waiting. */
export function grantTo(holder: string, seats: readonly Seat[], limits: SeatLimits): number {
  const { budget, fewest, most } = limits;
  const queue = inLine(seats);
  const place = queue.findIndex((seat) => seat.holder === holder);
  const free = budget - total(seats) - place * fewest;
  if (place < 0 || free < fewest) return 0;
  const behind = queue.length - place - 1;
  return Math.min(most, Math.max(fewest, free - behind * fewest));
}

/**
 * Whether `holder` is the one to give way: a source waits that has nothing, and another has so much that it would
 * still have some without. The newest worker of the source that has most goes, one at a time.
 */
export function mustGiveWay(holder: string, seats: readonly Seat[], { budget, fewest }: SeatLimits): boolean {
  const sums = sumsBySource(seats);
  const starving = seats.some(
    ({ sourceId, connections }) => connections === 0 && (sums.get(sourceId) ?? 0) === 0,
  );
  if (!starving || budget - total(seats) >= fewest) return false;
  const sumOf = ({ sourceId }: Seat): number => sums.get(sourceId) ?? 0;
  const [chosen] = seats
    .filter((seat) => seat.connections > 0 && sumOf(seat) >= 2 * fewest)
    .toSorted((a, b) => sumOf(b) - sumOf(a) || b.askedAt - a.askedAt || compare(b.holder, a.holder));
  return chosen?.holder === holder;
}

function inLine(seats: readonly Seat[]): readonly Seat[] {
  const sums = sumsBySource(seats);
  const poor = ({ sourceId }: Seat): number => ((sums.get(sourceId) ?? 0) === 0 ? 0 : 1);
  const waiting = seats
    .filter(({ connections }) => connections === 0)
    .toSorted((a, b) => poor(a) - poor(b) || a.askedAt - b.askedAt || compare(a.holder, b.holder));
  // Of the sources that have nothing, one worker each comes first.
  const first = waiting.filter(
    (seat, index) =>
      poor(seat) === 0 && waiting.findIndex(({ sourceId }) => sourceId === seat.sourceId) === index,
  );
  return [...first, ...waiting.filter((seat) => !first.includes(seat))];
}

function sumsBySource(seats: readonly Seat[]): ReadonlyMap<number, number> {
  const sums = new Map<number, number>();
  for (const { sourceId, connections } of seats) {
    sums.set(sourceId, (sums.get(sourceId) ?? 0) + connections);
  }
  return sums;
}

function total(seats: readonly Seat[]): number {
  return seats.reduce((sum, { connections }) => sum + connections, 0);
}

function compare(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
