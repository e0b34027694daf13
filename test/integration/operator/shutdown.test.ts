import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { after, before, suite, test, type TestContext } from 'node:test';
import { resourceTypes } from '../../../operator/resource-types.ts';
import { leaseType, type Lease } from '../../../operator/runtime/leader-lease.ts';
import { startApiProxy, type ApiProxy } from '../../support/api-proxy/api-proxy.ts';
import { startControlPlane, type ControlPlane } from '../../support/control-plane/control-plane.ts';
import { reasonToSkip } from '../../support/control-plane/install.ts';
import { waitUntil } from '../../support/control-plane/wait-until.ts';
import { connectionManifest } from '../../support/manifests.ts';

/** What a pod has, by default, from SIGTERM to SIGKILL. */
const podGraceMs = 30_000;

suite('the operator is asked to stop', { skip: await reasonToSkip(), concurrency: 3 }, () => {
  let plane: ControlPlane;
  before(async () => (plane = await startControlPlane({ crds: ['crds'] })));
  after(() => plane?.stop());

  /** The process as a pod runs it, with its Lease in a namespace of its own, behind a proxy of its own. */
  async function startOperator(t: TestContext) {
    const proxy = await startApiProxy(plane);
    t.after(() => proxy.stop());
    const namespace = await plane.createNamespace('stop');
    const child = spawn(process.execPath, ['operator/main.ts'], {
      stdio: ['ignore', 'pipe', 'inherit'],
      env: {
        ...process.env,
        KUBECONFIG: proxy.kubeconfigPath,
        MILLRACE_NAMESPACE: namespace,
        MILLRACE_WATCH_NAMESPACES: namespace,
        MILLRACE_WORKER_IMAGE: 'millrace:test',
        MILLRACE_PORT: '0',
      },
    });
    let log = '';
    child.stdout.on('data', (chunk) => (log += String(chunk)));
    const ended = once(child, 'exit').then(([code, signal]: unknown[]) => ({ code, signal }));
    t.after(async () => {
      child.kill('SIGKILL');
      await ended;
    });
    const holder = async () => {
      const lease = await plane.client.find<Lease>(leaseType, { namespace, name: 'millrace-operator' });
      return lease?.spec?.holderIdentity ?? '';
    };
    await waitUntil('the operator leads', 120_000, () => log.includes('"controllers started"'));
    return {
      proxy,
      namespace,
      holder,
      log: () => log,
      /** SIGTERM; what came of it, and how long it took. */
      stop: async () => {
        const begunAt = performance.now();
        child.kill('SIGTERM');
        return { ...(await ended), ms: performance.now() - begunAt };
      },
    };
  }

  /** A resource whose status is written, which the proxy makes hang from now on, as all but the Lease. */
  async function hangPasses(proxy: ApiProxy, namespace: string): Promise<void> {
    let hung = 0;
    proxy.inject(({ verb, path }) => {
      if (verb !== 'write' || path.includes('/leases/')) return undefined;
      hung += 1;
      return { kind: 'Silence' };
    });
    const manifest = connectionManifest({}, { name: 'lake' });
    await plane.client.apply(resourceTypes.s3Connections, {
      ...manifest,
      metadata: { ...manifest.metadata, namespace },
    });
    await waitUntil('a write of a pass hangs', 60_000, () => hung > 0);
  }

  test('an operator whose writes hang ends in time, and gives its lease back', async (t) => {
    const operator = await startOperator(t);
    await hangPasses(operator.proxy, operator.namespace);
    const { code, ms } = await operator.stop();
    assert.equal(code, 0, operator.log());
    assert.ok(ms < podGraceMs, `it took ${ms} ms`);
    assert.equal(await operator.holder(), '');
  });

  test('an operator whose API server hangs altogether ends in time, and leaves its lease to run out', async (t) => {
    const operator = await startOperator(t);
    await hangPasses(operator.proxy, operator.namespace);
    operator.proxy.freeze();
    const { code, ms } = await operator.stop();
    assert.equal(code, 0, operator.log());
    assert.ok(ms < podGraceMs, `it took ${ms} ms`);
    assert.match(operator.log(), /could not give the lease back/);
    assert.notEqual(await operator.holder(), '');
  });

  test('an operator whose API server refuses connections ends at once', async (t) => {
    const operator = await startOperator(t);
    await operator.proxy.cut();
    const { code, ms } = await operator.stop();
    assert.equal(code, 0, operator.log());
    assert.ok(ms < 10_000, `it took ${ms} ms`);
  });
});
