import assert from 'node:assert/strict';
import { after, before, suite, test, type TestContext } from 'node:test';
import fc from 'fast-check';
import { systemClock } from '../../../lib/clock.ts';
import { createApiClient } from '../../../operator/runtime/api-client.ts';
import { createHttpTransport } from '../../../operator/runtime/http-transport.ts';
import type { KubernetesObject, ResourceType } from '../../../operator/runtime/objects.ts';
import { createReflector, type Reflector } from '../../../operator/runtime/reflector.ts';
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
});
