import assert from 'node:assert/strict';
import { test } from 'node:test';
import { systemClock } from '../../../lib/clock.ts';

test('an aborted sleep rejects with the very reason of the signal', async () => {
  const reason = new Error('stopping');
  const stop = new AbortController();
  const sleeping = systemClock.sleep(60_000, stop.signal);
  stop.abort(reason);
  await assert.rejects(sleeping, (error) => error === reason);
  await assert.rejects(systemClock.sleep(0, AbortSignal.abort(reason)), (error) => error === reason);
});

test('a sleep lasts at least its time on the clock that never steps back', async () => {
  const begun = systemClock.monotonic();
  await systemClock.sleep(20);
  // Node's timers count whole milliseconds and may fire within the last one.
  assert.ok(systemClock.monotonic() - begun >= 19);
});
