import assert from 'node:assert/strict';
import { after, before, suite, test, type TestContext } from 'node:test';
import fc from 'fast-check';
import { systemClock } from '../../../lib/clock.ts';
import { createApiClient } from '../../../operator/runtime/api-client.ts';
import { startHealthServer } from '../../../operator/runtime/health.ts';
import { createHttpTransport } from '../../../operator/runtime/http-transport.ts';
import type { KubernetesObject, ResourceType } from '../../../operator/runtime/objects.ts';
import { createReflector, type Reflector } from '../../../operator/runtime/reflector.ts';
import { readinessOf } from '../../../operator/runtime/run.ts';
import type { Change } from '../../../operator/runtime/store.ts';
import { startApiProxy, type ApiProxy } from '../../support/api-proxy/api-proxy.ts';
import { tooBusy, tooOld, type ApiFault, type WatchFault } from '../../support/api-proxy/faults.ts';
import { chaosParameters } from '../../support/chaos.ts';
import { startControlPlane, type ControlPlane } from '../../support/control-plane/control-plane.ts';
import { reasonToSkip } from '../../support/control-plane/install.ts';
import { waitUntil } from '../../support/control-plane/wait-until.ts';
import { runtimeDeps, type RuntimeDeps } from '../../support/runtime-deps.ts';

const configMaps: ResourceType = {
  group: '',
  version: 'v1',
  kind: 'ConfigMap',
  plural: 'configmaps',
  namespaced: true,
};

type ConfigMap = KubernetesObject & { readonly data?: Readonly<Record<string, string>> };

/** Quick to notice, so that a fault is over within the test. */
const timing = {
  minTimeoutSeconds: 2,
  maxTimeoutSeconds: 4,
  idleLimitMs: 1_000,
  graceMs: 500,
  listDeadlineMs: 1_500,
  backoff: { baseMs: 5, capMs: 50 },
};

interface Watching {
  readonly reflector: Reflector<ConfigMap>;
  readonly changes: readonly Change<ConfigMap>[];
  readonly deps: RuntimeDeps;
  stop(): Promise<void>;
}

function startWatching(proxy: ApiProxy, namespace: string): Watching {
  const deps = runtimeDeps();
  const transport = createHttpTransport({
    access: proxy.access,
    clock: systemClock,
    userAgent: 'test',
    deadlineMs: 1_500,
  });
  const client = createApiClient({ transport, clock: systemClock, fieldManager: 'test' });
  const reflector = createReflector<ConfigMap>(
    { type: configMaps, namespaces: [namespace], pageSize: 3, timing },
    { ...deps, client },
  );
  const changes: Change<ConfigMap>[] = [];
  reflector.onChange((change) => changes.push(change));
  const stopped = new AbortController();
  const running = reflector.run(stopped.signal);
  return {
    reflector,
    changes,
    deps,
    stop: async () => {
      stopped.abort();
      await running;
      await transport.close();
    },
  };
}

/** What must be equal on both sides. */
function picture(objects: readonly ConfigMap[]): string {
  return objects
    .map(
      ({ metadata, data }) => `${metadata.name} ${metadata.uid} ${metadata.resourceVersion} ${data?.['n']}`,
    )
    .toSorted()
    .join('\n');
}

/** What the listeners were told, played again. Each change must fit what was told before. */
function replayed(changes: readonly Change<ConfigMap>[]): readonly ConfigMap[] {
  const objects = new Map<string, ConfigMap>();
  for (const change of changes) {
    const { name = '', uid } = change.object.metadata;
    const known = objects.get(name);
    assert.equal(known === undefined, change.kind === 'Added', `${change.kind} ${name} fits`);
    if (known !== undefined)
      assert.equal(uid, known.metadata.uid, `${change.kind} ${name} is of the same object`);
    if (change.kind === 'Deleted') objects.delete(name);
    else objects.set(name, change.object);
  }
  return [...objects.values()];
}

type Write = { readonly kind: 'put' | 'delete' | 'remake'; readonly name: string };

const write: fc.Arbitrary<Write> = fc.record({
  kind: fc.constantFrom('put', 'put', 'put', 'delete', 'remake'),
  name: fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f', 'g'),
});

