import type { Clock } from '../../lib/clock.ts';
import { TransientError } from '../../lib/errors.ts';
import { backoffMs } from '../../lib/retry.ts';
import { apiReasons, refusesFields, retryAfterOf } from './api-error.ts';
import { patchContentTypes, type ApiRequest, type ApiResponse, type ApiTransport } from './transport.ts';

export interface RetryingTransportDeps {
  readonly clock: Clock;
  /** Uniform in [0, 1). */
  readonly random: () => number;
}

const ATTEMPTS = 4;
const BACKOFF = { baseMs: 200, capMs: 5_000 };
/** A server that asks for more patience gets it from the work queue, not from a call that holds a worker. */
const MAX_WAIT_MS = 10_000;

/** Bridges blips: repeats a call that the server was too busy for, or that may be repeated without a second effect. */
export function createRetryingTransport(inner: ApiTransport, deps: RetryingTransportDeps): ApiTransport {
  return {
    stream: (request) => inner.stream(request),
    async request(request) {
      for (let failures = 1; ; failures += 1) {
        const outcome = await tryOnce(inner, request);
        const waitMs = waitAfter(request, outcome, failures, deps);
        if (waitMs === undefined) return unwrap(outcome);
        await deps.clock.sleep(waitMs, request.signal);
      }
    },
  };
}

type Outcome = { readonly answer: ApiResponse } | { readonly error: unknown };

async function tryOnce(inner: ApiTransport, request: ApiRequest): Promise<Outcome> {
  try {
    return { answer: await inner.request(request) };
  } catch (error) {
    request.signal?.throwIfAborted();
    return { error };
  }
}

function unwrap(outcome: Outcome): ApiResponse {
  if ('answer' in outcome) return outcome.answer;
  throw outcome.error;
}

function waitAfter(
  request: ApiRequest,
  outcome: Outcome,
  failures: number,
  deps: RetryingTransportDeps,
): number | undefined {
  if (failures >= ATTEMPTS || !mayRepeat(request, outcome)) return undefined;
  const asked = 'answer' in outcome ? retryAfterOf(outcome.answer, deps.clock.now()) : undefined;
  const waitMs = (asked ?? 0) + backoffMs(failures, BACKOFF, deps.random);
  return waitMs > MAX_WAIT_MS ? undefined : waitMs;
}

function mayRepeat(request: ApiRequest, outcome: Outcome): boolean {
  if ('error' in outcome) return isNoAnswer(outcome.error) && isIdempotent(request);
  // Refused by flow control before it was looked at.
  if (outcome.answer.status === 429) return true;
  const { status } = outcome.answer;
  return status >= 500 && status !== 501 && !refusesFields(outcome.answer) && isIdempotent(request);
}

/** Not so an abort, credentials that cannot be had, or a guard that forbids the call. */
function isNoAnswer(error: unknown): boolean {
  return error instanceof TransientError && error.reason === apiReasons.unavailable;
}

/**
 * A repeated apply or delete ends in the same state. A PUT does not: if the first one came through, the second is
 * a conflict with oneself; a POST would find the name taken. Those are for the caller to judge.
 */
function isIdempotent(request: ApiRequest): boolean {
  if (request.method === 'PATCH') return request.headers?.['content-type'] === patchContentTypes.apply;
  return request.method === 'GET' || request.method === 'DELETE';
}
