import type { Clock } from '../../lib/clock.ts';

export interface Deadline {
  readonly ms: number;
  /** Asked when the time is up: so many milliseconds are added; 0 or less: none. */
  readonly more?: () => number;
  readonly clock: Pick<Clock, 'sleep'>;
  readonly signal?: AbortSignal | undefined;
  /** What is thrown, and given to the work as its signal's reason, when the time is up. */
  readonly error: () => Error;
}

/**
 * Runs `work` with a signal that is aborted when the time is up or the outer signal is. Does not leave work behind:
 * it waits until the work has ended, so a work that ignores its signal is late, but never runs twice.
 */
export async function withDeadline<T>(
  deadline: Deadline,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const { signal } = deadline;
  signal?.throwIfAborted();
  const limited = new AbortController();
  const finished = new AbortController();
  const abort = (): void => limited.abort(signal?.reason);
  signal?.addEventListener('abort', abort, { once: true });
  timeUp(deadline, finished.signal).then(
    () => limited.abort(deadline.error()),
    () => {},
  );
  try {
    return await work(limited.signal);
  } catch (error) {
    throw limited.signal.aborted ? limited.signal.reason : error;
  } finally {
    signal?.removeEventListener('abort', abort);
    finished.abort();
  }
}

async function timeUp({ ms, more, clock }: Deadline, finished: AbortSignal): Promise<void> {
  await clock.sleep(ms, finished);
  for (let added = more?.() ?? 0; added > 0; added = more?.() ?? 0) await clock.sleep(added, finished);
}

/** What the promise gives, or the signal's reason as soon as it is aborted; whatever the promise is of goes on. */
export async function orAbort<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return promise;
  signal.throwIfAborted();
  const aborted = Promise.withResolvers<never>();
  const abort = (): void => aborted.reject(signal.reason);
  signal.addEventListener('abort', abort, { once: true });
  try {
    return await Promise.race([promise, aborted.promise]);
  } finally {
    signal.removeEventListener('abort', abort);
  }
}

/** Waits for the work, but no longer than `ms`; whatever it is goes on. False: it has not ended. */
export async function endsWithin(
  ms: number,
  clock: Pick<Clock, 'sleep'>,
  work: Promise<unknown>,
): Promise<boolean> {
  const ended = new AbortController();
  const late = clock.sleep(ms, ended.signal).then(
    () => false,
    () => true,
  );
  const inTime = work.then(() => true);
  try {
    return await Promise.race([inTime, late]);
  } finally {
    ended.abort();
  }
}
