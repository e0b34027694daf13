import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import { TerminalError, TransientError } from '../../../lib/errors.ts';
import { createController, type Reconcile } from '../../../operator/runtime/controller.ts';
import { createEventRecorder } from '../../../operator/runtime/event-recorder.ts';
import { startHealthServer } from '../../../operator/runtime/health.ts';
import type { KubernetesObject, ObjectKey, ResourceType } from '../../../operator/runtime/objects.ts';
import { createReflector } from '../../../operator/runtime/reflector.ts';
import { readinessOf, runRuntime } from '../../../operator/runtime/run.ts';
import { watchMapped, watchOwn, watchOwned } from '../../../operator/runtime/watches.ts';
import { startControlPlane, type ControlPlane } from '../../support/control-plane/control-plane.ts';
import { reasonToSkip } from '../../support/control-plane/install.ts';
import { waitUntil } from '../../support/control-plane/wait-until.ts';
import { runtimeDeps } from '../../support/runtime-deps.ts';

const type = (group: string, kind: string, plural: string): ResourceType => ({
  group,
  version: 'v1',
  kind,
  plural,
  namespaced: true,
});
const configMaps = type('', 'ConfigMap', 'configmaps');
const secrets = type('', 'Secret', 'secrets');
const jobs = type('batch', 'Job', 'jobs');
const events = type('events.k8s.io', 'Event', 'events');

interface ConfigMap extends KubernetesObject {
  readonly data?: Readonly<Record<string, string>>;
}

interface Job extends KubernetesObject {
  readonly spec?: { readonly suspend?: boolean };
  readonly status?: { readonly conditions?: readonly { readonly type: string }[] };
}

function suspendedJob(owner: KubernetesObject, name: string): KubernetesObject & { readonly spec: unknown } {
  const { namespace = '', name: ownerName = '', uid = '' } = owner.metadata;
  const ownerReferences = [{ apiVersion: 'v1', kind: 'ConfigMap', name: ownerName, uid, controller: true }];
  return {
    metadata: { namespace, name, ownerReferences },
    spec: {
      suspend: true,
      template: { spec: { restartPolicy: 'Never', containers: [{ name: 'main', image: 'none' }] } },
    },
  };
}

