import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import fc from 'fast-check';
import { createApiClient } from '../../../../operator/runtime/api-client.ts';
import { createLeaderElector, type Leadership } from '../../../../operator/runtime/leader-elector.ts';
import type { Lease } from '../../../../operator/runtime/leader-lease.ts';
import type { ApiResponse, ApiTransport } from '../../../../operator/runtime/transport.ts';
import { chaosParameters } from '../../../support/chaos.ts';
import { createManualClock, type ManualClock } from '../../../support/manual-clock.ts';
import { runtimeDeps } from '../../../support/runtime-deps.ts';

type Fault = 'none' | 'answers get lost' | 'nothing gets through' | 'calls hang';

/** One Lease, with the optimistic locking of the API server. */
function createLeaseServer() {
  let lease: Lease | undefined;
  let version = 0;

  function answer(method: string, body: Lease | undefined): ApiResponse {
    if (method === 'POST' && lease !== undefined) return refuse(409, 'AlreadyExists');
    if (method !== 'POST' && lease === undefined) return refuse(404, 'NotFound');
    if (method === 'PUT' && body?.metadata.resourceVersion !== lease?.metadata.resourceVersion) {
      return refuse(409, 'Conflict');
    }
    if (body !== undefined) {
      version += 1;
      lease = { ...body, metadata: { ...body.metadata, uid: 'u', resourceVersion: String(version) } };
    }
    return { status: 200, headers: {}, body: lease };
  }

  return {
    lease: () => lease,
    /** The server as one process reaches it. */
    transport(clock: ManualClock, fault: () => Fault): ApiTransport {
      return {
        request: async ({ method, body, deadlineMs = 0, signal }) => {
          if (fault() === 'nothing gets through') throw new Error('connection refused');
          if (fault() === 'calls hang') {
            await clock.sleep(deadlineMs, signal);
            throw new Error('no answer in time');
          }
          const result = answer(method, body as Lease | undefined);
          if (fault() === 'answers get lost' && method !== 'GET') throw new Error('connection reset');
          return result;
        },
        stream: () => Promise.reject(new Error('nobody watches here')),
      };
    },
  };
}

function refuse(status: number, reason: string): ApiResponse {
  return { status, headers: {}, body: { kind: 'Status', reason, message: reason } };
}

function startCandidate(
  server: ReturnType<typeof createLeaseServer>,
  clock: ManualClock,
  identity: string,
  /** Of this process's wall clock, which must not matter. */
  skewMs = 0,
) {
  let fault: Fault = 'none';
  const deps = runtimeDeps({ clock: { ...clock, now: () => clock.now() + skewMs }, random: () => 0 });
  const client = createApiClient({
    transport: server.transport(clock, () => fault),
    clock,
    fieldManager: identity,
  });
  const elector = createLeaderElector({ key: { namespace: 'n', name: 'l' }, identity }, { ...deps, client });
  const stopped = new AbortController();
  let leadership: Leadership | undefined;
  let outcome: string | undefined;
  let letWorkEnd = Promise.withResolvers<void>();
  letWorkEnd.resolve();
  const running = elector.run(async (held) => {
    leadership = held;
    await new Promise((resolve) => held.signal.addEventListener('abort', resolve, { once: true }));
    await letWorkEnd.promise;
  }, stopped.signal);
  void running.then((result) => (outcome = result));
  return {
    elector,
    leads: () => leadership !== undefined && !leadership.signal.aborted,
    outcome: () => outcome,
    stop: () => stopped.abort(),
    set: (next: Fault) => (fault = next),
    /** The work goes on after it was asked to stop, until this is called. */
    holdWork: () => {
      letWorkEnd = Promise.withResolvers();
      return letWorkEnd.resolve;
    },
  };
}

