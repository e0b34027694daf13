import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import type { Rates, ReservationRequest } from '../../../../lib/store/sharing/rates.ts';
import { createPace } from '../../../../worker/pipeline/pace.ts';
import { createManualClock } from '../../../support/manual-clock.ts';

/** Grants everything at once, or as the test says. */
function world() {
  const clock = createManualClock(0);
  const asked: ReservationRequest[] = [];
  const answers: Awaited<ReturnType<Rates['reserve']>>[] = [];
  const rates: Rates = {
    reserve: (request) => {
      asked.push(request);
      return Promise.resolve(
        answers.shift() ?? { kind: 'reserved', startsInMs: 0, validUntil: `of ${asked.length}` },
      );
    },
  };
  const pace = createPace([{ scope: 'events', perSecond: 1000 }], { rates, clock });
  const signal = new AbortController().signal;
  const take = (tokens: number, late = 0) => pace.take(tokens, { late, signal });
  return { clock, asked, answers, pace, take };
}

suite('the pace of a worker', () => {
  test('without limits nothing is asked for', async () => {
    const { clock } = world();
    const rates: Rates = { reserve: () => Promise.reject(new Error('asked')) };
    const pace = createPace([], { rates, clock });
    const { signal } = new AbortController();
    assert.equal(await pace.take(5, { late: 0, signal }), undefined);
    assert.equal(pace.perSecond, Infinity);
  });

  test('small pieces of work share reservations, which grow with what was used of the last one', async () => {
    const { take, asked } = world();
    for (let count = 0; count < 30; count += 1) await take(2);
    assert.deepEqual(
      asked.map(({ tokens }) => tokens),
      [2, 4, 8, 16, 32],
    );
  });

  test('never more than a twentieth of a second is reserved ahead, but a large piece as a whole', async () => {
    const { take, asked } = world();
    for (let count = 0; count < 100; count += 1) await take(10);
    await take(700);
    assert.equal(Math.max(...asked.slice(0, -1).map(({ tokens }) => tokens)), 50);
    assert.equal(asked.at(-1)?.tokens, 700);
  });

  test('what was reserved and not used in time is reserved anew, and less of it', async () => {
    const { take, asked, clock } = world();
    for (let count = 0; count < 8; count += 1) await take(2);
    assert.equal(asked.at(-1)?.tokens, 16);
    await clock.advance(1_001);
    await take(2);
    assert.equal(asked.at(-1)?.tokens, 4);
  });

  test('lanes wait for their turn in order, until their tokens may be used', async () => {
    const { take, answers, clock } = world();
    answers.push(
      { kind: 'later', retryInMs: 300 },
      { kind: 'reserved', startsInMs: 200, validUntil: 'first' },
      { kind: 'reserved', startsInMs: 100, validUntil: 'second' },
    );
    const order: string[] = [];
    const lanes = [take(100), take(100)].map((taken) => taken.then((until) => order.push(String(until))));
    await clock.advance(499);
    assert.deepEqual(order, []);
    await clock.advance(1);
    assert.deepEqual(order, ['first']);
    await clock.advance(100);
    assert.deepEqual(order, ['first', 'second']);
    await Promise.all(lanes);
  });

  test('work that came too late reserves anew, for twice the time', async () => {
    const { take, asked } = world();
    await take(1);
    await take(1);
    await take(1, 1);
    await take(1, 2);
    assert.deepEqual(
      asked.map(({ validMs }) => validMs),
      [2_000, 2_000, 4_000, 8_000],
    );
  });

  test('a lane that is stopped while it waits does not hold up the others', async () => {
    const { pace, take, answers, clock } = world();
    answers.push({ kind: 'reserved', startsInMs: 60_000, validUntil: 'never used' });
    const stopping = new AbortController();
    const stopped = pace.take(1, { late: 0, signal: stopping.signal });
    const other = take(1);
    await clock.advance(1);
    stopping.abort(new Error('stopped'));
    await assert.rejects(stopped, /stopped/);
    await clock.advance(60_000);
    assert.notEqual(await other, undefined);
  });
});
