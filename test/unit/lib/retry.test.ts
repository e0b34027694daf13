import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Clock } from '../../../lib/clock.ts';
import { TerminalError, TransientError } from '../../../lib/errors.ts';
import { backoffMs, parseRetryAfter, withRetry } from '../../../lib/retry.ts';
import type { RetryDeps, RetryPolicy } from '../../../lib/retry.ts';

const policy: RetryPolicy = { attempts: 4, baseMs: 100, capMs: 1000 };
const never = new AbortController().signal;

/** A clock that jumps to the end of each sleep and keeps the waits. */
function jumpingClock(): Clock & { readonly waits: number[] } {
  let now = 0;
  const waits: number[] = [];
  return {
    waits,
    now: () => now,
    monotonic: () => now,
    sleep: (ms, signal) => {
      signal?.throwIfAborted();
      now += ms;
      waits.push(ms);
      return Promise.resolve();
    },
  };
}

function depsWith(clock: Clock, random = 0.5): RetryDeps {
  return { clock, random: () => random };
}

/** Throws the given errors in turn, then answers. */
function failing(...errors: readonly unknown[]) {
  const left = [...errors];
  let calls = 0;
  const call = (): Promise<string> => {
    calls += 1;
    return left.length > 0 ? Promise.reject(left.shift()) : Promise.resolve('answer');
  };
  return { call, calls: () => calls };
}

function transient(retryAfterMs?: number): TransientError {
  return new TransientError({ reason: 'Busy', message: 'busy', ...(retryAfterMs ? { retryAfterMs } : {}) });
}

test('a call that fails for a while is tried again, with waits that double up to the cap', async () => {
  const clock = jumpingClock();
  const given = failing(transient(), new Error('unknown'), transient(), transient(), transient());
  const answer = await withRetry(given.call, { ...policy, attempts: 6, capMs: 500 }, depsWith(clock), never);
  assert.equal(answer, 'answer');
  assert.deepEqual(clock.waits, [50, 100, 200, 250, 250]);
});

test('a terminal error is thrown at once, without a second call', async () => {
  const error = new TerminalError({ reason: 'Denied', message: 'denied' });
  const given = failing(error);
  await assert.rejects(withRetry(given.call, policy, depsWith(jumpingClock()), never), error);
  assert.equal(given.calls(), 1);
});

test('when the attempts are spent, the last error is thrown as it came', async () => {
  const last = transient();
  const given = failing(transient(), transient(), transient(), last);
  await assert.rejects(
    withRetry(given.call, policy, depsWith(jumpingClock()), never),
    (error) => error === last,
  );
  assert.equal(given.calls(), 4);
});

test('a wait that the other side asked for is honoured above the cap, and the draw comes on top', async () => {
  const clock = jumpingClock();
  await withRetry(failing(transient(7000)).call, policy, depsWith(clock), never);
  assert.deepEqual(clock.waits, [7050]);
});

test('a wait that would outlast the patience is not begun', async () => {
  const clock = jumpingClock();
  const given = failing(transient(), transient(7000));
  await assert.rejects(
    withRetry(given.call, { ...policy, patienceMs: 5000 }, depsWith(clock), never),
    /busy/,
  );
  assert.deepEqual(clock.waits, [50]);
});

test('each wait is told with its error before it begins', async () => {
  const told: unknown[] = [];
  const error = transient();
  const deps: RetryDeps = {
    ...depsWith(jumpingClock()),
    onRetry: (...args) => told.push(args),
  };
  await withRetry(failing(error).call, policy, deps, never);
  assert.deepEqual(told, [[error, 1, 50]]);
});

test('an abort ends the trying: during a call, during a wait, and before the first call', async () => {
  const reason = new Error('stopping');
  const during = new AbortController();
  const failsOnAbort = () => {
    during.abort(reason);
    return Promise.reject(transient());
  };
  await assert.rejects(withRetry(failsOnAbort, policy, depsWith(jumpingClock()), during.signal), reason);

  const waiting = new AbortController();
  const clock: Clock = {
    ...jumpingClock(),
    sleep: (_ms, signal) => {
      waiting.abort(reason);
      return Promise.reject(signal?.reason as Error);
    },
  };
  await assert.rejects(withRetry(failing(transient()).call, policy, depsWith(clock), waiting.signal), reason);

  const given = failing();
  const aborted = AbortSignal.abort(reason);
  await assert.rejects(withRetry(given.call, policy, depsWith(jumpingClock()), aborted), reason);
  assert.equal(given.calls(), 0);
});

test('law: a back-off is never negative, never above the cap, never above the doubled base', () => {
  const unit = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 2000 }), unit, (failures, drawn) => {
      const wait = backoffMs(failures, policy, () => drawn);
      assert.ok(wait >= 0 && wait <= policy.capMs && wait <= policy.baseMs * 2 ** (failures - 1));
    }),
  );
});

test('law: however the calls fail, there are at most as many as the policy allows', async () => {
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 1, max: 9 }), fc.nat({ max: 12 }), async (attempts, failures) => {
      const given = failing(...Array.from({ length: failures }, () => transient()));
      const outcome = withRetry(given.call, { ...policy, attempts }, depsWith(jumpingClock()), never);
      await (failures < attempts ? outcome : assert.rejects(outcome));
      assert.equal(given.calls(), Math.min(attempts, failures + 1));
    }),
  );
});

test('a Retry-After header is read as seconds or as a date, and else not at all', () => {
  const now = Date.parse('2026-11-23T10:00:00Z');
  const cases: readonly (readonly [header: string | undefined, ms: number | undefined])[] = [
    [undefined, undefined],
    ['0', 0],
    [' 120 ', 120_000],
    ['1.5', 1500],
    ['Mon, 23 Nov 2026 10:00:30 GMT', 30_000],
    ['Mon, 23 Nov 2026 09:00:00 GMT', 0],
    ['-5', undefined],
    ['soon', undefined],
    ['', undefined],
  ];
  for (const [header, ms] of cases) assert.equal(parseRetryAfter(header, now), ms, header);
});
