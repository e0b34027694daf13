import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { after, before, suite, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { parseAllDocuments } from 'yaml';
import { kindNames, kinds, manifestURL, type Kind } from '../../../crds/names.ts';
import { writeStatus } from '../../../operator/controllers/write-status.ts';
import type { RecordedEvent } from '../../../operator/runtime/event-object.ts';
import { collectionPath, type KubernetesObject } from '../../../operator/runtime/objects.ts';
import { startControlPlane, type ControlPlane } from '../../support/control-plane/control-plane.ts';
import { crdCases } from '../../support/crd-cases.ts';
import { connectionManifest, sourceManifest, storeManifest, type Manifest } from '../../support/manifests.ts';
import { applyManifest, runCrdCase } from '../../support/run-crd-case.ts';

function typeOf(kind: Kind) {
  return { group: 'millrace.dev', version: 'v1alpha1', kind, plural: kinds[kind].plural, namespaced: true };
}

interface WithStatus extends KubernetesObject {
  readonly status?: { readonly observedGeneration?: number; readonly [field: string]: unknown };
}

function condition(type: string, status: string, reason: string, message = '') {
  return { type, status, reason, message, lastTransitionTime: '2026-11-23T18:00:00Z', observedGeneration: 1 };
}

suite('the definitions of the resources on a real API server', () => {
  let plane: ControlPlane;
  before(async () => {
    plane = await startControlPlane({ crds: kindNames.map((kind) => fileURLToPath(manifestURL(kind))) });
  });
  after(() => plane.stop());

  /** Writes the status as the operator does. */
  async function setStatus(namespace: string, manifest: Manifest, status: object): Promise<void> {
    const { kind, metadata } = manifest;
    await plane.client.applyStatus(typeOf(kind), {
      metadata: { name: metadata.name, namespace },
      status,
    } as KubernetesObject);
  }

  test('every definition is established, structural and within the budget of its rules', async () => {
    for (const kind of kindNames) {
      const answer = await plane.transport.request({
        method: 'GET',
        path: `/apis/apiextensions.k8s.io/v1/customresourcedefinitions/${kinds[kind].plural}.millrace.dev`,
      });
      const { status } = answer.body as {
        status: { conditions: { type: string; status: string }[] };
      };
      const state = Object.fromEntries(status.conditions.map((entry) => [entry.type, entry.status]));
      assert.equal(state['Established'], 'True');
      assert.equal(state['NamesAccepted'], 'True');
      assert.notEqual(state['NonStructuralSchema'], 'True');
    }
  });

  for (const crdCase of crdCases) {
    test(crdCase.name, async () => {
      await runCrdCase(plane.transport, await plane.createNamespace('case'), crdCase);
    });
  }

  test('an object just applied is never taken for ready: its observed generation is -1', async () => {
    const namespace = await plane.createNamespace('fresh');
    for (const manifest of [connectionManifest(), storeManifest(), sourceManifest()]) {
      await applyManifest(plane.transport, namespace, manifest);
      const key = { namespace, name: manifest.metadata.name };
      const stored = await plane.client.get<WithStatus>(typeOf(manifest.kind), key);
      assert.equal(stored.metadata.generation, 1);
      assert.equal(stored.status?.observedGeneration, -1);
    }
  });

  test('the spec cannot be changed by way of the status, nor the status by way of the spec', async () => {
    const namespace = await plane.createNamespace('apart');
    const source = sourceManifest();
    await applyManifest(plane.transport, namespace, { ...source, status: { lagSeconds: 7 } } as Manifest);
    await setStatus(namespace, source, { observedGeneration: 1, files: { found: 3 } });
    const stored = await plane.client.get<WithStatus>(typeOf('S3ImportSource'), {
      namespace,
      name: source.metadata.name,
    });
    assert.equal(stored.metadata.generation, 1);
    assert.deepEqual(stored.status, { observedGeneration: 1, files: { found: 3 } });
  });

  test('a status as large as its limits is accepted, and one more failure is refused', async () => {
    const namespace = await plane.createNamespace('status');
    const source = sourceManifest();
    await applyManifest(plane.transport, namespace, source);
    const failure = { keyHash: 'a'.repeat(64), reason: 'TruncatedGzip', message: 'm', cure: 'c' };
    const status = {
      observedGeneration: 1,
      lastHandledReconcileAt: 'now',
      files: { found: 9, imported: 5, failed: 1, pending: 3, overwritten: 0, ignored: 2 },
      records: { imported: 1, duplicate: 2, rejected: 3, skipped: 4 },
      shards: { desired: 2, active: 1, failed: 0 },
      run: { number: 4, startTime: '2026-11-23T18:00:00Z', completionTime: '2026-11-23T18:01:00Z' },
      conversion: { generation: 2, digest: 'f'.repeat(64) },
      lagSeconds: 30,
      latency: { files: 1000, medianSeconds: 4, p99Seconds: 20 },
      conditions: [condition('Ready', 'True', 'Succeeded')],
    };
    await setStatus(namespace, source, {
      ...status,
      lastFailures: Array.from({ length: 5 }, () => failure),
    });
    await assert.rejects(
      setStatus(namespace, source, { ...status, lastFailures: Array.from({ length: 6 }, () => failure) }),
      /must have at most 5 items/,
    );
  });

  test('an operator that is newer than the definitions writes what they know, and tells what to apply', async () => {
    const namespace = await plane.createNamespace('older');
    const source = sourceManifest();
    await applyManifest(plane.transport, namespace, source);
    const key = { namespace, name: source.metadata.name };
    const type = typeOf('S3ImportSource');
    const object = await plane.client.get<WithStatus>(type, key);
    const events: RecordedEvent[] = [];
    const recorder = { record: (event: RecordedEvent) => void events.push(event) };
    const signal = AbortSignal.timeout(60_000);
    const known = { observedGeneration: 1, files: { found: 3, failed: 1 }, lagSeconds: 10 };
    const newer = { ...known, files: { ...known.files, weighed: 2 }, weather: { wind: 'north' } };
    await writeStatus({ client: plane.client, recorder, signal }, type, object, newer);
    assert.deepEqual((await plane.client.get<WithStatus>(type, key)).status, known);
    assert.deepEqual(
      events.map(({ type: kind, reason }) => [kind, reason]),
      [['Warning', 'ApiRequestRefused']],
    );
    assert.match(
      events[0]?.note ?? '',
      /older than the operator and has no status\.files\.weighed, status\.weather;/,
    );
    await assert.rejects(
      writeStatus({ client: plane.client, recorder, signal }, type, object, { observedGeneration: 'one' }),
      /observedGeneration/,
    );
  });

  test('[I-56] the list of sources shows what state each is in, and more in the wide view', async () => {
    const namespace = await plane.createNamespace('list');
    const source = sourceManifest({ suspend: true });
    await applyManifest(plane.transport, namespace, source);
    await setStatus(namespace, source, {
      conditions: [condition('Ready', 'False', 'PermissionDenied', 'It may not s3:GetObject.')],
      files: { found: 1204, pending: 1204, imported: 0, failed: 7 },
      records: { rejected: 3 },
      lagSeconds: 90,
    });
    const { columns, row } = await tableOf('S3ImportSource', namespace);
    assert.deepEqual(
      columns.filter(({ priority }) => priority === 0).map(({ name }) => name.toUpperCase()),
      ['NAME', 'READY', 'REASON', 'BUCKET', 'PREFIX', 'PENDING', 'IMPORTED', 'LAG', 'AGE'],
    );
    assert.deepEqual(
      { ...row, Age: undefined },
      {
        Name: 'web-events',
        Ready: 'False',
        Reason: 'PermissionDenied',
        Bucket: 'acme-events',
        Prefix: 'web/',
        Pending: 1204,
        Imported: 0,
        Lag: 90,
        Age: undefined,
        Failed: 7,
        Rejected: 3,
        Project: '168342',
        Store: 'analytics',
        Suspended: true,
        Message: 'It may not s3:GetObject.',
      },
    );
  });

  test('[I-56] connections and stores show their state and what they reach', async () => {
    const namespace = await plane.createNamespace('list');
    await applyManifest(plane.transport, namespace, connectionManifest({ endpoint: 'http://minio:9000' }));
    await applyManifest(plane.transport, namespace, storeManifest());
    await setStatus(namespace, connectionManifest(), {
      conditions: [condition('Ready', 'True', 'Succeeded')],
      account: '111122223333',
      principal: 'arn:aws:iam::111122223333:user/u',
    });
    await setStatus(namespace, storeManifest(), { serverVersion: '18.1', schemaVersion: 3 });

    const connection = await tableOf('S3Connection', namespace);
    assert.equal(connection.row['Ready'], 'True');
    assert.equal(connection.row['Endpoint'], 'http://minio:9000');
    assert.equal(connection.row['Principal'], 'arn:aws:iam::111122223333:user/u');
    const store = await tableOf('EventStore', namespace);
    assert.equal(store.row['Organization'], '1042');
    assert.equal(store.row['Server'], '18.1');
    assert.equal(store.row['Version'], 3);
  });

  async function tableOf(kind: Kind, namespace: string) {
    const answer = await plane.transport.request({
      method: 'GET',
      path: collectionPath(typeOf(kind), namespace),
      headers: { accept: 'application/json;as=Table;v=v1;g=meta.k8s.io' },
    });
    const { columnDefinitions: columns, rows } = answer.body as {
      columnDefinitions: { name: string; priority: number }[];
      rows: { cells: unknown[] }[];
    };
    const cells = rows[0]?.cells ?? [];
    return { columns, row: Object.fromEntries(columns.map(({ name }, index) => [name, cells[index]])) };
  }

  test('[I-56] kubectl knows the short names, and one word for the objects of all kinds', async () => {
    const namespace = await plane.createNamespace('kubectl');
    for (const manifest of [connectionManifest(), storeManifest(), sourceManifest()]) {
      await applyManifest(plane.transport, namespace, manifest);
    }
    for (const [short, name] of [
      ['s3src', 'web-events'],
      ['s3conn', 'lake'],
      ['evstore', 'analytics'],
    ] as const) {
      assert.match(await plane.kubectl(['get', short, '-n', namespace]), new RegExp(`^${name} `, 'm'));
    }
    // After the short names: a miss there makes kubectl forget what it knew before the definitions came.
    const all = await plane.kubectl(['get', 'millrace', '-n', namespace, '-o', 'name']);
    assert.deepEqual(all.trim().split('\n').toSorted(), [
      'eventstore.millrace.dev/analytics',
      's3connection.millrace.dev/lake',
      's3importsource.millrace.dev/web-events',
    ]);
  });

  test('kubectl explain has a sentence for every field', async () => {
    const text = await plane.kubectl(['explain', 's3importsource.spec.files.csv']);
    assert.match(text, /delimiter\s+<string>/);
    assert.match(text, /What stands between two fields/);
  });

  test('[I-12] kubectl tells a person who changes the bucket which field it is and what to do', async () => {
    const namespace = await plane.createNamespace('kubectl');
    await applyManifest(plane.transport, namespace, sourceManifest());
    const patch = JSON.stringify({ spec: { bucket: 'other-bucket' } });
    await assert.rejects(
      plane.kubectl(['patch', 's3src', 'web-events', '-n', namespace, '--type=merge', '-p', patch]),
      /spec\.bucket: Forbidden: spec\.bucket cannot change: .* Create a new S3ImportSource for the other bucket\./,
    );
  });

  test('the manifests of the examples are accepted as they are', async () => {
    const examples = new URL('../../../examples/', import.meta.url);
    const files = (await readdir(examples, { recursive: true })).filter((file) => file.endsWith('.yaml'));
    assert.ok(files.length >= 5, `${files.length} files`);
    const kindsSeen = new Set<unknown>();
    for (const file of files) {
      const text = await readFile(new URL(file, examples), 'utf8');
      for (const document of parseAllDocuments(text)) kindsSeen.add((document.toJS() as Manifest).kind);
      const namespace = await plane.createNamespace('example');
      await plane.kubectl(['apply', '--server-side', '--validate=strict', '-n', namespace, '-f', '-'], {
        input: text,
      });
    }
    for (const kind of kindNames) assert.ok(kindsSeen.has(kind), `no example of ${kind}`);
  });
});
