/**
 * One of several replicas leads: whoever holds a Lease.
 *
 *     candidate ── lease free, given back or not renewed for its duration ──▶ leading
 *         ▲                                                                      │
 *         │                 could not renew in time, or another holds it: lost ──┤
 *         └────────────────────── (the process should end) ◀────────────────────┘
 *                                      asked to stop: lets the work end, still renewing, then gives the lease back
 *
 * Clocks are never compared: whether another's lease is alive is judged by how long ago, on this process's monotonic
 * clock, its resourceVersion was last seen to change. And the own lease counts from the moment before the renewal was
 * sent, so that this side always gives up before another one may begin.
 *
 * A process that sleeps (a stopped event loop, a frozen virtual machine) notices late that it lost. `remainingMs` tells
 * it at once; writers ask before they write (`guardWrites`), and the data store has a fence of its own.
 */

import type { Clock } from '../../lib/clock.ts';
import { TransientError } from '../../lib/errors.ts';
import type { Logger } from '../../lib/log.ts';
import type { ApiClient, CallOptions } from './api-client.ts';
import { isAlreadyExists, isConflict, isNotFound } from './api-error.ts';
import { claimLease, leaseType, releaseLease, type Lease } from './leader-lease.ts';
import type { ObjectKey } from './objects.ts';
import type { RuntimeMetrics } from './runtime-metrics.ts';

export interface LeaderElectorOptions {
  /** The Lease; its name is the label of the metric too. */
  readonly key: ObjectKey;
  /** Another one in each process ever started: host name and something random. */
  readonly identity: string;
  /** How long others leave a lease alone that is not renewed. Default 15 s. */
  readonly leaseDurationMs?: number;
  /** How long to try to renew before giving up; must be well below the duration. Default 10 s. */
  readonly renewDeadlineMs?: number;
  /** Between tries. Default 2 s. */
  readonly retryPeriodMs?: number;
}

export interface LeaderElectorDeps {
  /** Over a transport that does not repeat calls: the elector does so itself. */
  readonly client: Pick<ApiClient, 'get' | 'create' | 'replace'>;
  readonly clock: Clock;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  readonly log: Logger;
  readonly metrics: Pick<RuntimeMetrics, 'leader'>;
}

/** What the leader has in hand. */
export interface Leadership {
  /** Aborted when the lease is lost, with a TransientError, or when the process is asked to stop. */
  readonly signal: AbortSignal;
  /** Milliseconds in which nobody else can become leader; 0 or less: it is over, even if the signal does not know yet. */
  remainingMs(): number;
}

export interface LeaderElector {
  readonly isLeader: boolean;
  /** The identity of whoever was last seen to lead; empty if nobody. */
  readonly leader: string;
  /**
   * Waits for the lease, then runs `lead` under it. Resolves when asked to stop, with the work ended and the lease given
   * back: `stopped`; or when the lease was lost and the work has ended: `lost`; or when `lead` returned: `stopped`.
   */
  run(lead: (leadership: Leadership) => Promise<void>, signal: AbortSignal): Promise<'stopped' | 'lost'>;
}

export const LEADERSHIP_LOST = 'LeadershipLost';

/** For each of the calls that give the lease back: with a server that hangs, the process ends without. */
const RELEASE_DEADLINE_MS = 3_000;

export function createLeaderElector(options: LeaderElectorOptions, deps: LeaderElectorDeps): LeaderElector {
  return new LeaseElector(options, deps);
}

class LeaseElector implements LeaderElector {
  readonly #options: Required<LeaderElectorOptions>;
  readonly #deps: LeaderElectorDeps;
  /** As last read or written. */
  #lease: Lease | undefined;
  /** When `#lease` was first seen in this version, on the monotonic clock. */
  #seenAt = 0;
  /** Until when, on the monotonic clock, the lease is this process's. */
  #heldUntil = -Infinity;

