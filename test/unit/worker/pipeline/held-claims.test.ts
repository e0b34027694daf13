import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import type { Claim } from '../../../../lib/store/types.ts';
import { HeldClaims, leaseMs } from '../../../../worker/pipeline/held-claims.ts';
import { claimedFile } from '../../../support/builders/ledger.ts';
import { silentLog } from '../../../support/doubles/silent-log.ts';
import { createManualClock } from '../../../support/manual-clock.ts';

const second = 1_000;
const { claim: one } = claimedFile('web/1.json');
const { claim: other } = claimedFile('web/2.json');

/** A ledger that knows nothing but claims and their deadlines. */
function createWorld() {
  const clock = createManualClock();
  const deadlines = new Map<string, number>();
  const world = {
    clock,
    deadlines,
    broken: false,
    released: [] as Claim[],
    /** Another worker takes the file over. */
    takeOver: (claim: Claim) => deadlines.delete(claim.token),
    isAlive: (claim: Claim) => (deadlines.get(claim.token) ?? 0) > clock.monotonic(),
    held: undefined as unknown as HeldClaims,
    hold: (claim: Claim) => {
      deadlines.set(claim.token, clock.monotonic() + leaseMs);
      return world.held.hold(claim);
    },
  };
  world.held = new HeldClaims({
    clock,
    log: silentLog,
    claims: {
      renew: (claims, ms) => {
        if (world.broken) return Promise.reject(new Error('no answer'));
        const lost = claims.filter((claim) => !world.isAlive(claim));
        for (const claim of claims) {
          if (!lost.includes(claim)) deadlines.set(claim.token, clock.monotonic() + ms);
        }
        return Promise.resolve(lost);
      },
      release: (claims) => {
        world.released.push(...claims);
        return Promise.resolve();
      },
    },
  });
  return world;
}

suite('the claims of a worker', () => {
  test('live as long as the heart beats', async () => {
    const world = createWorld();
    const stop = new AbortController();
    const lost = world.hold(one);
    const beat = world.held.beat(stop.signal);
    await world.clock.advance(600 * second);
    assert.equal(world.isAlive(one), true);
    assert.equal(lost.aborted, false);
    stop.abort();
    await beat;
    await world.clock.advance(leaseMs);
    assert.equal(world.isAlive(one), false);
  });

  test('outlive two beats that the store does not answer', async () => {
    const world = createWorld();
    const stop = new AbortController();
    world.hold(one);
    const beat = world.held.beat(stop.signal);
    world.broken = true;
    await world.clock.advance(30 * second);
    assert.equal(world.isAlive(one), true);
    world.broken = false;
    await world.clock.advance(15 * second);
    assert.equal(world.isAlive(one), true);
    stop.abort();
    await beat;
  });

  test('a lost one is told to its holder, and to no other; it is not given back', async () => {
    const world = createWorld();
    const stop = new AbortController();
    const lost = world.hold(one);
    const kept = world.hold(other);
    const beat = world.held.beat(stop.signal);
    world.takeOver(one);
    await world.clock.advance(15 * second);
    assert.deepEqual([lost.aborted, kept.aborted], [true, false]);
    stop.abort();
    await beat;
    await world.held.release();
    assert.deepEqual(world.released, [other]);
  });

  test('settled ones are neither renewed nor given back', async () => {
    const world = createWorld();
    const stop = new AbortController();
    const lost = world.hold(one);
    world.held.settle(one);
    const beat = world.held.beat(stop.signal);
    world.takeOver(one);
    await world.clock.advance(60 * second);
    assert.equal(lost.aborted, false);
    stop.abort();
    await beat;
    await world.held.release();
    assert.deepEqual(world.released, []);
  });

  test('are given back once', async () => {
    const world = createWorld();
    world.hold(one);
    world.hold(other);
    await world.held.release();
    await world.held.release();
    assert.deepEqual(world.released, [one, other]);
  });

  test('the heart stops at once when it is told to', async () => {
    const world = createWorld();
    const stop = new AbortController();
    const beat = world.held.beat(stop.signal);
    stop.abort();
    await beat;
    assert.equal(world.clock.sleepers, 0);
  });
});