const watchFault = fc.constantFrom<WatchFault[]>(
  'end',
  'reset',
  'silence',
  'truncate',
  'expired',
  'error',
  'garbage',
  'duplicate',
  'swap',
  'replay',
);

const fault: fc.Arbitrary<ApiFault | undefined> = fc.oneof(
  {
    arbitrary: fc.record({ kind: fc.constant('Watch'), lines: fc.nat({ max: 3 }), effect: watchFault }),
    weight: 6,
  },
  { arbitrary: fc.constant(undefined), weight: 1 },
  fc.constant(tooOld),
  fc.constant(tooBusy(0)),
  fc.constant<ApiFault>({ kind: 'Answer', status: 503 }),
  fc.constant<ApiFault>({ kind: 'Answer', status: 200, body: {} }),
  fc.constant<ApiFault>({ kind: 'Refuse' }),
  fc.constant<ApiFault>({ kind: 'LoseAnswer' }),
  fc.constant<ApiFault>({ kind: 'Silence' }),
  fc.record({
    kind: fc.constant('Slow'),
    ms: fc.nat({ max: 100 }),
    pieceBytes: fc.integer({ min: 50, max: 500 }),
  }),
  fc.record({
    kind: fc.constant('CutAnswer'),
    bytes: fc.nat({ max: 900 }),
    how: fc.constantFrom('end', 'reset'),
  }),
);

