/**
 * The queue between watches and workers. A key is in at most one of two sets, waiting and processing:
 *
 *     add        ─▶ waiting ── take ─▶ processing ── done ─▶ (gone)
 *     addAfter   ─▶ delayed ── due ─▶ as add
 *     add while processing: remembered as dirty, and waiting again at done
 *
 * So a key added many times while it waits is worked on once; a key added while it is worked on is worked on once more,
 * afterwards; no key is ever worked on twice at a time; and keys are taken in the order in which they came.
 */

import type { Clock } from '../../lib/clock.ts';
import { backoffMs } from '../../lib/retry.ts';
import { DelayedKeys } from './delayed-keys.ts';
import type { RuntimeMetrics } from './runtime-metrics.ts';

export interface WorkQueue {
  /** How many keys wait for a worker. */
  readonly length: number;
  add(key: string): void;
  /** Added once that time is over; of several such times of a key the earliest counts. No time: as `add`. */
  addAfter(key: string, ms: number): void;
  /**
   * After a failure: added after a back-off of the key's own, which grows with each failure until `forget`.
   * Gives the wait in milliseconds.
   *
   * @param atLeastMs the other side asked for so much patience; granted up to the longest back-off
   */
  addAfterFailure(key: string, atLeastMs?: number): number;
  /** The key's failures are over. */
  forget(key: string): void;
  /** How often the key has failed in a row. */
  failuresOf(key: string): number;
  /** The next key, to be given back with `done`; undefined once the queue is shut down. */
  take(): Promise<string | undefined>;
  done(key: string): void;
  /** Nothing is added or taken any more; what waits is dropped. Resolves when nothing is processed any more. */
  shutDown(): Promise<void>;
}

export interface WorkQueueOptions {
  /** In the metrics. */
  readonly name: string;
  /** Bounds of the back-off of a key. Default 500 ms and 15 min. */
  readonly backoff?: { readonly baseMs: number; readonly capMs: number };
}

export interface WorkQueueDeps {
  readonly clock: Clock;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  readonly metrics: RuntimeMetrics;
}

export function createWorkQueue(options: WorkQueueOptions, deps: WorkQueueDeps): WorkQueue {
  return new KeyQueue(options, deps);
}

const defaultBackoff = { baseMs: 500, capMs: 15 * 60_000 };
/** Those whom a server told to wait equally long should not come back at one time. */
const SPREAD = 0.2;

class KeyQueue implements WorkQueue {
  readonly #deps: WorkQueueDeps;
  readonly #label: { readonly name: string };
  readonly #backoff: { readonly baseMs: number; readonly capMs: number };
  /** With the time since which each key waits, in the order in which they came. */
  readonly #waiting = new Map<string, number>();
  /** With the time since which each is worked on. */
  readonly #processing = new Map<string, number>();
  /** Of those being processed, the ones to be processed again. */
  readonly #dirty = new Set<string>();
  readonly #delayed = new DelayedKeys();
  readonly #failures = new Map<string, number>();
  readonly #idleWorkers: ((key: string | undefined) => void)[] = [];
  readonly #drained = Promise.withResolvers<void>();
  readonly #stopCollecting: () => void;
  #timer = new AbortController();
  #isShutDown = false;

  constructor(options: WorkQueueOptions, deps: WorkQueueDeps) {
    this.#deps = deps;
    this.#label = { name: options.name };
    this.#backoff = options.backoff ?? defaultBackoff;
    deps.metrics.queueDepth.set(this.#label, 0);
    this.#stopCollecting = deps.metrics.beforeRender(() => this.#collect());
  }

  get length(): number {
    return this.#waiting.size;
  }

  add(key: string): void {
    if (this.#isShutDown) return;
    const known = this.#processing.has(key) ? this.#dirty : this.#waiting;
    if (known.has(key)) return;
    this.#deps.metrics.queueAdds.inc(this.#label);
    if (this.#processing.has(key)) this.#dirty.add(key);
    else this.#wait(key);
  }

  addAfter(key: string, ms: number): void {
    if (this.#isShutDown) return;
    if (ms <= 0) this.add(key);
    else if (this.#delayed.add(key, this.#deps.clock.monotonic() + ms)) this.#setTimer();
  }

  addAfterFailure(key: string, atLeastMs = 0): number {
    const failures = this.failuresOf(key) + 1;
    this.#failures.set(key, failures);
    const asked = Math.min(atLeastMs, this.#backoff.capMs) * (1 + SPREAD * this.#deps.random());
    const ms = Math.max(asked, backoffMs(failures, this.#backoff, this.#deps.random));
    this.#deps.metrics.queueRetries.inc(this.#label);
    this.addAfter(key, ms);
    return ms;
  }

  forget(key: string): void {
    this.#failures.delete(key);
  }

  failuresOf(key: string): number {
    return this.#failures.get(key) ?? 0;
  }

  take(): Promise<string | undefined> {
    if (this.#isShutDown) return Promise.resolve(undefined);
    const { promise, resolve } = Promise.withResolvers<string | undefined>();
    this.#idleWorkers.push(resolve);
    this.#handOut();
    return promise;
  }

  done(key: string): void {
    const begunAt = this.#processing.get(key);
    if (begunAt === undefined) return;
    this.#processing.delete(key);
    this.#deps.metrics.queueWorkSeconds.observe(this.#label, this.#secondsSince(begunAt));
    if (this.#dirty.delete(key) && !this.#isShutDown) this.#wait(key);
    if (this.#isShutDown && this.#processing.size === 0) this.#drained.resolve();
  }

  shutDown(): Promise<void> {
    this.#isShutDown = true;
    this.#timer.abort();
    this.#stopCollecting();
    this.#waiting.clear();
    this.#delayed.clear();
    this.#deps.metrics.queueDepth.set(this.#label, 0);
    for (const resolve of this.#idleWorkers.splice(0)) resolve(undefined);
    if (this.#processing.size === 0) this.#drained.resolve();
    return this.#drained.promise;
  }

  #wait(key: string): void {
    this.#waiting.set(key, this.#deps.clock.monotonic());
    this.#handOut();
  }

  #handOut(): void {
    for (const [key, since] of this.#waiting) {
      const resolve = this.#idleWorkers.shift();
      if (resolve === undefined) break;
      this.#waiting.delete(key);
      this.#processing.set(key, this.#deps.clock.monotonic());
      this.#deps.metrics.queueWaitSeconds.observe(this.#label, this.#secondsSince(since));
      resolve(key);
    }
    this.#deps.metrics.queueDepth.set(this.#label, this.#waiting.size);
  }

  /** One timer, for the delayed key that is due first. */
  #setTimer(): void {
    this.#timer.abort();
    const nextAt = this.#delayed.nextAt();
    if (nextAt === undefined) return;
    this.#timer = new AbortController();
    const { clock } = this.#deps;
    clock.sleep(Math.max(0, nextAt - clock.monotonic()), this.#timer.signal).then(
      () => {
        for (const key of this.#delayed.takeDue(clock.monotonic())) this.add(key);
        this.#setTimer();
      },
      () => {},
    );
  }

  #collect(): void {
    const seconds = [...this.#processing.values()].map((since) => this.#secondsSince(since));
    this.#deps.metrics.queueUnfinishedSeconds.set(
      this.#label,
      seconds.reduce((sum, each) => sum + each, 0),
    );
    this.#deps.metrics.queueLongestSeconds.set(this.#label, Math.max(0, ...seconds));
  }

  #secondsSince(monotonicMs: number): number {
    return (this.#deps.clock.monotonic() - monotonicMs) / 1000;
  }
}
