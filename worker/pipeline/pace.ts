import type { Clock } from '../../lib/clock.ts';
import type { RateBucket, Rates } from '../../lib/store/sharing/rates.ts';

/** How fast a worker may go on, among all those that share its limits. */
export interface Pace {
  /**
   * Waits until `tokens` may be used. Answers until when they may, as the store is to check it; undefined: there is
   * no limit. `late` counts the answers of this piece of work that came too late to be of use.
   */
  take(
    tokens: number,
    use: { readonly late: number; readonly signal: AbortSignal },
  ): Promise<string | undefined>;
  /** Tokens a second, of the tightest limit; Infinity: there is none. */
  readonly perSecond: number;
}

export const unlimited: Pace = { take: () => Promise.resolve(undefined), perSecond: Infinity };

export interface PaceDeps {
  readonly rates: Rates;
  readonly clock: Clock;
}

export function createPace(buckets: readonly RateBucket[], deps: PaceDeps): Pace {
  return buckets.length === 0 ? unlimited : new SharedPace(buckets, deps);
}

/**
 * From the begin of a reservation to the commit of what it is for. By so much may a moment's use be off the rate;
 * work that takes longer is given twice the time with each try.
 */
const validMs = 2_000;

/** What is reserved ahead of need is at most so much of a second's: more would be missing to others. */
const aheadSeconds = 0.05;

/** Lanes of a worker reserve one after the other, and small ones together: as much ahead as the last chunk was used. */
class SharedPace implements Pace {
  readonly perSecond: number;
  readonly #buckets: readonly RateBucket[];
  readonly #deps: PaceDeps;
  #turn: Promise<unknown> = Promise.resolve();
  #left = 0;
  #used = 0;
  #usableUntil = -Infinity;
  #validUntil: string | undefined;

  constructor(buckets: readonly RateBucket[], deps: PaceDeps) {
    this.#buckets = buckets;
    this.#deps = deps;
    this.perSecond = Math.min(...buckets.map(({ perSecond }) => perSecond));
  }

  async take(
    tokens: number,
    use: { readonly late: number; readonly signal: AbortSignal },
  ): Promise<string | undefined> {
    if (tokens === 0) return undefined;
    const taken = this.#turn.then(() => this.#take(tokens, use));
    this.#turn = taken.catch(() => {});
    return await taken;
  }

  async #take(
    tokens: number,
    { late, signal }: { readonly late: number; readonly signal: AbortSignal },
  ): Promise<string | undefined> {
    signal.throwIfAborted();
    const isUsable = this.#left >= tokens && this.#deps.clock.monotonic() < this.#usableUntil;
    if (late > 0 || !isUsable) await this.#reserve(tokens, validMs * 2 ** late, signal);
    this.#left -= tokens;
    this.#used += tokens;
    return this.#validUntil;
  }

  async #reserve(tokens: number, forMs: number, signal: AbortSignal): Promise<void> {
    const { rates, clock } = this.#deps;
    const ahead = Math.min(2 * this.#used, Math.floor(this.perSecond * aheadSeconds));
    const request = { buckets: this.#buckets, tokens: Math.max(tokens, ahead), validMs: forMs };
    this.#left = 0;
    this.#used = 0;
    for (;;) {
      const reserved = await rates.reserve(request);
      if (reserved.kind === 'later') {
        await clock.sleep(reserved.retryInMs, signal);
        continue;
      }
      this.#left = request.tokens;
      this.#validUntil = reserved.validUntil;
      // The other half of the time is for the work itself.
      this.#usableUntil = clock.monotonic() + reserved.startsInMs + forMs / 2;
      if (reserved.startsInMs > 0) await clock.sleep(reserved.startsInMs, signal);
      return;
    }
  }
}
