import type { Clock } from './clock.ts';
import { TerminalError, TransientError } from './errors.ts';

/** How often and how patiently one call is tried. */
export interface RetryPolicy {
  /** Calls in all, the first included; at least 1. */
  readonly attempts: number;
  /** Upper bound of the wait after the first failure, in milliseconds; it doubles with each further one. */
  readonly baseMs: number;
  /** No wait drawn from the back-off is longer, in milliseconds. */
  readonly capMs: number;
  /** From the first call on, in milliseconds: a wait that would end later is not begun. Absent: no limit. */
  readonly patienceMs?: number;
}

export interface RetryDeps {
  readonly clock: Clock;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  /** Told before each wait: the error, the number of failed calls so far, the wait in milliseconds. */
  readonly onRetry?: (error: unknown, failures: number, waitMs: number) => void;
}

/**
 * Calls `call` until it succeeds, fails for good, or the policy is spent; then throws what was thrown last.
 *
 * It wraps one call, never a sequence, since a sequence would redo what has already happened. A `TerminalError`
 * is thrown at once; a `TransientError` and anything unknown is tried again. Waits are drawn evenly from nothing
 * to the bound ("full jitter"), so that a fleet that failed together does not return together. When the other
 * side has said how long to wait, that time is added below the draw, and is honoured even above `capMs`.
 *
 * When `signal` is aborted, the reason of the signal is thrown; no call begins after that.
 */
export async function withRetry<T>(
  call: (signal: AbortSignal) => Promise<T>,
  policy: RetryPolicy,
  deps: RetryDeps,
  signal: AbortSignal,
): Promise<T> {
  const begun = deps.clock.monotonic();
  for (let failures = 1; ; failures += 1) {
    signal.throwIfAborted();
    try {
      return await call(signal);
    } catch (error) {
      signal.throwIfAborted();
      const waitMs = waitAfter(error, failures, policy, deps.random);
      const spentMs = deps.clock.monotonic() - begun;
      if (waitMs === undefined || spentMs + waitMs > (policy.patienceMs ?? Infinity)) throw error;
      deps.onRetry?.(error, failures, waitMs);
      await deps.clock.sleep(waitMs, signal);
    }
  }
}

function waitAfter(
  error: unknown,
  failures: number,
  policy: RetryPolicy,
  random: () => number,
): number | undefined {
  if (error instanceof TerminalError || failures >= policy.attempts) return undefined;
  const asked = error instanceof TransientError ? (error.retryAfterMs ?? 0) : 0;
  return asked + backoffMs(failures, policy, random);
}

/**
 * The wait after the `failures`-th failure in a row, in milliseconds: even in [0, min(capMs, baseMs · 2^(failures-1))).
 */
export function backoffMs(
  failures: number,
  policy: Pick<RetryPolicy, 'baseMs' | 'capMs'>,
  random: () => number,
): number {
  return random() * Math.min(policy.capMs, policy.baseMs * 2 ** (failures - 1));
}

/**
 * Milliseconds that a `Retry-After` header asks for: seconds, or a date (counted from `nowMs`).
 * Undefined when absent or not readable; never negative.
 */
export function parseRetryAfter(header: string | undefined, nowMs: number): number | undefined {
  if (header === undefined) return undefined;
  const text = header.trim();
  if (/^\d+(\.\d+)?$/.test(text)) return Number(text) * 1000;
  if (!/[a-z]{3}/i.test(text)) return undefined;
  const at = Date.parse(text);
  return Number.isNaN(at) ? undefined : Math.max(0, at - nowMs);
}
