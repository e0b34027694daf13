import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { after, before, suite, test, type TestContext } from 'node:test';
import { leaseType, type Lease } from '../../../operator/runtime/leader-lease.ts';
import type { KubernetesObject } from '../../../operator/runtime/objects.ts';
import { isOlderVersion } from '../../../operator/runtime/resource-version.ts';
import { startApiProxy } from '../../support/api-proxy/api-proxy.ts';
import { startControlPlane, type ControlPlane } from '../../support/control-plane/control-plane.ts';
import { reasonToSkip } from '../../support/control-plane/install.ts';
import { waitUntil } from '../../support/control-plane/wait-until.ts';
import type { CandidateOptions } from '../../support/leader-candidate.ts';

const configMaps = { group: '', version: 'v1', kind: 'ConfigMap', plural: 'configmaps', namespaced: true };

/** As the operator has them; for leaders, too, that must not lose their lease on a machine that is busy. */
const usual = { leaseDurationMs: 15_000, renewDeadlineMs: 10_000, retryPeriodMs: 2_000 };
/** For a lease that runs out. */
const short = { leaseDurationMs: 10_000, renewDeadlineMs: 7_500, retryPeriodMs: 500 };
/** So many renewals take longer than a lease that is not renewed lasts, as usual. */
const longerThanALease = 9;

interface Candidate {
  readonly pid: number;
  /** Resolves with the exit code. */
  readonly ended: Promise<unknown>;
  log(): string;
  tell(command: string): void;
}

/** What the server recorded, in its own order: each write, and each change of the Lease's holder. */
interface Recorded {
  readonly version: string;
  readonly by: string;
  readonly what: 'write' | 'holder';
}