suite('leader election', () => {
  test('a leader whose renewals hang or fail gives up before ten seconds are over, and the other takes over after fifteen', async () => {
    for (const fault of ['calls hang', 'nothing gets through'] as const) {
      const [server, clock] = [createLeaseServer(), createManualClock()];
      const first = startCandidate(server, clock, 'first');
      await clock.advance(1);
      const second = startCandidate(server, clock, 'second');
      await clock.advance(20_000);
      assert.ok(first.leads() && !second.leads());
      first.set(fault);
      let [gaveUpAfterMs, takenAfterMs] = [0, 0];
      for (let ms = 0; ms < 40_000; ms += 250) {
        await clock.advance(250);
        assert.ok(!(first.leads() && second.leads()), 'never two leaders');
        if (first.leads()) gaveUpAfterMs = ms;
        if (!second.leads()) takenAfterMs = ms;
      }
      assert.equal(first.outcome(), 'lost');
      assert.ok(gaveUpAfterMs > 7_000 && gaveUpAfterMs <= 10_250, `gave up after ${gaveUpAfterMs} ms`);
      assert.ok(takenAfterMs >= 14_000 && takenAfterMs < 20_000, `taken over after ${takenAfterMs} ms`);
    }
  });

  test('a clock that is hours off makes nobody leader too early or too late', async () => {
    for (const skewMs of [-5 * 3_600_000, 5 * 3_600_000]) {
      const [server, clock] = [createLeaseServer(), createManualClock()];
      const first = startCandidate(server, clock, 'first', skewMs);
      await clock.advance(1);
      const second = startCandidate(server, clock, 'second');
      await clock.advance(60_000);
      assert.ok(first.leads() && !second.leads());
      first.set('nothing gets through');
      await clock.advance(30_000);
      assert.ok(second.leads());
    }
  });

  test('a leader whose answers get lost finds its own name in the lease and stays leader', async () => {
    const [server, clock] = [createLeaseServer(), createManualClock()];
    const only = startCandidate(server, clock, 'only');
    await clock.advance(10_000);
    for (let i = 0; i < 10; i += 1) {
      only.set('answers get lost');
      await clock.advance(2_500);
      only.set('none');
      await clock.advance(5_000);
      assert.ok(only.leads());
    }
    assert.equal(server.lease()?.spec?.leaseTransitions, 0);
  });

  test('one call that hangs costs nobody the lease', async () => {
    const [server, clock] = [createLeaseServer(), createManualClock()];
    const only = startCandidate(server, clock, 'only');
    await clock.advance(10_000);
    only.set('calls hang');
    await clock.advance(2_500);
    only.set('none');
    await clock.advance(30_000);
    assert.ok(only.leads());
    assert.equal(only.outcome(), undefined);
  });

  test('a leader that is asked to stop keeps its lease while its work ends, and gives it back only then', async () => {
    const [server, clock] = [createLeaseServer(), createManualClock()];
    const first = startCandidate(server, clock, 'first');
    const endWork = first.holdWork();
    await clock.advance(1);
    const second = startCandidate(server, clock, 'second');
    first.stop();
    await clock.advance(60_000);
    assert.equal(server.lease()?.spec?.holderIdentity, 'first');
    assert.ok(!second.leads());
    endWork();
    await clock.advance(2_500);
    assert.equal(first.outcome(), 'stopped');
    assert.ok(second.leads());
    assert.equal(server.lease()?.spec?.leaseTransitions, 1);
  });

  test('a candidate that is asked to stop before it leads ends without a trace', async () => {
    const [server, clock] = [createLeaseServer(), createManualClock()];
    const first = startCandidate(server, clock, 'first');
    await clock.advance(1);
    const second = startCandidate(server, clock, 'second');
    await clock.advance(5_000);
    second.stop();
    await clock.advance(1);
    assert.equal(second.outcome(), 'stopped');
    assert.equal(server.lease()?.spec?.holderIdentity, 'first');
    assert.ok(first.leads());
  });

  test('periods that could let two lead are refused', () => {
    const deps = runtimeDeps();
    const client = createApiClient({
      transport: createLeaseServer().transport(createManualClock(), () => 'none'),
      clock: deps.clock,
      fieldManager: 'test',
    });
    const options = { key: { namespace: 'n', name: 'l' }, identity: 'i', renewDeadlineMs: 20_000 };
    assert.throws(
      () => createLeaderElector(options, { ...deps, client }),
      /retryPeriodMs < renewDeadlineMs < lease/,
    );
  });

  test('whatever faults meet three replicas, and however long they stand still, never two of them lead; and when all is well again, one does', async () => {
    const step = fc.record({
      who: fc.nat({ max: 2 }),
      what: fc.constantFrom<(Fault | 'stands still')[]>(
        'none',
        'answers get lost',
        'nothing gets through',
        'calls hang',
        'stands still',
      ),
      ms: fc.integer({ min: 100, max: 25_000 }),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 8 }), async (steps) => {
        const [server, clock] = [createLeaseServer(), createManualClock()];
        const replicas = ['a', 'b', 'c'].map((name) => createReplica(server, clock, name));
        const pass = async (totalMs: number): Promise<void> => {
          for (let ms = 0; ms < totalMs; ms += 500) {
            await clock.advance(500);
            const leaders = replicas.filter((replica) => replica.current().elector.isLeader);
            assert.ok(leaders.length <= 1, 'two lead');
            for (const replica of replicas) replica.restartIfLost();
          }
        };
        for (const { who, what, ms } of steps) {
          replicas[who]?.set(what);
          await pass(ms);
        }
        for (const replica of replicas) replica.set('none');
        await pass(40_000);
        assert.equal(replicas.filter((replica) => replica.current().elector.isLeader).length, 1);
      }),
      chaosParameters(40),
    );
  });
});

/** A process that is started anew when it lost its lease, and that can be made to stand still. */
function createReplica(server: ReturnType<typeof createLeaseServer>, clock: ManualClock, name: string) {
  let still = Promise.withResolvers<void>();
  still.resolve();
  let starts = 0;
  const start = () => {
    starts += 1;
    return startCandidate(server, ownClock, `${name}-${starts}`);
  };
  /** Its timers go off late where it stands still; its monotonic clock goes on. */
  const ownClock: ManualClock = {
    ...clock,
    sleep: async (ms, signal) => {
      await clock.sleep(ms, signal);
      await still.promise;
    },
  };
  let current = start();
  return {
    current: () => current,
    set(what: Fault | 'stands still') {
      // Whoever waits for the last standstill to be over waits no longer.
      still.resolve();
      if (what === 'stands still') still = Promise.withResolvers();
      else current.set(what);
    },
    restartIfLost() {
      if (current.outcome() === 'lost') current = start();
    },
  };
}
