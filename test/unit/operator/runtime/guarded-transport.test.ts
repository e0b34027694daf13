import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { TransientError } from '../../../../lib/errors.ts';
import { guardWrites } from '../../../../operator/runtime/guarded-transport.ts';
import { LEADERSHIP_LOST } from '../../../../operator/runtime/leader-elector.ts';
import type { ApiRequest, ApiTransport } from '../../../../operator/runtime/transport.ts';
import { createManualClock } from '../../../support/manual-clock.ts';

const write: ApiRequest = { method: 'PATCH', path: '/api/v1/namespaces/acme/configmaps/web', body: {} };
const lostLease = (error: unknown) => error instanceof TransientError && error.reason === LEADERSHIP_LOST;

/** A leader whose lease is renewed by `renew`, before a server that answers `answerMs` later. */
function openWorld(answerMs: number) {
  const clock = createManualClock();
  let heldUntil = 0;
  const asked: string[] = [];
  const inner: ApiTransport = {
    request: async ({ method, signal }) => {
      asked.push(method);
      await clock.sleep(answerMs, signal);
      return { status: 200, headers: {}, body: {} };
    },
    stream: () => Promise.reject(new Error('no watches here')),
  };
  const remainingMs = () => heldUntil - clock.monotonic();
  return {
    clock,
    asked,
    renew: () => (heldUntil = clock.monotonic() + 10_000),
    transport: guardWrites(inner, { remainingMs, clock }),
  };
}

suite('writes of a leader', () => {
  test('are not even begun by one whose lease has ended, who may still read', async () => {
    const { transport, clock, asked } = openWorld(0);
    await assert.rejects(transport.request(write), lostLease);
    const reading = transport.request({ ...write, method: 'GET' });
    await clock.advance(1);
    assert.equal((await reading).status, 200);
    assert.deepEqual(asked, ['GET']);
  });

  test('are given up when the lease ends before the answer comes', async () => {
    const { transport, clock, renew } = openWorld(25_000);
    renew();
    const given = assert.rejects(transport.request(write), lostLease);
    await clock.advance(10_000);
    await given;
    assert.equal(clock.sleepers, 0);
  });

  test('are waited for beyond the end that the lease had when they began, while it is renewed', async () => {
    const { transport, clock, renew } = openWorld(25_000);
    renew();
    const answer = transport.request(write);
    for (let passed = 0; passed < 25_000; passed += 5_000) {
      await clock.advance(5_000);
      renew();
    }
    assert.equal((await answer).status, 200);
    assert.equal(clock.sleepers, 0);
  });
});