suite('leaders that are stopped, blocked and misled', { skip: await reasonToSkip(), concurrency: 3 }, () => {
  let plane: ControlPlane;
  before(async () => (plane = await startControlPlane()));
  after(() => plane?.stop());

  function startCandidate(
    t: TestContext,
    options: Pick<CandidateOptions, 'namespace' | 'identity'> & Partial<CandidateOptions>,
  ): Candidate {
    const whole = { kubeconfig: plane.kubeconfigPath, timing: short, lanes: 2, ...options };
    const child = spawn(process.execPath, ['test/support/leader-candidate.ts', JSON.stringify(whole)], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    let log = '';
    child.stdout.on('data', (chunk) => (log += String(chunk)));
    const ended = once(child, 'exit').then(([code]: unknown[]) => code);
    t.after(async () => {
      child.kill('SIGKILL');
      await ended;
    });
    return {
      pid: child.pid ?? 0,
      ended,
      log: () => log,
      tell: (command) => child.stdin.write(`${command}\n`),
    };
  }

  /** Two replicas in a namespace of their own, and all that the server records there. */
  async function startPair(t: TestContext, options: Partial<CandidateOptions> = {}, first = options) {
    const namespace = await plane.createNamespace('pair');
    const { holders, renewals } = await followHolders(t, namespace);
    const leader = startCandidate(t, { ...first, namespace, identity: 'first' });
    await waitUntil('the first leads', 60_000, () => holders.at(-1)?.by === 'first');
    const other = startCandidate(t, { ...options, namespace, identity: 'second' });
    await waitUntil('the second waits', 60_000, () => other.log().includes('waiting for the lease'));
    const writesOf = async (identity: string) =>
      (await writes(namespace)).filter(({ by }) => by === identity).length;
    await waitUntil('the first writes', 60_000, async () => (await writesOf('first')) > 3);
    return {
      namespace,
      leader,
      other,
      holders,
      writesOf,
      /** Waits until the Lease was renewed so often. */
      renewed: async (times: number) => {
        const before = renewals();
        await waitUntil(`the Lease is renewed ${times} times`, 120_000, () => renewals() >= before + times);
      },
      otherLeads: () =>
        waitUntil('the second leads and writes', 90_000, async () => (await writesOf('second')) > 3),
      /** In the server's order: who held the Lease, as runs; and no write by anyone but the one who took it last. */
      checkOrder: async () => assertOneWriter(await writes(namespace), holders),
    };
  }

  async function followHolders(t: TestContext, namespace: string) {
    const { resourceVersion } = await plane.client.list<Lease>(leaseType, { namespace });
    const holders: Recorded[] = [];
    let renewals = 0;
    const stop = new AbortController();
    t.after(() => stop.abort());
    const events = await plane.client.watch<Lease>(leaseType, {
      namespace,
      resourceVersion,
      timeoutSeconds: 600,
      signal: stop.signal,
    });
    void (async () => {
      for await (const event of events) {
        if (event.kind === 'Bookmark') continue;
        renewals += 1;
        const by = event.object.spec?.holderIdentity ?? '';
        if (by !== holders.at(-1)?.by) holders.push({ version: event.version, by, what: 'holder' });
      }
    })().catch(() => {});
    return { holders, renewals: () => renewals };
  }

  async function writes(namespace: string): Promise<readonly Recorded[]> {
    const { items } = await plane.client.list<KubernetesObject>(configMaps, { namespace });
    return items
      .filter(({ metadata }) => metadata.name !== 'kube-root-ca.crt')
      .map(({ metadata }) => ({
        version: metadata.resourceVersion ?? '',
        by: metadata.name?.split('-')[0] ?? '',
        what: 'write',
      }));
  }

  test('a leader whose event loop stands still for more than 20 s writes nothing once another one leads', async (t) => {
    const pair = await startPair(t, { timing: usual });
    // The other one sees the last renewal up to 2.4 s late, waits 15 s, and looks up to 2.4 s after that.
    pair.leader.tell('block 30000');
    await pair.otherLeads();
    assert.equal(await pair.leader.ended, 1);
    await pair.checkOrder();
    assert.deepEqual(holdersOf(pair.holders), ['first', 'second']);
  });

  test('a leader that is stopped by a signal and goes on later writes nothing once another one leads', async (t) => {
    const pair = await startPair(t);
    process.kill(pair.leader.pid, 'SIGSTOP');
    await pair.otherLeads();
    process.kill(pair.leader.pid, 'SIGCONT');
    assert.equal(await pair.leader.ended, 1);
    await pair.checkOrder();
    assert.deepEqual(holdersOf(pair.holders), ['first', 'second']);
  });

  test('writes that waited for a connection while the lease ran out never leave the process', async (t) => {
    const proxy = await startApiProxy(plane);
    t.after(() => proxy.stop());
    // More lanes than connections, and answers that are slow: some writes always wait.
    proxy.inject(({ verb, path }) =>
      verb === 'write' && path.endsWith('/configmaps') ? { kind: 'Slow', ms: 1_500 } : undefined,
    );
    const pair = await startPair(t, {}, { kubeconfig: proxy.kubeconfigPath, lanes: 40 });
    pair.leader.tell('block 20000');
    await pair.otherLeads();
    assert.equal(await pair.leader.ended, 1);
    await pair.checkOrder();
  });

  test('a leader whose other calls all hang keeps its lease', async (t) => {
    const proxy = await startApiProxy(plane);
    t.after(() => proxy.stop());
    const pair = await startPair(
      t,
      { timing: usual },
      { timing: usual, kubeconfig: proxy.kubeconfigPath, lanes: 40 },
    );
    let hung = 0;
    proxy.inject(({ path }) => {
      if (path.includes('/leases')) return undefined;
      hung += 1;
      return { kind: 'Silence' };
    });
    await waitUntil('all connections are taken', 60_000, () => hung >= 32);
    await pair.renewed(longerThanALease);
    assert.deepEqual(holdersOf(pair.holders), ['first']);
    pair.leader.tell('stop');
    await pair.otherLeads();
    await pair.checkOrder();
  });

  test('a clock that is set hours forward or back costs a leader nothing, nor lets another one in', async (t) => {
    const pair = await startPair(t, { timing: usual });
    for (const step of [5 * 3_600_000, -10 * 3_600_000, 5 * 3_600_000]) {
      pair.leader.tell(`step ${step}`);
      pair.other.tell(`step ${-step}`);
      const before = await pair.writesOf('first');
      await pair.renewed(longerThanALease);
      assert.ok((await pair.writesOf('first')) > before, 'the first goes on');
    }
    assert.equal(await pair.writesOf('second'), 0);
    assert.deepEqual(holdersOf(pair.holders), ['first']);
    pair.leader.tell('stop');
    assert.equal(await pair.leader.ended, 0);
    await pair.otherLeads();
    await pair.checkOrder();
  });

  test('a leader whose lease is stolen stops before the next one begins', async (t) => {
    const pair = await startPair(t);
    const patch = { kind: 'merge', patch: { spec: { holderIdentity: 'robber' } } } as const;
    await plane.client.patch(leaseType, { namespace: pair.namespace, name: 'leader' }, patch);
    await pair.otherLeads();
    assert.equal(await pair.leader.ended, 1);
    await pair.checkOrder();
    assert.deepEqual(holdersOf(pair.holders), ['first', 'robber', 'second']);
  });

  test('a leader that an outage of the network cuts off, with calls under way, stops before the other one begins', async (t) => {
    const proxy = await startApiProxy(plane);
    t.after(() => proxy.stop());
    const pair = await startPair(t, {}, { kubeconfig: proxy.kubeconfigPath, lanes: 8 });
    proxy.freeze();
    await pair.otherLeads();
    proxy.thaw();
    assert.equal(await pair.leader.ended, 1);
    await pair.checkOrder();
    assert.deepEqual(holdersOf(pair.holders), ['first', 'second']);
  });
});

function holdersOf(holders: readonly Recorded[]): readonly string[] {
  return holders.map(({ by }) => by);
}

function assertOneWriter(writes: readonly Recorded[], holders: readonly Recorded[]): void {
  const inOrder = [...writes, ...holders].toSorted((a, b) => (isOlderVersion(a.version, b.version) ? -1 : 1));
  let leader = '';
  for (const { by, version, what } of inOrder) {
    // A robber does not write: whom it robbed may, until the next one begins.
    if (what === 'holder') leader = by === 'robber' ? leader : by;
    else assert.equal(by, leader, `at ${version} ${by} wrote, and ${leader || 'nobody'} led`);
  }
}
