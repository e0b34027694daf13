import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import fc from 'fast-check';
import { grantTo, mustGiveWay, type Seat, type SeatLimits } from '../../../lib/store/sharing/share-seats.ts';

const limits: SeatLimits = { budget: 28, fewest: 2, most: 6 };

function seat(holder: string, sourceId: number, connections: number, askedAt = 0): Seat {
  return { holder, sourceId, connections, askedAt };
}

function totalOf(seats: readonly Seat[]): number {
  return seats.reduce((sum, { connections }) => sum + connections, 0);
}

/** One worker of the crowd asks, or one leaves, in a random order. */
const crowd = fc.array(fc.record({ worker: fc.nat(11), leaves: fc.boolean() }), {
  minLength: 1,
  maxLength: 60,
});

suite('seats', () => {
  test('a worker alone gets as many connections as it can use, and no more', () => {
    assert.equal(grantTo('a', [seat('a', 1, 0)], limits), 6);
    assert.equal(grantTo('a', [seat('a', 1, 0)], { ...limits, budget: 3 }), 3);
    assert.equal(grantTo('a', [seat('a', 1, 0)], { ...limits, budget: 1 }), 0);
  });

  test('who waits behind others leaves them theirs', () => {
    const seats = [seat('a', 1, 24), seat('b', 1, 0, 1), seat('c', 1, 0, 2), seat('d', 1, 0, 3)];
    assert.deepEqual(
      ['b', 'c', 'd'].map((holder) => grantTo(holder, seats, limits)),
      [2, 2, 0],
    );
  });

  test('a source that has nothing comes before one that has something, however late it asked', () => {
    const seats = [seat('a', 1, 26), seat('b', 1, 0, 1), seat('c', 2, 0, 9)];
    assert.deepEqual([grantTo('b', seats, limits), grantTo('c', seats, limits)], [0, 2]);
  });

  test('the newest worker of the source that has most gives way to a source that has nothing', () => {
    const seats = [seat('a', 1, 6, 1), seat('b', 1, 6, 2), seat('c', 2, 4, 3), seat('d', 3, 0, 4)];
    const full = { ...limits, budget: 16 };
    assert.deepEqual(
      ['a', 'b', 'c', 'd'].filter((holder) => mustGiveWay(holder, seats, full)),
      ['b'],
    );
    assert.equal(mustGiveWay('b', seats, limits), false, 'there is room, nobody need go');
    assert.equal(mustGiveWay('b', seats.slice(0, 3), full), false, 'nobody waits');
  });

  test('where every source has as little as it can work with, nobody gives way', () => {
    const seats = [seat('a', 1, 2), seat('b', 2, 2), seat('c', 3, 0)];
    assert.ok(!['a', 'b'].some((holder) => mustGiveWay(holder, seats, { ...limits, budget: 4 })));
  });

  test('[law] whoever comes and goes, the budget holds, and a seat is never too small to work with', () => {
    fc.assert(
      fc.property(crowd, fc.integer({ min: 2, max: 40 }), (steps, budget) => {
        let seats: readonly Seat[] = [];
        for (const [at, { worker, leaves }] of steps.entries()) {
          const holder = `worker-${worker}`;
          if (leaves) {
            seats = seats.filter((one) => one.holder !== holder);
            continue;
          }
          if (!seats.some((one) => one.holder === holder)) {
            seats = [...seats, seat(holder, worker % 4, 0, at)];
          }
          const held = seats.find((one) => one.holder === holder)?.connections ?? 0;
          const connections = held > 0 ? held : grantTo(holder, seats, { ...limits, budget });
          assert.ok(connections === 0 || (connections >= 2 && connections <= 6));
          seats = seats.map((one) => (one.holder === holder ? { ...one, connections } : one));
          assert.ok(totalOf(seats) <= budget);
        }
      }),
    );
  });

  test('[law] a source is not left without while another could spare something: giving way ends in a seat for it', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.integer({ min: 1, max: 3 }), fc.integer({ min: 2, max: 6 })), {
          minLength: 1,
          maxLength: 10,
        }),
        (held) => {
          let seats: readonly Seat[] = [
            ...held.map(([source, connections], index) => seat(`held-${index}`, source, connections, index)),
            seat('late', 9, 0, 100),
          ];
          const full = { ...limits, budget: totalOf(seats) };
          const spare = [1, 2, 3].some((source) => totalOf(seats.filter((s) => s.sourceId === source)) >= 4);
          const leaving = seats.filter(({ holder }) => mustGiveWay(holder, seats, full));
          assert.equal(leaving.length, spare ? 1 : 0);
          seats = seats.filter((one) => !leaving.includes(one));
          assert.equal(grantTo('late', seats, full) >= 2, spare);
        },
      ),
    );
  });
});
