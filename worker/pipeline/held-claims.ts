import type { Clock } from '../../lib/clock.ts';
import type { Logger } from '../../lib/log.ts';
import type { Claim, Claims } from '../../lib/store/types.ts';

/** A lease outlives two missed heartbeats. */
export const leaseMs = 60_000;
const heartbeatMs = 15_000;

export interface HeldClaimsDeps {
  readonly claims: Pick<Claims, 'renew' | 'release'>;
  readonly clock: Clock;
  readonly log: Logger;
}

/** The claims of a worker while it works on them, kept alive by a heartbeat. */
export class HeldClaims {
  readonly #deps: HeldClaimsDeps;
  readonly #held = new Map<string, { readonly claim: Claim; readonly lost: AbortController }>();

  constructor(deps: HeldClaimsDeps) {
    this.#deps = deps;
  }

  /** The signal is aborted when the claim is lost: another worker has the file then. */
  hold(claim: Claim): AbortSignal {
    const lost = new AbortController();
    this.#held.set(claim.token, { claim, lost });
    return lost.signal;
  }

  /** The file is settled: imported, failed, or lost. */
  settle(claim: Claim): void {
    this.#held.delete(claim.token);
  }

  /** Renews until the signal is aborted. A store that does not answer is asked again at the next beat. */
  async beat(signal: AbortSignal): Promise<void> {
    const { clock, log } = this.#deps;
    while (!signal.aborted) {
      await clock.sleep(heartbeatMs, signal).catch(() => {});
      if (signal.aborted) return;
      await this.#renew().catch((error: unknown) => log.warn('Claims could not be renewed', { error }));
    }
  }

  /** Gives back what is still held, so that others need not wait for the deadline. */
  async release(): Promise<void> {
    const claims = [...this.#held.values()].map(({ claim }) => claim);
    this.#held.clear();
    if (claims.length > 0) await this.#deps.claims.release(claims);
  }

  async #renew(): Promise<void> {
    const claims = [...this.#held.values()].map(({ claim }) => claim);
    if (claims.length === 0) return;
    for (const claim of await this.#deps.claims.renew(claims, leaseMs)) {
      this.#held.get(claim.token)?.lost.abort(new Error('the claim is lost'));
      this.#held.delete(claim.token);
    }
  }
}