suite('a reflector behind a network that fails', { skip: await reasonToSkip() }, () => {
  let plane: ControlPlane;
  before(async () => (plane = await startControlPlane()));
  after(() => plane?.stop());

  async function proxied(t: TestContext): Promise<ApiProxy> {
    const proxy = await startApiProxy(plane);
    t.after(() => proxy.stop());
    return proxy;
  }

  const listed = async (namespace: string) =>
    (await plane.client.list<ConfigMap>(configMaps, { namespace, labelSelector: '!x' })).items;

  async function becomesEqual({ reflector, deps }: Watching, namespace: string): Promise<void> {
    await waitUntil('the copy is equal to the list of the server', 60_000, async () => {
      return picture(reflector.store.list(namespace)) === picture(await listed(namespace));
    }).catch((error: unknown) => {
      const log = deps.logged.map(({ message, error: cause }) => `${message} ${JSON.stringify(cause)}`);
      throw new Error(`${String(error)}\n${log.slice(-20).join('\n')}`, { cause: error });
    });
  }

  async function apply({ kind, name }: Write, namespace: string, n: number): Promise<void> {
    const object = { metadata: { namespace, name }, data: { n: String(n) } };
    if (kind !== 'put') await plane.client.delete(configMaps, { namespace, name });
    if (kind !== 'delete') await plane.client.apply(configMaps, object);
  }

  test(
    'whatever faults meet lists and watches, the copy ends equal to the list of the server, and its listeners heard of every change',
    { timeout: 3_600_000 },
    async (t) => {
      const proxy = await proxied(t);
      let met = 0;
      const law = fc.asyncProperty(
        fc.array(fault, { minLength: 1, maxLength: 12 }),
        fc.array(write, { minLength: 4, maxLength: 30 }),
        async (faults, writes) => {
          const namespace = await plane.createNamespace('law');
          const queue = [...faults];
          proxy.inject(({ path }) => {
            if (!path.includes(`/${namespace}/`)) return undefined;
            if (queue.length > 0) met += 1;
            return queue.shift();
          });
          const watching = startWatching(proxy, namespace);
          try {
            for (const [n, each] of writes.entries()) await apply(each, namespace, n);
            await waitUntil('the faults are over', 120_000, () => queue.length === 0);
            await apply({ kind: 'put', name: 'last' }, namespace, -1);
            await becomesEqual(watching, namespace);
            assert.equal(
              picture(replayed(watching.changes)),
              picture(watching.reflector.store.list(namespace)),
            );
          } finally {
            await watching.stop();
          }
        },
      );
      const parameters = chaosParameters(12);
      await fc.assert(law, parameters);
      assert.ok(met >= parameters.numRuns, `${met} faults were met`);
    },
  );

  test('while a connection is half-open the operator is not ready, and metrics say since when; then all goes on', async (t) => {
    const proxy = await proxied(t);
    const namespace = await plane.createNamespace('frozen');
    const watching = startWatching(proxy, namespace);
    t.after(() => watching.stop());
    const { deps, reflector } = watching;
    const health = await startHealthServer(
      { host: '127.0.0.1', port: 0 },
      { checks: readinessOf([reflector]), metrics: deps.registry },
    );
    t.after(() => health.close());
    const get = async (path: string) => {
      const response = await fetch(`http://127.0.0.1:${health.port}${path}`);
      return `${response.status} ${await response.text()}`;
    };
    await waitUntil('it is ready', 60_000, async () => (await get('/readyz')) === '200 ok\n');

    proxy.freeze();
    const frozenAt = Date.now() / 1000;
    await apply({ kind: 'put', name: 'unseen' }, namespace, 1);
    await waitUntil('it is not ready', 60_000, async () => (await get('/readyz')).startsWith('503'));
    assert.match(
      await get('/readyz'),
      /^503 watches: configmaps: the API server has not been heard for \d+ s/,
    );
    assert.equal(await get('/livez'), '200 ok\n', 'no restart mends a network');
    const heardAt = await deps.metric('millrace_watch_last_event_timestamp_seconds', {
      resource: 'configmaps',
    });
    assert.ok(
      heardAt !== undefined && heardAt <= frozenAt + 0.1,
      `last heard at ${heardAt}, frozen at ${frozenAt}`,
    );
    assert.equal(reflector.store.get({ namespace, name: 'unseen' }), undefined);

    proxy.thaw();
    await waitUntil('it is ready again', 60_000, async () => (await get('/readyz')) === '200 ok\n');
    await becomesEqual(watching, namespace);
    assert.ok(((await deps.metric('millrace_watch_restarts_total', { cause: 'idle' })) ?? 0) > 0);
  });

  test('what happened while the server was out of reach is told afterwards, an object that was made again as another one', async (t) => {
    const proxy = await proxied(t);
    const namespace = await plane.createNamespace('outage');
    for (const name of ['kept', 'remade', 'gone']) await apply({ kind: 'put', name }, namespace, 1);
    const watching = startWatching(proxy, namespace);
    t.after(() => watching.stop());
    await becomesEqual(watching, namespace);

    await proxy.cut();
    await waitUntil('the watch is down', 60_000, async () => {
      return (await watching.deps.metric('millrace_watch_connected')) === 0;
    });
    await apply({ kind: 'put', name: 'kept' }, namespace, 2);
    await apply({ kind: 'remake', name: 'remade' }, namespace, 2);
    await apply({ kind: 'delete', name: 'gone' }, namespace, 2);
    await proxy.restore();
    await becomesEqual(watching, namespace);
    assert.equal(picture(replayed(watching.changes)), picture(await listed(namespace)));
    assert.equal(await watching.deps.metric('millrace_watch_relists_total'), 1, 'no list was needed');
  });

  test('a server that speaks of another past than before, as after a backup is put back, is listed anew', async (t) => {
    const proxy = await proxied(t);
    const namespace = await plane.createNamespace('backup');
    await apply({ kind: 'put', name: 'a' }, namespace, 1);
    // A list from the days that the backup does not know.
    const future: ApiFault = {
      kind: 'Answer',
      status: 200,
      body: {
        kind: 'ConfigMapList',
        apiVersion: 'v1',
        metadata: { resourceVersion: '900000000' },
        items: [{ metadata: { name: 'lost', namespace, uid: 'lost', resourceVersion: '899999999' } }],
      },
    };
    let lists = 0;
    proxy.inject(({ verb }) => (verb === 'list' && (lists += 1) === 1 ? future : undefined));
    const watching = startWatching(proxy, namespace);
    t.after(() => watching.stop());
    await waitUntil('the lost past is known', 60_000, () => watching.reflector.store.size === 1);
    await apply({ kind: 'put', name: 'b' }, namespace, 1);
    await becomesEqual(watching, namespace);
    assert.equal(picture(replayed(watching.changes)), picture(await listed(namespace)));
  });
});
