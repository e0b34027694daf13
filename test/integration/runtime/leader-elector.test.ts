import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import { systemClock } from '../../../lib/clock.ts';
import { createApiClient } from '../../../operator/runtime/api-client.ts';
import { guardWrites } from '../../../operator/runtime/guarded-transport.ts';
import {
  createLeaderElector,
  LEADERSHIP_LOST,
  type Leadership,
} from '../../../operator/runtime/leader-elector.ts';
import { leaseType, type Lease } from '../../../operator/runtime/leader-lease.ts';
import type { ApiTransport } from '../../../operator/runtime/transport.ts';
import { startControlPlane, type ControlPlane } from '../../support/control-plane/control-plane.ts';
import { reasonToSkip } from '../../support/control-plane/install.ts';
import { waitUntil } from '../../support/control-plane/wait-until.ts';
import { runtimeDeps } from '../../support/runtime-deps.ts';

/** Long enough for a busy machine to renew in time; `retryPeriodMs` is what a release takes to be noticed. */
const timing = { leaseDurationMs: 6_000, renewDeadlineMs: 4_000, retryPeriodMs: 200 };

suite('leader election on a real API server', { skip: await reasonToSkip() }, () => {
  let plane: ControlPlane;
  before(async () => (plane = await startControlPlane()));
  after(() => plane.stop());

  function startCandidate(namespace: string, identity: string, options: Partial<typeof timing> = {}) {
    let isCut = false;
    const transport: ApiTransport = {
      request: (request) => (isCut ? Promise.reject(new Error('cut off')) : plane.transport.request(request)),
      stream: (request) => plane.transport.stream(request),
    };
    const deps = runtimeDeps();
    const client = createApiClient({ transport, clock: systemClock, fieldManager: identity });
    const key = { namespace, name: 'operator' };
    const elector = createLeaderElector({ key, identity, ...timing, ...options }, { ...deps, client });
    const stopped = new AbortController();
    let leadership: Leadership | undefined;
    const outcome = elector.run(async (held) => {
      leadership = held;
      await new Promise((resolve) => held.signal.addEventListener('abort', resolve, { once: true }));
    }, stopped.signal);
    return {
      deps,
      elector,
      outcome,
      leadership: () => leadership,
      stop: () => stopped.abort(),
      cut: () => (isCut = true),
      leads: () => waitUntil(`${identity} leads`, 60_000, () => elector.isLeader),
    };
  }

  const readLease = (namespace: string) =>
    plane.client.get<Lease>(leaseType, { namespace, name: 'operator' });

  test('of two candidates one leads, and when it stops the other takes over without waiting for the lease to run out', async () => {
    const namespace = await plane.createNamespace('two');
    const first = startCandidate(namespace, 'first', { leaseDurationMs: 120_000 });
    await first.leads();
    const second = startCandidate(namespace, 'second', { leaseDurationMs: 120_000 });
    await waitUntil('the second has seen the first', 60_000, () => second.elector.leader === 'first');
    assert.equal(second.elector.isLeader, false);
    assert.equal(await first.deps.metric('leader_election_master_status', { name: 'operator' }), 1);
    assert.equal(await second.deps.metric('leader_election_master_status', { name: 'operator' }), 0);

    first.stop();
    assert.equal(await first.outcome, 'stopped');
    assert.equal(first.elector.isLeader, false);
    assert.equal(await first.deps.metric('leader_election_master_status'), 0);
    await second.leads();
    const lease = await readLease(namespace);
    assert.equal(lease.spec?.holderIdentity, 'second');
    assert.equal(lease.spec?.leaseTransitions, 1);
    assert.match(lease.spec?.renewTime ?? '', /\.\d{6}Z$/);
    second.stop();
    await second.outcome;
    assert.equal((await readLease(namespace)).spec?.holderIdentity, '');
  });

  test('a leader that cannot renew stops before another one begins', async () => {
    const namespace = await plane.createNamespace('cut');
    const first = startCandidate(namespace, 'first');
    await first.leads();
    const second = startCandidate(namespace, 'second');
    await waitUntil('the second has seen the first', 60_000, () => second.elector.leader === 'first');
    first.cut();
    assert.equal(await first.outcome, 'lost');
    const reason: unknown = first.leadership()?.signal.reason;
    assert.equal((reason as { reason?: string }).reason, LEADERSHIP_LOST);
    assert.equal(second.elector.isLeader, false, 'the other one waits still');
    await second.leads();
    assert.equal((await readLease(namespace)).spec?.leaseTransitions, 1);
    second.stop();
    await second.outcome;
  });

  test('a lease that was taken by force is lost at the next renewal', async () => {
    const namespace = await plane.createNamespace('robbed');
    const first = startCandidate(namespace, 'first');
    await first.leads();
    const patch = { kind: 'merge', patch: { spec: { holderIdentity: 'robber' } } } as const;
    await plane.client.patch(leaseType, { namespace, name: 'operator' }, patch);
    assert.equal(await first.outcome, 'lost');
    assert.match(String(first.leadership()?.signal.reason), /held by "robber"/);
  });

  test('a deleted lease is made again by its holder', async () => {
    const namespace = await plane.createNamespace('deleted');
    const first = startCandidate(namespace, 'first');
    await first.leads();
    await plane.client.delete(leaseType, { namespace, name: 'operator' });
    await waitUntil('the lease is there again', 60_000, () =>
      readLease(namespace).then(
        (lease) => lease.spec?.holderIdentity === 'first',
        () => false,
      ),
    );
    assert.equal(first.elector.isLeader, true);
    first.stop();
    assert.equal(await first.outcome, 'stopped');
  });

  test('a leader that slept through the end of its lease writes nothing, even before it is told', async () => {
    const namespace = await plane.createNamespace('asleep');
    const short = { leaseDurationMs: 1_500, renewDeadlineMs: 1_000, retryPeriodMs: 100 };
    const first = startCandidate(namespace, 'first', short);
    await first.leads();
    const leadership = first.leadership();
    const client = createApiClient({
      transport: guardWrites(plane.transport, {
        remainingMs: () => leadership?.remainingMs() ?? 0,
        clock: systemClock,
      }),
      clock: systemClock,
      fieldManager: 'first',
    });
    // The event loop stands still for longer than the lease.
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 2_000);
    const lease = { metadata: { namespace, name: 'late' } };
    await assert.rejects(client.create(leaseType, lease), /this process does not lead/);
    assert.ok((await client.list(leaseType, { namespace })).items.length > 0, 'reading is free');
    first.stop();
    await first.outcome;
  });
});