  constructor(options: LeaderElectorOptions, deps: LeaderElectorDeps) {
    this.#options = { leaseDurationMs: 15_000, renewDeadlineMs: 10_000, retryPeriodMs: 2_000, ...options };
    this.#deps = deps;
    const { leaseDurationMs, renewDeadlineMs, retryPeriodMs } = this.#options;
    if (!(retryPeriodMs < renewDeadlineMs && renewDeadlineMs < leaseDurationMs)) {
      throw new RangeError(
        `leader election needs retryPeriodMs < renewDeadlineMs < leaseDurationMs, got ${retryPeriodMs}, ${renewDeadlineMs}, ${leaseDurationMs}`,
      );
    }
    this.#setMetric(0);
  }

  get isLeader(): boolean {
    return this.#remainingMs() > 0;
  }

  get leader(): string {
    return this.#lease?.spec?.holderIdentity ?? '';
  }

  async run(
    lead: (leadership: Leadership) => Promise<void>,
    signal: AbortSignal,
  ): Promise<'stopped' | 'lost'> {
    if (!(await this.#acquire(signal))) return 'stopped';
    const { identity, key } = this.#options;
    this.#deps.log.info('leading', { identity, lease: key.name });
    this.#setMetric(1);
    const leading = new AbortController();
    const stop = (): void => leading.abort(signal.reason);
    signal.addEventListener('abort', stop, { once: true });
    if (signal.aborted) stop();
    const renewing = new AbortController();
    const renewal = this.#renew(leading, renewing.signal);
    let outcome: 'stopped' | 'lost';
    try {
      await lead({ signal: leading.signal, remainingMs: () => this.#remainingMs() });
    } catch (error) {
      if (!leading.signal.aborted) throw error;
    } finally {
      signal.removeEventListener('abort', stop);
      renewing.abort();
      await renewal;
      outcome = await this.#release();
    }
    return outcome;
  }

  /** False: asked to stop before. */
  async #acquire(signal: AbortSignal): Promise<boolean> {
    let known = '';
    while (!signal.aborted) {
      if (await this.#try(signal)) return true;
      if (this.leader !== known) {
        known = this.leader;
        this.#deps.log.info('waiting for the lease', { holder: known, lease: this.#options.key.name });
      }
      await this.#pause(signal);
    }
    return false;
  }

  /** Until `signal`, which ends it in peace, or until the lease is lost, which aborts `leading`. */
  async #renew(leading: AbortController, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.#pause(signal);
      if (signal.aborted) return;
      await this.#try(signal);
      if (signal.aborted) return;
      if (this.#remainingMs() > 0) continue;
      this.#setMetric(0);
      const error = this.#lost();
      this.#deps.log.error('lost the lease', { error });
      leading.abort(error);
      return;
    }
  }

  /** One try to acquire or renew; false if it failed for whatever cause. */
  async #try(signal: AbortSignal): Promise<boolean> {
    const { clock, log } = this.#deps;
    const begunAt = clock.monotonic();
    // A call that hangs must leave time for another one.
    const halfDeadlineMs = this.#options.renewDeadlineMs / 2;
    const deadlineMs = this.isLeader
      ? Math.min(halfDeadlineMs, Math.max(1, this.#remainingMs()))
      : halfDeadlineMs;
    try {
      const claimed = await this.#claim({ signal, deadlineMs });
      if (claimed) this.#heldUntil = begunAt + this.#options.renewDeadlineMs;
      return claimed;
    } catch (error) {
      if (!signal.aborted) log.warn('lease not reached', { error, lease: this.#options.key.name });
      return false;
    }
  }

  async #claim(call: CallOptions): Promise<boolean> {
    const { clock, client } = this.#deps;
    const { identity, key, leaseDurationMs } = this.#options;
    const claim = { key, identity, leaseDurationMs, nowMs: clock.now() };
    // The holder knows the version that it wrote; only if that is refused does it have to read.
    if (!this.isLeader) await this.#read(call);
    if (!this.#isFree()) return false;
    try {
      const wanted = claimLease(this.#lease, claim);
      const write = this.#lease === undefined ? client.create.bind(client) : client.replace.bind(client);
      this.#see(await write<Lease>(leaseType, wanted, call));
      return true;
    } catch (error) {
      if (!isConflict(error) && !isAlreadyExists(error) && !isNotFound(error)) throw error;
      return this.#judgeRefusal(call);
    }
  }

  /** Somebody else wrote first; or it was this process's own earlier write, whose answer got lost. */
  async #judgeRefusal(call: CallOptions): Promise<boolean> {
    const wasLeader = this.isLeader;
    await this.#read(call);
    const holder = this.leader;
    if (wasLeader && holder !== '' && holder !== this.#options.identity) this.#heldUntil = -Infinity;
    return false;
  }

  async #read(call: CallOptions): Promise<void> {
    try {
      this.#see(await this.#deps.client.get<Lease>(leaseType, this.#options.key, call));
    } catch (error) {
      if (!isNotFound(error)) throw error;
      this.#lease = undefined;
    }
  }

  #see(lease: Lease): void {
    const known = this.#lease?.metadata;
    const isNew =
      known?.uid !== lease.metadata.uid || known?.resourceVersion !== lease.metadata.resourceVersion;
    this.#lease = lease;
    if (isNew) this.#seenAt = this.#deps.clock.monotonic();
  }

  #isFree(): boolean {
    const spec = this.#lease?.spec;
    const holder = spec?.holderIdentity ?? '';
    if (holder === '' || holder === this.#options.identity) return true;
    // Whichever is longer of what the holder promised and what this release would.
    const durationMs = Math.max((spec?.leaseDurationSeconds ?? 0) * 1000, this.#options.leaseDurationMs);
    return this.#deps.clock.monotonic() >= this.#seenAt + durationMs;
  }

  async #release(): Promise<'stopped' | 'lost'> {
    const { clock, client, log } = this.#deps;
    this.#setMetric(0);
    if (!this.isLeader || this.#lease === undefined) return 'lost';
    this.#heldUntil = -Infinity;
    const call = { deadlineMs: RELEASE_DEADLINE_MS };
    const giveBack = (lease: Lease) => client.replace(leaseType, releaseLease(lease, clock.now()), call);
    try {
      await giveBack(this.#lease).catch(async (error: unknown) => {
        if (!isConflict(error)) throw error;
        // The last renewal came through after all, though its answer was not waited for.
        await this.#read(call);
        if (this.#lease !== undefined && this.leader === this.#options.identity) await giveBack(this.#lease);
      });
      log.info('gave the lease back', { lease: this.#options.key.name });
    } catch (error) {
      log.warn('could not give the lease back; the others wait until it has run out', { error });
    }
    return 'stopped';
  }

  #remainingMs(): number {
    return this.#heldUntil - this.#deps.clock.monotonic();
  }

  /** With some spread, so that candidates do not meet again and again. */
  async #pause(signal: AbortSignal): Promise<void> {
    const spread = this.isLeader ? 0 : 0.2 * this.#deps.random();
    const periodMs = this.#options.retryPeriodMs * (1 + spread);
    const ms = this.isLeader ? Math.min(periodMs, Math.max(0, this.#remainingMs())) : periodMs;
    await this.#deps.clock.sleep(ms, signal).catch(() => {});
  }

  #setMetric(value: 0 | 1): void {
    this.#deps.metrics.leader.set({ name: this.#options.key.name }, value);
  }

  #lost(): TransientError {
    const { key, renewDeadlineMs } = this.#options;
    const holder =
      this.leader === this.#options.identity ? '' : `; it is held by ${JSON.stringify(this.leader)}`;
    const message = `the lease ${key.namespace}/${key.name} was not renewed within ${renewDeadlineMs} ms${holder}`;
    return new TransientError({ reason: LEADERSHIP_LOST, message });
  }
}
