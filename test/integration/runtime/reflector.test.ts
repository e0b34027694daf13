import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import { createApiClient, type ApiClient } from '../../../operator/runtime/api-client.ts';
import type { KubernetesObject, ResourceType } from '../../../operator/runtime/objects.ts';
import {
  createReflector,
  type Reflector,
  type ReflectorOptions,
} from '../../../operator/runtime/reflector.ts';
import type { Change } from '../../../operator/runtime/store.ts';
import type { ApiRequest, ApiTransport } from '../../../operator/runtime/transport.ts';
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

interface ConfigMap extends KubernetesObject {
  readonly data?: Readonly<Record<string, string>>;
}

function configMap(namespace: string, name: string, data: Readonly<Record<string, string>> = {}): ConfigMap {
  return { metadata: { namespace, name, labels: { team: name.slice(0, 1) } }, data };
}

/** `name@uid`-free picture of objects: what must be equal on both sides. */
function picture(objects: readonly ConfigMap[]): readonly string[] {
  return objects
    .map(
      ({ metadata }) => `${metadata.namespace}/${metadata.name} ${metadata.uid} ${metadata.resourceVersion}`,
    )
    .toSorted();
}

interface Watching {
  readonly reflector: Reflector<ConfigMap>;
  readonly changes: readonly Change<ConfigMap>[];
  readonly deps: RuntimeDeps;
  stop(): Promise<void>;
}

function startWatching(client: ApiClient, options: Omit<ReflectorOptions<ConfigMap>, 'type'>): Watching {
  const deps = runtimeDeps();
  const reflector = createReflector<ConfigMap>({ ...options, type: configMaps }, { ...deps, client });
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
    },
  };
}

/** Names a change without its versions. */
function named({ kind, object }: Change<ConfigMap>): string {
  return `${kind} ${object.metadata.name}`;
}