suite('controllers on a real API server', { skip: await reasonToSkip() }, () => {
  let plane: ControlPlane;
  before(async () => (plane = await startControlPlane({ controllerManager: true })));
  after(() => plane.stop());

  /** A controller that makes one Job for each ConfigMap whose Secret is there, and remembers its passes. */
  async function startJobMaker(namespace: string, reconcile?: Reconcile) {
    const deps = { ...runtimeDeps(), client: plane.client };
    const options = { namespaces: [namespace], timing: { backoff: { baseMs: 50, capMs: 200 } } };
    const reflectors = {
      configMaps: createReflector<ConfigMap>(
        { ...options, type: configMaps, labelSelector: 'made-by=test' },
        deps,
      ),
      jobs: createReflector<Job>({ ...options, type: jobs }, deps),
      secrets: createReflector<KubernetesObject>({ ...options, type: secrets }, deps),
    };
    const passes: string[] = [];
    const makeJob: Reconcile = async (key, signal) => {
      passes.push(key.name);
      const owner = reflectors.configMaps.store.get(key);
      if (owner === undefined) return {};
      if (reflectors.secrets.store.get({ namespace, name: `${key.name}-key` }) === undefined) return {};
      await deps.client.apply(jobs, suspendedJob(owner, `${key.name}-job`), { signal });
      return {};
    };
    const controller = createController(
      {
        name: 'job-maker',
        reconcile: reconcile ?? makeJob,
        backoff: { baseMs: 20, capMs: 200 },
        watches: [
          watchOwn(reflectors.configMaps),
          watchOwned(reflectors.jobs, configMaps),
          watchMapped(reflectors.secrets, ({ object }) => [
            { namespace, name: (object.metadata.name ?? '').replace(/-key$/, '') },
          ]),
        ],
      },
      deps,
    );
    const stopped = new AbortController();
    const all = Object.values(reflectors);
    const running = runRuntime({ ...deps, reflectors: all, controllers: [controller] }, stopped.signal);
    const stop = async () => {
      stopped.abort();
      return running;
    };
    return { deps, passes, reflectors: all, controller, stop };
  }

  const made = (namespace: string, name: string): ConfigMap => ({
    metadata: { namespace, name, labels: { 'made-by': 'test' } },
  });
  const findJob = (namespace: string, name: string) => plane.client.find<Job>(jobs, { namespace, name });

  test('a controller is woken by its own objects, by what it owns and by what it refers to', async () => {
    const namespace = await plane.createNamespace('wake');
    const maker = await startJobMaker(namespace);
    await plane.client.create(configMaps, made(namespace, 'web'));
    await waitUntil('the object was seen', 60_000, () => maker.passes.includes('web'));
    assert.equal(await findJob(namespace, 'web-job'), undefined);

    await plane.client.create(secrets, { metadata: { namespace, name: 'web-key' } });
    await waitUntil(
      'the Secret led to the Job',
      60_000,
      async () => (await findJob(namespace, 'web-job')) !== undefined,
    );

    const first = await findJob(namespace, 'web-job');
    await plane.client.delete(jobs, { namespace, name: 'web-job' });
    await waitUntil('the deleted Job was made again', 60_000, async () => {
      const job = await findJob(namespace, 'web-job');
      return job !== undefined && job.metadata.uid !== first?.metadata.uid;
    });

    await plane.client.delete(configMaps, { namespace, name: 'web' });
    await waitUntil(
      'the Job went with its owner',
      60_000,
      async () => (await findJob(namespace, 'web-job')) === undefined,
    );
    assert.equal(await maker.stop(), 'stopped');
  });

  test('a second pass over the same world writes nothing', async () => {
    const namespace = await plane.createNamespace('still');
    await plane.client.create(configMaps, made(namespace, 'web'));
    await plane.client.create(secrets, { metadata: { namespace, name: 'web-key' } });
    const maker = await startJobMaker(namespace);
    // By then the Job controller has written all that it writes to a Job that waits.
    await waitUntil('the Job is there, and is seen to be suspended', 60_000, async () => {
      const conditions = (await findJob(namespace, 'web-job'))?.status?.conditions ?? [];
      return conditions.some(({ type: is }) => is === 'Suspended');
    });
    const before = await findJob(namespace, 'web-job');
    const passes = maker.passes.length;
    maker.controller.enqueue({ namespace, name: 'web' });
    await waitUntil('the object was seen again', 60_000, () => maker.passes.length > passes);
    await maker.stop();
    const after = await findJob(namespace, 'web-job');
    assert.equal(after?.metadata.resourceVersion, before?.metadata.resourceVersion);
  });

  test('errors end in one place: terminal ones rest until a change, others are tried again, unforeseen ones count apart', async () => {
    const namespace = await plane.createNamespace('errors');
    const names = ['terminal', 'transient', 'unforeseen', 'waiting', 'stalled'];
    for (const name of names) await plane.client.create(configMaps, made(namespace, name));
    const passes = new Map<string, number>();
    const failing: Reconcile = async ({ name }) => {
      const pass = (passes.get(name) ?? 0) + 1;
      passes.set(name, pass);
      if (name === 'terminal' && pass === 1) throw new TerminalError({ reason: 'BadSpec', message: 'no' });
      if (name === 'transient' && pass < 4) throw new TransientError({ reason: 'Busy', message: 'later' });
      if (name === 'unforeseen' && pass < 3) throw new RangeError('a bug');
      if (name === 'stalled') return { requeueAfterMs: 60_000, failure: 'NeedsAPerson' };
      if (name === 'waiting' && pass < 3) return { requeueAfterMs: 20 };
      return {};
    };
    const maker = await startJobMaker(namespace, failing);
    const seen = (name: string) => passes.get(name) ?? 0;
    await waitUntil('all but the terminal one came through', 60_000, () =>
      [seen('transient') >= 4, seen('unforeseen') >= 3, seen('waiting') >= 3, seen('stalled') === 1].every(
        Boolean,
      ),
    );
    assert.equal(seen('terminal'), 1);
    const patch = { kind: 'merge', patch: { metadata: { annotations: { touched: 'yes' } } } } as const;
    await plane.client.patch(configMaps, { namespace, name: 'terminal' }, patch);
    await waitUntil('the change woke the terminal one', 60_000, () => seen('terminal') === 2);
    await maker.stop();

    const { metric, logged } = maker.deps;
    assert.equal(
      await metric('controller_runtime_terminal_reconcile_errors_total', { controller: 'job-maker' }),
      1,
    );
    assert.equal(await metric('controller_runtime_reconcile_errors_total'), 1 + 3 + 2);
    assert.equal(await metric('controller_runtime_reconcile_panics_total'), 2);
    for (const [reason, count] of Object.entries({ BadSpec: 1, Busy: 3, UnknownError: 2, NeedsAPerson: 1 })) {
      assert.equal(await metric('millrace_reconcile_failures_total', { reason }), count);
    }
    assert.equal(await metric('controller_runtime_reconcile_total', { result: 'requeue_after' }), 3);
    assert.equal(await metric('workqueue_retries_total', { name: 'job-maker' }), 5);
    const unforeseen = logged
      .filter(({ name }) => name === 'unforeseen')
      .map(({ error }) => JSON.stringify(error));
    assert.equal(unforeseen.length, 2);
    assert.match(unforeseen[0] ?? '', /"class":"RangeError","message":"a bug","stack":"RangeError/);
  });

  test('a pass that takes too long is stopped, told as a failure, and tried again', async () => {
    const namespace = await plane.createNamespace('slow');
    const deps = runtimeDeps();
    const configs = createReflector<ConfigMap>(
      { type: configMaps, namespaces: [namespace] },
      { ...deps, client: plane.client },
    );
    await plane.client.create(configMaps, made(namespace, 'web'));
    const failures: unknown[] = [];
    let passes = 0;
    const controller = createController(
      {
        name: 'slow',
        timeLimitMs: 50,
        backoff: { baseMs: 10, capMs: 10 },
        watches: [
          watchMapped(configs, ({ object }) =>
            object.metadata.name === 'web' ? [{ namespace, name: 'web' }] : [],
          ),
        ],
        reconcile: async (_key: ObjectKey, signal: AbortSignal) => {
          passes += 1;
          if (passes === 1) await deps.clock.sleep(60_000, signal);
          return {};
        },
        reportFailure: async (_key, error) => void failures.push(error),
      },
      deps,
    );
    const stopped = new AbortController();
    const running = runRuntime({ ...deps, reflectors: [configs], controllers: [controller] }, stopped.signal);
    await waitUntil('the second pass came', 60_000, () => passes === 2);
    stopped.abort();
    await running;
    assert.equal(failures.length, 1);
    assert.ok(failures[0] instanceof TransientError && failures[0].reason === 'ReconciliationTimeout');
  });

  test('a stop lets the pass under way end, and begins no other', async () => {
    const namespace = await plane.createNamespace('drain');
    for (let i = 0; i < 10; i += 1) await plane.client.create(configMaps, made(namespace, `c-${i}`));
    const latch = Promise.withResolvers<void>();
    let [begun, ended] = [0, 0];
    const maker = await startJobMaker(namespace, async () => {
      begun += 1;
      await latch.promise;
      ended += 1;
      return {};
    });
    await waitUntil('all workers are at work', 60_000, () => begun === 4);
    const stopped = maker.stop();
    latch.resolve();
    assert.equal(await stopped, 'stopped');
    assert.deepEqual([begun, ended], [4, 4]);
  });

  test('readyz tells what is missing until the caches are complete, and metrics are served beside it', async (t) => {
    const namespace = await plane.createNamespace('ready');
    const deps = runtimeDeps();
    const configs = createReflector<ConfigMap>(
      { type: configMaps, namespaces: [namespace] },
      { ...deps, client: plane.client },
    );
    const health = await startHealthServer(
      { host: '127.0.0.1', port: 0 },
      { checks: readinessOf([configs]), metrics: deps.registry },
    );
    t.after(() => health.close());
    const get = async (path: string) => {
      const response = await fetch(`http://127.0.0.1:${health.port}${path}`);
      return `${response.status} ${await response.text()}`;
    };
    assert.equal(await get('/livez'), '200 ok\n');
    assert.equal(await get('/readyz'), '503 caches: not yet listed: configmaps\n');
    const stopped = new AbortController();
    const running = configs.run(stopped.signal);
    await configs.synced();
    assert.equal(await get('/readyz?verbose'), '200 ok\n');
    assert.match(await get('/metrics'), /^200 [^]*millrace_cache_objects\{resource="configmaps"\} \d/);
    assert.match(await get('/other'), /^404 /);
    stopped.abort();
    await running;
  });

  test('events are written, repeats become a series, and kubectl shows them', async () => {
    const namespace = await plane.createNamespace('events');
    const deps = runtimeDeps();
    const object = await plane.client.create(configMaps, made(namespace, 'web'));
    const source = { controller: 'millrace.dev/controller', instance: 'test-0' };
    const redact = (text: string): string => text.replaceAll('hunter2', '[redacted]');
    const recorder = createEventRecorder(source, { ...deps, client: plane.client, redact });
    const denied = {
      type: 'Warning',
      reason: 'PermissionDenied',
      action: 'ProbePermissions',
      note: 'The password hunter2 may not s3:GetObject',
      regarding: object,
    } as const;
    recorder.record(denied);
    await recorder.flush();
    for (let i = 0; i < 3; i += 1) recorder.record(denied);
    recorder.record({
      ...denied,
      type: 'Normal',
      reason: 'Resumed',
      action: 'Reconcile',
      note: 'ü'.repeat(1_000),
    });
    await recorder.flush();

    interface StoredEvent extends KubernetesObject {
      readonly note: string;
      readonly series?: { readonly count: number };
    }
    const { items } = await plane.client.list<StoredEvent>(events, { namespace });
    const written = items.map(({ note, series }) => ({ note, count: series?.count }));
    assert.equal(written.length, 2);
    assert.ok(
      written.some(
        ({ note, count }) => note === 'The password [redacted] may not s3:GetObject' && count === 4,
      ),
    );
    assert.ok(written.some(({ note }) => note.startsWith('üüü') && Buffer.byteLength(note) <= 1_024));
    const shown = await plane.kubectl(['describe', 'configmap', 'web', '-n', namespace]);
    assert.match(shown, /Warning\s+PermissionDenied\s+.*\s+millrace\.dev\/controller\s+The password/);
    assert.deepEqual(deps.logged, []);
  });

  test('a storm of events leaves few in the API, and none of its counts is lost but those of the storm itself', async () => {
    const namespace = await plane.createNamespace('storm');
    const deps = runtimeDeps();
    const regarding = await plane.client.create(configMaps, made(namespace, 'web'));
    const recorder = createEventRecorder(
      { controller: 'millrace.dev/controller', instance: 'test-0' },
      { ...deps, client: plane.client, redact: (text) => text },
    );
    const alike = { type: 'Warning', action: 'ProbeBucket', regarding } as const;
    for (let i = 0; i < 40; i += 1) {
      recorder.record({ ...alike, reason: 'BucketNotFound', note: 'the bucket is gone' });
      await recorder.flush();
    }
    for (let i = 0; i < 20; i += 1) {
      recorder.record({ ...alike, reason: 'FileFailed', note: `file ${i} failed` });
      await recorder.flush();
    }
    interface StoredEvent extends KubernetesObject {
      readonly reason: string;
      readonly note: string;
      readonly series?: { readonly count: number };
    }
    const { items } = await plane.client.list<StoredEvent>(events, { namespace });
    const stored = (reason: string) => items.filter((event) => event.reason === reason);
    assert.deepEqual(
      stored('BucketNotFound').map(({ series }) => series?.count),
      [25],
    );
    assert.equal(await deps.metric('millrace_events_dropped_total', { reason: 'BucketNotFound' }), 15);
    const combined = stored('FileFailed').filter(({ note }) =>
      note.startsWith('(combined from similar events): '),
    );
    assert.equal(stored('FileFailed').length, 11);
    assert.deepEqual(
      combined.map(({ series }) => series?.count),
      [10],
    );
  });
});