suite('a reflector on a real API server', { skip: await reasonToSkip() }, () => {
  let plane: ControlPlane;
  before(async () => (plane = await startControlPlane()));
  after(() => plane.stop());

  async function listed(namespace: string): Promise<readonly ConfigMap[]> {
    return (await plane.client.list<ConfigMap>(configMaps, { namespace })).items;
  }

  async function becomesEqual({ reflector }: Watching, namespace: string): Promise<void> {
    await waitUntil('the store is equal to the list of the server', 60_000, async () => {
      const [held, there] = [reflector.store.list(namespace), await listed(namespace)];
      return JSON.stringify(picture(held)) === JSON.stringify(picture(there));
    });
  }

  test('the store of a reflector becomes equal to the server under creates, updates and deletes, over many pages', async (t) => {
    const namespace = await plane.createNamespace('churn');
    for (let i = 0; i < 23; i += 1) await plane.client.create(configMaps, configMap(namespace, `old-${i}`));
    const watching = startWatching(plane.client, { namespaces: [namespace], pageSize: 5 });
    t.after(() => watching.stop());
    await watching.reflector.synced(AbortSignal.timeout(60_000));
    assert.equal(watching.reflector.store.size, 23);

    const churn = Array.from({ length: 8 }, async (_, worker) => {
      for (let round = 0; round < 12; round += 1) {
        const own = configMap(namespace, `new-${worker}-${round % 4}`, { round: String(round) });
        await plane.client.apply(configMaps, own);
        if (round % 3 === 2) {
          await plane.client.delete(configMaps, { namespace, name: `new-${worker}-${(round + 1) % 4}` });
          await plane.client.delete(configMaps, { namespace, name: `old-${worker + round}` });
        }
      }
    });
    await Promise.all(churn);
    await becomesEqual(watching, namespace);
    const replayed = new Set<string>();
    for (const { kind, object } of watching.changes) {
      const name = object.metadata.name ?? '';
      assert.equal(replayed.has(name), kind !== 'Added', `${kind} ${name} fits what was told before`);
      if (kind === 'Deleted') replayed.delete(name);
      else replayed.add(name);
    }
    assert.deepEqual(
      [...replayed].toSorted(),
      (await listed(namespace)).map(({ metadata }) => metadata.name ?? '').toSorted(),
    );
  });

  test('objects of a store are frozen all the way down and carry no managedFields', async (t) => {
    const namespace = await plane.createNamespace('frozen');
    await plane.client.create(configMaps, configMap(namespace, 'a', { key: 'value' }));
    const watching = startWatching(plane.client, { namespaces: [namespace] });
    t.after(() => watching.stop());
    await watching.reflector.synced(AbortSignal.timeout(60_000));
    await plane.client.create(configMaps, configMap(namespace, 'b'));
    await becomesEqual(watching, namespace);
    for (const object of watching.reflector.store.list()) {
      assert.ok(
        Object.isFrozen(object) &&
          Object.isFrozen(object.metadata) &&
          Object.isFrozen(object.metadata.labels),
      );
      assert.ok(!('managedFields' in object.metadata));
      assert.equal(object.kind, 'ConfigMap');
    }
  });

  test('an object that was deleted and made again while nobody watched is told as deleted, then as added', async (t) => {
    const namespace = await plane.createNamespace('again');
    const [kept, gone, again] = ['kept', 'gone', 'again'].map((name) => configMap(namespace, name));
    for (const object of [kept, gone, again]) await plane.client.create(configMaps, object as ConfigMap);
    const gate = closableTransport(plane);
    const client = createApiClient({
      transport: gate.transport,
      clock: runtimeDeps().clock,
      fieldManager: 'test',
    });
    const timing = { backoff: { baseMs: 50, capMs: 100 } };
    const watching = startWatching(client, { namespaces: [namespace], timing });
    t.after(() => watching.stop());
    await watching.reflector.synced(AbortSignal.timeout(60_000));
    const before = watching.changes.length;

    gate.close();
    for (const name of ['gone', 'again']) await plane.client.delete(configMaps, { namespace, name });
    await plane.client.create(configMaps, configMap(namespace, 'again'));
    await plane.client.apply(configMaps, configMap(namespace, 'kept', { changed: 'yes' }));
    await plane.compact();
    // Only a server that forgot the old version too makes the reflector list again.
    await plane.restartApiServer();
    gate.open();

    await becomesEqual(watching, namespace);
    assert.deepEqual(watching.changes.slice(before).map(named), [
      'Deleted again',
      'Added again',
      'Updated kept',
      'Deleted gone',
    ]);
    assert.equal(await watching.deps.metric('millrace_watch_relists_total'), 2);
    assert.equal(await watching.deps.metric('millrace_watch_restarts_total', { cause: 'expired' }), 1);
  });

  test('a watch that the server ends goes on from the last version seen, without another list', async (t) => {
    const namespace = await plane.createNamespace('resume');
    const timing = { minTimeoutSeconds: 1, maxTimeoutSeconds: 2 };
    const watching = startWatching(plane.client, { namespaces: [namespace], timing });
    t.after(() => watching.stop());
    await watching.reflector.synced(AbortSignal.timeout(60_000));
    const ends = async () =>
      (await watching.deps.metric('millrace_watch_restarts_total', { cause: 'timeout' })) ?? 0;
    for (let i = 0; i < 8; i += 1) {
      await plane.client.create(configMaps, configMap(namespace, `c-${i}`));
      if (i % 4 !== 1) continue;
      const before = await ends();
      await waitUntil('the server ends a watch', 60_000, async () => (await ends()) > before);
    }
    await becomesEqual(watching, namespace);
    assert.equal(await watching.deps.metric('millrace_watch_relists_total'), 1);
    assert.deepEqual(
      watching.changes.map(named),
      Array.from({ length: 8 }, (_, i) => `Added c-${i}`),
    );
  });

  test(
    'a watch without changes hears bookmarks, which move its version on',
    { timeout: 200_000 },
    async (t) => {
      const namespace = await plane.createNamespace('quiet');
      const elsewhere = await plane.createNamespace('busy');
      const page = await plane.client.list<ConfigMap>(configMaps, { namespace });
      const events = await plane.client.watch<ConfigMap>(configMaps, {
        namespace,
        resourceVersion: page.resourceVersion,
        // A bookmark comes about each minute, and shortly before the end.
        timeoutSeconds: 5,
        signal: t.signal,
      });
      await plane.client.create(configMaps, configMap(elsewhere, 'noise'));
      for await (const event of events) {
        assert.equal(event.kind, 'Bookmark');
        assert.notEqual(event.version, page.resourceVersion);
        return;
      }
      assert.fail('the watch ended without a bookmark');
    },
  );

  test('a selector and several namespaces bound what a reflector holds, and an index finds it', async (t) => {
    const [one, two, other] = [
      await plane.createNamespace('one'),
      await plane.createNamespace('two'),
      await plane.createNamespace('other'),
    ];
    for (const namespace of [one, two, other]) {
      await plane.client.create(configMaps, configMap(namespace, 'a-1', { for: 'x' }));
      await plane.client.create(configMaps, configMap(namespace, 'b-1', { for: 'x' }));
    }
    const watching = startWatching(plane.client, {
      namespaces: [one, two],
      labelSelector: 'team=a',
      indexes: { purpose: ({ data }) => (data?.['for'] === undefined ? [] : [data['for']]) },
    });
    t.after(() => watching.stop());
    await watching.reflector.synced(AbortSignal.timeout(60_000));
    const keys = (objects: readonly ConfigMap[]) =>
      objects.map(({ metadata }) => `${metadata.namespace}/${metadata.name}`);
    assert.deepEqual(keys(watching.reflector.store.byIndex('purpose', 'x')), [`${one}/a-1`, `${two}/a-1`]);

    await plane.client.patch(
      configMaps,
      { namespace: one, name: 'a-1' },
      { kind: 'merge', patch: { metadata: { labels: { team: 'c' } } } },
    );
    await plane.client.patch(
      configMaps,
      { namespace: two, name: 'a-1' },
      { kind: 'merge', patch: { data: { for: 'y' } } },
    );
    await waitUntil(
      'the object that is no longer selected has left',
      60_000,
      () => watching.reflector.store.size === 1,
    );
    await waitUntil(
      'the index follows',
      60_000,
      () => watching.reflector.store.byIndex('purpose', 'y').length === 1,
    );
    assert.deepEqual(watching.reflector.store.byIndex('purpose', 'x'), []);
  });
});

/** A transport that can be shut: open streams break, calls fail. */
function closableTransport(plane: ControlPlane) {
  let shut = new AbortController();
  const inner: ApiTransport = plane.transport;
  const through = (request: ApiRequest): ApiRequest => ({
    ...request,
    signal: request.signal === undefined ? shut.signal : AbortSignal.any([request.signal, shut.signal]),
  });
  return {
    transport: {
      request: (request) => inner.request(through(request)),
      stream: (request) => inner.stream(through(request)),
    } satisfies ApiTransport,
    close: () => shut.abort(new Error('the connection is cut')),
    open: () => (shut = new AbortController()),
  };
}
