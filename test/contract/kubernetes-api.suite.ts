/**
 * What a Kubernetes API does, as far as this project relies on it: run over the API in memory (quick) and over a real
 * API server (`test/integration/local/kubernetes-api.test.ts`), so that local mode cannot drift from a cluster.
 */
import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import type { JsonObject } from '../../lib/json.ts';
import { patchContentTypes, type ApiTransport, type HttpMethod } from '../../operator/runtime/transport.ts';
import type { ApiReply, OwnedFields, WatchLine } from '../support/api-reply.ts';
import { connectionManifest, storeManifest, type Manifest } from '../support/manifests.ts';

export interface ApiUnderTest {
  readonly transport: ApiTransport;
  /** Remembers few enough changes, or can be made to forget, that `forget` puts the given version out of reach. */
  forget(): Promise<void>;
  createNamespace(prefix: string): Promise<string>;
  stop(): Promise<void>;
}

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: ApiReply;
}

interface ApplyOptions {
  readonly manager?: string;
  readonly force?: boolean;
  readonly subresource?: 'status';
}

/** Short ways to speak to one namespace. */
function speakTo(transport: ApiTransport, namespace: string) {
  const at = {
    configMaps: `/api/v1/namespaces/${namespace}/configmaps`,
    secrets: `/api/v1/namespaces/${namespace}/secrets`,
    jobs: `/apis/batch/v1/namespaces/${namespace}/jobs`,
    leases: `/apis/coordination.k8s.io/v1/namespaces/${namespace}/leases`,
    connections: `/apis/millrace.dev/v1alpha1/namespaces/${namespace}/s3connections`,
    stores: `/apis/millrace.dev/v1alpha1/namespaces/${namespace}/eventstores`,
  } as const;
  async function call(
    method: HttpMethod,
    path: string,
    body?: unknown,
    more: { query?: Record<string, string>; contentType?: string } = {},
  ): Promise<Answer> {
    const answer = await transport.request({
      method,
      path,
      ...(body === undefined ? {} : { body }),
      ...(more.query === undefined ? {} : { query: more.query }),
      ...(more.contentType === undefined ? {} : { headers: { 'content-type': more.contentType } }),
    });
    return { ...answer, body: answer.body as ApiReply };
  }
  return {
    at,
    call,
    get: (path: string, query?: Record<string, string>) =>
      call('GET', path, undefined, query === undefined ? {} : { query }),
    create: (path: string, body: unknown) => call('POST', path, body, { query: { fieldManager: 'creator' } }),
    merge: (path: string, patch: unknown) =>
      call('PATCH', path, patch, { contentType: patchContentTypes.merge, query: { fieldManager: 'merger' } }),
    json: (path: string, operations: unknown) =>
      call('PATCH', path, operations, { contentType: patchContentTypes.json }),
    apply: (path: string, body: JsonObject | Manifest, options: ApplyOptions = {}) =>
      call('PATCH', options.subresource === undefined ? path : `${path}/${options.subresource}`, body, {
        contentType: patchContentTypes.apply,
        query: {
          fieldManager: options.manager ?? 'one',
          ...(options.force === true ? { force: 'true' } : {}),
        },
      }),
    configMap: (name: string, data: Record<string, string> = {}, metadata: JsonObject = {}): JsonObject => ({
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name, ...metadata },
      data,
    }),
  };
}

function assertOk(answer: Answer): ApiReply {
  assert.ok(answer.status < 300, JSON.stringify(answer.body));
  return answer.body;
}

function managers(object: ApiReply): Record<string, OwnedFields> {
  const entries = object.metadata.managedFields.map((entry) => [
    `${entry.manager}/${entry.operation}${entry.subresource ? `/${entry.subresource}` : ''}`,
    entry.fieldsV1,
  ]);
  return Object.fromEntries(entries);
}

function first<T>(list: readonly T[]): T {
  const [item] = list;
  assert.ok(item !== undefined, 'the list is empty');
  return item;
}

/** What a manager owns, at a path of elements. */
function owned(object: ApiReply, manager: string, ...path: readonly string[]): OwnedFields {
  const fields = path.reduce<OwnedFields | undefined>(
    (at, element) => at?.[element],
    managers(object)[manager],
  );
  assert.ok(fields !== undefined, `${manager} owns nothing at ${path.join(' ')}`);
  return fields;
}

export function kubernetesApiSuite(name: string, start: () => Promise<ApiUnderTest>): void {
  suite(name, () => {
    let api: ApiUnderTest;
    before(async () => {
      api = await start();
    });
    after(() => api.stop());

    async function empty() {
      const namespace = await api.createNamespace('contract');
      return { namespace, ...speakTo(api.transport, namespace) };
    }

    /** The events of a watch, until there are so many of them. */
    async function watch(path: string, query: Record<string, string>, count: number): Promise<WatchLine[]> {
      const stream = await api.transport.stream({
        method: 'GET',
        path,
        query: { watch: 'true', timeoutSeconds: '60', ...query },
      });
      assert.equal(stream.status, 200);
      const events: WatchLine[] = [];
      for await (const line of stream.lines) {
        events.push(JSON.parse(line) as WatchLine);
        if (events.length === count) break;
      }
      return events;
    }

    test('a created object has uid, version, time and generation, and its status is dropped', async () => {
      const { at, create, namespace } = await empty();
      const body = { ...connectionManifest(), status: { principal: 'me' } };
      const made = assertOk(await create(at.connections, body));
      assert.match(made.metadata.uid, /^[0-9a-f]{8}-[0-9a-f-]{27}$/u);
      assert.match(made.metadata.resourceVersion, /^\d+$/u);
      assert.match(made.metadata.creationTimestamp, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/u);
      assert.equal(made.metadata.generation, 1);
      assert.equal(made.metadata.namespace, namespace);
      assert.deepEqual(made.status, { observedGeneration: -1 });
    });

    test('an object that does not exist is a NotFound with the name of its resource', async () => {
      const { at, get } = await empty();
      const answer = await get(`${at.connections}/none`);
      assert.equal(answer.status, 404);
      assert.deepEqual(answer.body, {
        kind: 'Status',
        apiVersion: 'v1',
        metadata: {},
        status: 'Failure',
        message: 's3connections.millrace.dev "none" not found',
        reason: 'NotFound',
        details: { name: 'none', group: 'millrace.dev', kind: 's3connections' },
        code: 404,
      });
    });

    test('a second object of a name is an AlreadyExists', async () => {
      const { at, create, configMap } = await empty();
      assertOk(await create(at.configMaps, configMap('a')));
      const answer = await create(at.configMaps, configMap('a'));
      assert.equal(answer.status, 409);
      assert.equal(answer.body.reason, 'AlreadyExists');
      assert.equal(answer.body.message, 'configmaps "a" already exists');
    });

    test('an object in a namespace that does not exist is refused', async () => {
      const { create, configMap } = await empty();
      const answer = await create('/api/v1/namespaces/nowhere/configmaps', configMap('a'));
      assert.equal(answer.status, 404);
      assert.equal(answer.body.message, 'namespaces "nowhere" not found');
    });

    test('a name that is none is an Invalid with its field', async () => {
      const { at, create, configMap } = await empty();
      const answer = await create(at.configMaps, configMap('Not_A_Name'));
      assert.equal(answer.status, 422);
      assert.equal(answer.body.reason, 'Invalid');
      assert.equal(first(answer.body.details.causes).field, 'metadata.name');
      assert.match(
        answer.body.message,
        /^ConfigMap "Not_A_Name" is invalid: metadata\.name: Invalid value: "Not_A_Name": /u,
      );
    });

    test('generateName makes a name', async () => {
      const { at, create, configMap } = await empty();
      const body = configMap('', {}, { generateName: 'made-' });
      const made = assertOk(await create(at.configMaps, body));
      assert.match(made.metadata.name, /^made-.{5}$/u);
    });

    test('every mistake of an object has a cause with its field, and the message lists them', async () => {
      const { at, create } = await empty();
      const answer = await create(
        at.connections,
        connectionManifest({ region: 'US EAST', description: 'x'.repeat(1025) }),
      );
      assert.equal(answer.status, 422);
      const causes = Object.fromEntries(answer.body.details.causes.map((cause) => [cause.field, cause]));
      assert.equal(causes['spec.description']?.reason, 'FieldValueTooLong');
      assert.equal(causes['spec.description']?.message, 'Too long: may not be more than 1024 bytes');
      assert.equal(causes['spec.region']?.reason, 'FieldValueInvalid');
      assert.ok(
        causes['spec.region']?.message.startsWith(
          'Invalid value: "US EAST": spec.region in body should match ',
        ),
      );
      assert.match(answer.body.message, /^S3Connection\.millrace\.dev "lake" is invalid: \[spec\./u);
    });

    test('a mistake that hides the rules says that they were not checked', async () => {
      const { at, create } = await empty();
      const answer = await create(
        at.connections,
        connectionManifest({ region: undefined, endpoint: 'ftp://x' }),
      );
      assert.deepEqual(answer.body.details.causes, [
        { reason: 'FieldValueRequired', message: 'Required value', field: 'spec.region' },
        {
          reason: 'FieldValueInvalid',
          message:
            'Invalid value: null: some validation rules were not checked because the object was invalid; correct the existing errors to complete validation',
          field: '<nil>',
        },
      ]);
    });

    test('a value of the wrong type, a forbidden value and a rule that fails are told in the words of the server', async () => {
      const { at, create } = await empty();
      const wrong = await create(at.connections, connectionManifest({ forcePathStyle: 'yes' }));
      assert.deepEqual(first(wrong.body.details.causes), {
        reason: 'FieldValueTypeInvalid',
        message: 'Invalid value: "string": spec.forcePathStyle in body must be of type boolean: "string"',
        field: 'spec.forcePathStyle',
      });
      const rule = await create(at.connections, connectionManifest({ endpoint: 'ftp://x' }));
      const cause = first(rule.body.details.causes);
      assert.equal(cause.reason, 'FieldValueInvalid');
      assert.ok(cause.message.startsWith('Invalid value: "ftp://x": must be an http:// or https:// address'));
      const union = await create(at.connections, connectionManifest({ credentials: {} }));
      assert.deepEqual(
        union.body.details.causes.map(({ reason, field }) => ({ reason, field })),
        [{ reason: 'FieldValueRequired', field: 'spec.credentials' }],
      );
    });

    test('a field that may not change is forbidden, at its path, and the object stays', async () => {
      const { at, create, merge, get } = await empty();
      const made = assertOk(await create(at.connections, connectionManifest({ endpoint: 'https://a' })));
      const answer = await merge(`${at.connections}/lake`, { spec: { endpoint: 'https://b' } });
      assert.equal(answer.status, 422);
      const cause = first(answer.body.details.causes);
      assert.equal(cause.reason, 'FieldValueForbidden');
      assert.equal(cause.field, 'spec.endpoint');
      assert.ok(cause.message.startsWith('Forbidden: spec.endpoint cannot change'));
      assert.deepEqual((await get(`${at.connections}/lake`)).body, made);
    });

    test('unknown fields are dropped with a warning, or refused where the client is strict', async () => {
      const { at, call } = await empty();
      const body = { ...connectionManifest({ colour: 'red' }) };
      const warned = await call('POST', at.connections, body);
      assert.equal('colour' in assertOk(warned).spec, false);
      assert.match(warned.headers['warning'] ?? '', /unknown field \\"spec\.colour\\"/u);
      const strict = await call('POST', at.connections, body, { query: { fieldValidation: 'Strict' } });
      assert.equal(strict.status, 400);
      assert.equal(
        strict.body.message,
        'S3Connection in version "v1alpha1" cannot be handled as a S3Connection: strict decoding error: unknown field "spec.colour"',
      );
    });

    test('null stands for an absent field', async () => {
      const { at, create } = await empty();
      const made = assertOk(
        await create(at.connections, connectionManifest({ forcePathStyle: null, endpoint: null })),
      );
      assert.equal(made.spec['forcePathStyle'], false);
      assert.equal('endpoint' in made.spec, false);
    });

    test('a body of another kind, name or namespace than its path says is refused', async () => {
      const { at, create, call, configMap } = await empty();
      assert.equal((await create(at.configMaps, { ...configMap('a'), kind: 'Secret' })).status, 400);
      assert.equal((await create(at.configMaps, configMap('a', {}, { namespace: 'other' }))).status, 400);
      assertOk(await create(at.configMaps, configMap('a')));
      assert.equal((await call('PUT', `${at.configMaps}/a`, configMap('b'))).status, 400);
    });

    test('the generation counts changes of the spec and of nothing else', async () => {
      const { at, create, merge } = await empty();
      assertOk(await create(at.connections, connectionManifest()));
      const path = `${at.connections}/lake`;
      const labelled = assertOk(await merge(path, { metadata: { labels: { a: 'b' } } }));
      assert.equal(labelled.metadata.generation, 1);
      const observed = assertOk(await merge(`${path}/status`, { status: { observedGeneration: 1 } }));
      assert.equal(observed.metadata.generation, 1);
      const changed = assertOk(await merge(path, { spec: { displayName: 'Lake' } }));
      assert.equal(changed.metadata.generation, 2);
      assert.deepEqual(changed.status, { observedGeneration: 1 });
    });

    test('spec and status are written through different doors', async () => {
      const { at, create, merge } = await empty();
      assertOk(await create(at.connections, connectionManifest()));
      const path = `${at.connections}/lake`;
      const main = assertOk(await merge(path, { spec: { displayName: 'A' }, status: { principal: 'x' } }));
      assert.deepEqual([main.spec['displayName'], main.status['principal']], ['A', undefined]);
      const status = assertOk(
        await merge(`${path}/status`, {
          metadata: { labels: { a: 'b' } },
          spec: { displayName: 'B' },
          status: { principal: 'x' },
        }),
      );
      assert.deepEqual([status.spec['displayName'], status.status['principal']], ['A', 'x']);
    });

    test('a write that changes nothing leaves the version alone', async () => {
      const { at, create, merge } = await empty();
      const made = assertOk(await create(at.configMaps, assertConfig('a', { k: 'v' })));
      const same = assertOk(await merge(`${at.configMaps}/a`, { data: { k: 'v' } }));
      assert.equal(same.metadata.resourceVersion, made.metadata.resourceVersion);
    });

    test('a PUT of an old version is a Conflict, and one of a custom resource needs a version', async () => {
      const { at, create, call, merge } = await empty();
      const made = assertOk(await create(at.connections, connectionManifest()));
      assertOk(await merge(`${at.connections}/lake`, { spec: { displayName: 'A' } }));
      const stale = await call('PUT', `${at.connections}/lake`, made);
      assert.equal(stale.status, 409);
      assert.equal(stale.body.reason, 'Conflict');
      assert.equal(
        stale.body.message,
        'Operation cannot be fulfilled on s3connections.millrace.dev "lake": the object has been modified; please apply your changes to the latest version and try again',
      );
      const { resourceVersion: _, ...metadata } = made.metadata;
      const blind = await call('PUT', `${at.connections}/lake`, { ...made, metadata });
      assert.equal(blind.status, 422);
      assert.equal(first(blind.body.details.causes).field, 'metadata.resourceVersion');
    });

    test('a patch that names a version or uid is held to it', async () => {
      const { at, create, merge } = await empty();
      assertOk(await create(at.configMaps, assertConfig('a')));
      const old = await merge(`${at.configMaps}/a`, { metadata: { resourceVersion: '1' }, data: { k: 'v' } });
      assert.equal(old.status, 409);
      const other = await merge(`${at.configMaps}/a`, { metadata: { uid: 'no' }, data: { k: 'v' } });
      assert.equal(other.status, 422);
      assert.equal(first(other.body.details.causes).field, 'metadata.uid');
    });

    test('a JSON patch adds, replaces, removes and tests', async () => {
      const { at, create, json } = await empty();
      assertOk(await create(at.configMaps, assertConfig('a', { one: '1', two: '2' })));
      const path = `${at.configMaps}/a`;
      const changed = assertOk(
        await json(path, [
          { op: 'test', path: '/data/one', value: '1' },
          { op: 'replace', path: '/data/one', value: 'I' },
          { op: 'remove', path: '/data/two' },
          { op: 'add', path: '/data/three', value: '3' },
        ]),
      );
      assert.deepEqual(changed.data, { one: 'I', three: '3' });
      const failed = await json(path, [{ op: 'test', path: '/data/one', value: '1' }]);
      assert.equal(failed.status, 422);
      assert.equal((await json(path, [{ op: 'remove', path: '/data/none' }])).status, 422);
    });

    test('a patch of an unknown type is refused with those that are known', async () => {
      const { at, create, call } = await empty();
      assertOk(await create(at.connections, connectionManifest()));
      const answer = await call(
        'PATCH',
        `${at.connections}/lake`,
        {},
        {
          contentType: 'application/strategic-merge-patch+json',
        },
      );
      assert.equal(answer.status, 415);
      assert.match(answer.body.message, /application\/merge-patch\+json/u);
    });

    test('stringData of a Secret becomes data', async () => {
      const { at, create } = await empty();
      const body = {
        apiVersion: 'v1',
        kind: 'Secret',
        metadata: { name: 'a' },
        data: { a: 'YQ==' },
        stringData: { b: 'b' },
      };
      const made = assertOk(await create(at.secrets, body));
      assert.deepEqual(made.data, { a: 'YQ==', b: 'Yg==' });
      assert.equal('stringData' in made, false);
      assert.equal(made.type, 'Opaque');
    });

    test('a Lease takes times of six digits and refuses those that are none', async () => {
      const { at, create } = await empty();
      const lease = (renewTime: string) => ({
        apiVersion: 'coordination.k8s.io/v1',
        kind: 'Lease',
        metadata: { name: 'leader' },
        spec: { holderIdentity: 'me', leaseDurationSeconds: 15, renewTime },
      });
      assert.equal((await create(at.leases, lease('2026-11-23 18:00'))).status, 400);
      const made = assertOk(await create(at.leases, lease('2026-11-23T18:00:00.123456Z')));
      assert.equal(made.spec['renewTime'], '2026-11-23T18:00:00.123456Z');
    });

    test('a list is sorted, selected by label and field, and read page by page as it stood at the start', async () => {
      const { at, create, get, configMap, namespace } = await empty();
      for (const name of ['c', 'a', 'b', 'd']) {
        assertOk(
          await create(at.configMaps, configMap(name, {}, { labels: { tier: name < 'c' ? 'low' : 'high' } })),
        );
      }
      const names = (list: ApiReply) => list.items.map((item) => item.metadata.name);
      const own = { fieldSelector: 'metadata.name!=kube-root-ca.crt' };
      const whole = assertOk(await get(at.configMaps, own));
      assert.equal(whole.kind, 'ConfigMapList');
      assert.deepEqual(names(whole), ['a', 'b', 'c', 'd']);
      assert.match(whole.metadata.resourceVersion, /^\d+$/u);
      const selected = (query: Record<string, string>) =>
        get(at.configMaps, query).then(assertOk).then(names);
      assert.deepEqual(await selected({ labelSelector: 'tier=low' }), ['a', 'b']);
      assert.deepEqual(await selected({ labelSelector: 'tier in (high),tier!=low' }), ['c', 'd']);
      assert.deepEqual(await selected({ labelSelector: 'tier notin (high, low),!none,tier' }), []);
      assert.deepEqual(await selected({ fieldSelector: 'metadata.name=b' }), ['b']);
      const everywhere = assertOk(
        await get('/api/v1/configmaps', { fieldSelector: `metadata.namespace=${namespace},metadata.name=c` }),
      );
      assert.deepEqual(names(everywhere), ['c']);

      const page = assertOk(await get(at.configMaps, { ...own, limit: '3' }));
      assertOk(await create(at.configMaps, configMap('e')));
      const second = assertOk(
        await get(at.configMaps, { ...own, limit: '3', continue: page.metadata.continue ?? '' }),
      );
      assert.deepEqual([...names(page), ...names(second)], ['a', 'b', 'c', 'd']);
      assert.equal(second.metadata.resourceVersion, page.metadata.resourceVersion);
      assert.equal(second.metadata.continue ?? '', '');
    });

    test('a selector that cannot be read, or of a field that is not indexed, is refused', async () => {
      const { at, get } = await empty();
      assert.equal((await get(at.configMaps, { labelSelector: 'a b' })).status, 400);
      const answer = await get(at.connections, { fieldSelector: 'spec.region=x' });
      assert.equal(answer.status, 400);
      assert.match(answer.body.message, /field label not supported: spec\.region/u);
    });

    test('a watch tells all that happened since a version, and what comes to match or ceases to', async () => {
      const { at, create, merge, call, get, configMap } = await empty();
      const start = assertOk(await get(at.configMaps)).metadata.resourceVersion;
      const labels = { watched: 'yes' };
      assertOk(await create(at.configMaps, configMap('a', {}, { labels })));
      assertOk(await create(at.configMaps, configMap('b')));
      const watching = watch(at.configMaps, { resourceVersion: start, labelSelector: 'watched=yes' }, 6);
      assertOk(await merge(`${at.configMaps}/a`, { data: { k: 'v' } }));
      assertOk(await merge(`${at.configMaps}/b`, { metadata: { labels } }));
      assertOk(await merge(`${at.configMaps}/b`, { metadata: { labels: { watched: 'no' } } }));
      assertOk(await merge(`${at.configMaps}/b`, { metadata: { labels } }));
      assertOk(await call('DELETE', `${at.configMaps}/a`));
      const events = await watching;
      assert.deepEqual(
        events.map(({ type, object }) => `${type} ${object.metadata.name}`),
        ['ADDED a', 'MODIFIED a', 'ADDED b', 'DELETED b', 'ADDED b', 'DELETED a'],
      );
      const versions = events.map(({ object }) => Number(object.metadata.resourceVersion));
      assert.deepEqual(
        versions,
        versions.toSorted((a, b) => a - b),
      );
    });

    test('a watch without a version begins with what is there', async () => {
      const { at, create, configMap } = await empty();
      assertOk(await create(at.configMaps, configMap('a')));
      const event = first(await watch(at.configMaps, { fieldSelector: 'metadata.name=a' }, 1));
      assert.deepEqual([event.type, event.object.metadata.name], ['ADDED', 'a']);
    });

    test('a watch ends in its time, with a bookmark of the latest version', async () => {
      const { at, get, create, configMap } = await empty();
      const start = assertOk(await get(at.configMaps)).metadata.resourceVersion;
      assertOk(await create(at.configMaps, configMap('other')));
      const query = {
        resourceVersion: start,
        allowWatchBookmarks: 'true',
        timeoutSeconds: '3',
        labelSelector: 'none=such',
      };
      const events = await watch(at.configMaps, query, 100);
      for (const { type, object } of events) {
        assert.equal(type, 'BOOKMARK');
        assert.equal(object.kind, 'ConfigMap');
        assert.ok(Number(object.metadata.resourceVersion) >= Number(start));
      }
    });

    test('a watch from a version that is forgotten is told to begin anew', async () => {
      const { at, create, get, configMap } = await empty();
      const start = assertOk(await get(at.configMaps)).metadata.resourceVersion;
      assertOk(await create(at.configMaps, configMap('a')));
      await api.forget();
      const event = first(await watch(at.configMaps, { resourceVersion: start }, 1));
      assert.equal(event.type, 'ERROR');
      assert.equal(event.object.kind, 'Status');
      assert.deepEqual([event.object.code, event.object.reason], [410, 'Expired']);
    });

    test('an applied object is created, and applying it again changes nothing', async () => {
      const { at, apply } = await empty();
      const first = await apply(`${at.connections}/lake`, connectionManifest());
      assert.equal(first.status, 201);
      // The first write after a create may store the defaults that reads have shown since.
      const second = await apply(`${at.connections}/lake`, connectionManifest());
      const again = await apply(`${at.connections}/lake`, connectionManifest());
      assert.equal(again.status, 200);
      assert.deepEqual(again.body, second.body);
      assert.deepEqual(again.body.spec, first.body.spec);
      assert.deepEqual(managers(again.body), {
        'one/Apply': {
          'f:spec': { 'f:credentials': { 'f:secretRef': { 'f:name': {} } }, 'f:region': {} },
        },
      });
    });

    test('what an applier no longer applies goes, unless another owns it too', async () => {
      const { at, apply } = await empty();
      const path = `${at.connections}/lake`;
      const labels = { mine: 'a', ours: 'b' };
      const manifest = { ...connectionManifest({ displayName: 'Lake' }), metadata: { name: 'lake', labels } };
      assertOk(await apply(path, manifest));
      const second = { ...connectionManifest(), metadata: { name: 'lake', labels: { ours: 'b' } } };
      assertOk(await apply(path, second, { manager: 'two' }));
      const left = assertOk(await apply(path, connectionManifest()));
      assert.deepEqual(left.metadata.labels, { ours: 'b' });
      assert.equal('displayName' in left.spec, false);
      assert.deepEqual(owned(left, 'two/Apply', 'f:metadata'), { 'f:labels': { 'f:ours': {} } });
    });

    test('a field that another manager set otherwise is a conflict that names it, unless forced', async () => {
      const { at, apply } = await empty();
      const path = `${at.connections}/lake`;
      assertOk(await apply(path, connectionManifest({ displayName: 'One' })));
      const wanted = connectionManifest({ displayName: 'Two' });
      const answer = await apply(path, wanted, { manager: 'two' });
      assert.equal(answer.status, 409);
      assert.deepEqual(answer.body, {
        kind: 'Status',
        apiVersion: 'v1',
        metadata: {},
        status: 'Failure',
        message: 'Apply failed with 1 conflict: conflict with "one": .spec.displayName',
        reason: 'Conflict',
        details: {
          causes: [
            { reason: 'FieldManagerConflict', message: 'conflict with "one"', field: '.spec.displayName' },
          ],
        },
        code: 409,
      });
      const forced = assertOk(await apply(path, wanted, { manager: 'two', force: true }));
      assert.equal(forced.spec['displayName'], 'Two');
      assert.equal('f:displayName' in owned(forced, 'one/Apply', 'f:spec'), false);
    });

    test('several conflicts are listed by manager, and one with a plain write says so', async () => {
      const { at, apply, merge } = await empty();
      const path = `${at.stores}/analytics`;
      assertOk(await apply(path, storeManifest({ deduplicationWindow: '100h' })));
      assertOk(await merge(path, { metadata: { labels: { a: 'b' } } }));
      const wanted = {
        ...storeManifest({ deduplicationWindow: '200h', projects: [{ id: '168342', name: 'other' }] }),
        metadata: { name: 'analytics', labels: { a: 'c' } },
      };
      const answer = await apply(path, wanted, { manager: 'two' });
      assert.equal(answer.status, 409);
      assert.deepEqual(answer.body.message.split('\n'), [
        'Apply failed with 3 conflicts: conflicts with "merger" using millrace.dev/v1alpha1:',
        '- .metadata.labels.a',
        'conflicts with "one":',
        '- .spec.deduplicationWindow',
        '- .spec.projects[id="168342"].name',
      ]);
    });

    test('items of a keyed list are owned and merged one by one', async () => {
      const { at, apply } = await empty();
      const path = `${at.stores}/analytics`;
      const [a, b, c] = ['1', '2', '3'].map((id) => ({ id, name: `n${id}` }));
      assertOk(await apply(path, storeManifest({ projects: [a, b] })));
      const both = assertOk(await apply(path, storeManifest({ projects: [c, a] }), { manager: 'two' }));
      assert.deepEqual(
        both.spec.projects.map(({ id }) => id),
        ['3', '1', '2'],
      );
      const less = assertOk(await apply(path, storeManifest({ projects: [a] })));
      assert.deepEqual(
        less.spec.projects.map(({ id }) => id),
        ['3', '1'],
      );
      assert.deepEqual(owned(less, 'one/Apply', 'f:spec', 'f:projects'), {
        'k:{"id":"1"}': { '.': {}, 'f:id': {}, 'f:name': {} },
      });
    });

    test('items of a set are owned one by one', async () => {
      const { at, apply } = await empty();
      const path = `${at.configMaps}/a`;
      const withFinalizers = (...finalizers: string[]) => ({
        apiVersion: 'v1',
        kind: 'ConfigMap',
        metadata: { name: 'a', finalizers },
      });
      assertOk(await apply(path, withFinalizers('a.dev/x', 'a.dev/y')));
      assertOk(await apply(path, withFinalizers('a.dev/y', 'a.dev/z'), { manager: 'two' }));
      const left = assertOk(await apply(path, withFinalizers('a.dev/x')));
      assert.deepEqual(left.metadata.finalizers.toSorted(), ['a.dev/x', 'a.dev/y', 'a.dev/z']);
      assert.deepEqual(owned(left, 'one/Apply', 'f:metadata', 'f:finalizers'), { 'v:"a.dev/x"': {} });
      assertOk(await apply(path, withFinalizers()));
      const last = assertOk(await apply(path, withFinalizers(), { manager: 'two' }));
      assert.equal('finalizers' in last.metadata, false);
    });

    test('status applied through its own door is owned apart, and its conditions merge by type', async () => {
      const { at, apply, create } = await empty();
      assertOk(await create(at.connections, connectionManifest()));
      const path = `${at.connections}/lake`;
      const condition = (type: string, status: string) => ({
        type,
        status,
        reason: 'Tested',
        message: '',
        observedGeneration: 1,
        lastTransitionTime: '2026-11-23T18:00:00Z',
      });
      const status = (...conditions: JsonObject[]): JsonObject => ({
        apiVersion: 'millrace.dev/v1alpha1',
        kind: 'S3Connection',
        metadata: { name: 'lake' },
        status: { observedGeneration: 1, conditions },
      });
      const through = { manager: 'one-status', subresource: 'status' } as const;
      assertOk(await apply(path, status(condition('Ready', 'False'), condition('Stalled', 'True')), through));
      const ready = assertOk(await apply(path, status(condition('Ready', 'True')), through));
      assert.deepEqual(
        ready.status.conditions.map(({ type, status: value }) => [type, value]),
        [['Ready', 'True']],
      );
      assert.equal(ready.metadata.generation, 1);
      const again = assertOk(await apply(path, status(condition('Ready', 'True')), through));
      assert.equal(again.metadata.resourceVersion, ready.metadata.resourceVersion);
      assert.deepEqual(Object.keys(owned(again, 'one-status/Apply/status')), ['f:status']);
    });

    test('a plain write takes the fields that it changes from an applier, silently', async () => {
      const { at, apply, merge } = await empty();
      const path = `${at.connections}/lake`;
      assertOk(await apply(path, connectionManifest({ displayName: 'One' })));
      const merged = assertOk(await merge(path, { spec: { displayName: 'Two' } }));
      assert.equal('f:displayName' in owned(merged, 'one/Apply', 'f:spec'), false);
      assert.deepEqual(owned(merged, 'merger/Update'), { 'f:spec': { 'f:displayName': {} } });
    });

    test('an apply without a manager, with unknown fields or with a list item twice is refused', async () => {
      const { at, apply, call } = await empty();
      const path = `${at.stores}/analytics`;
      const nameless = await call('PATCH', path, storeManifest(), { contentType: patchContentTypes.apply });
      assert.equal(nameless.status, 422);
      assert.match(nameless.body.message, /fieldManager: Required value/u);
      const unknown = await apply(path, storeManifest({ colour: 'red' }));
      assert.equal(unknown.status, 500);
      assert.match(
        unknown.body.message,
        /^failed to create typed patch object \(.*\): \.spec\.colour: field not declared in schema$/u,
      );
      const project = { id: '1', name: 'a' };
      const twice = await apply(path, storeManifest({ projects: [project, project] }));
      assert.match(twice.body.message, /\.spec\.projects: duplicate entries for key \[id="1"\]$/u);
    });

    test('an apply to the status of an object that does not exist is a NotFound', async () => {
      const { at, apply } = await empty();
      const answer = await apply(`${at.connections}/none`, connectionManifest({}, { name: 'none' }), {
        subresource: 'status',
      });
      assert.equal(answer.status, 404);
    });

    test('a deleted object is gone, and deleting it again is a NotFound', async () => {
      const { at, create, call } = await empty();
      const made = assertOk(await create(at.connections, connectionManifest()));
      const answer = await call('DELETE', `${at.connections}/lake`);
      assert.equal(answer.status, 200);
      assert.deepEqual(answer.body, {
        kind: 'Status',
        apiVersion: 'v1',
        metadata: {},
        status: 'Success',
        details: { name: 'lake', group: 'millrace.dev', kind: 's3connections', uid: made.metadata.uid },
      });
      assert.equal((await call('DELETE', `${at.connections}/lake`)).status, 404);
    });

    test('a deletion that means another object is a Conflict', async () => {
      const { at, create, call, configMap } = await empty();
      assertOk(await create(at.configMaps, configMap('a')));
      const answer = await call('DELETE', `${at.configMaps}/a`, { preconditions: { uid: 'other' } });
      assert.equal(answer.status, 409);
      assert.match(
        answer.body.message,
        /^Operation cannot be fulfilled on ConfigMap "a": the UID in the precondition \(other\) does not match the UID in record \([0-9a-f-]+\)\. /u,
      );
    });

    test('a finalizer keeps a deleted object until it is taken off, and no other can be added', async () => {
      const { at, create, call, merge, get, configMap } = await empty();
      assertOk(await create(at.configMaps, configMap('a', {}, { finalizers: ['a.dev/keep'] })));
      const path = `${at.configMaps}/a`;
      assertOk(await call('DELETE', path));
      const kept = assertOk(await get(path));
      assert.match(kept.metadata.deletionTimestamp, /Z$/u);
      assert.equal(kept.metadata.deletionGracePeriodSeconds, 0);
      const more = await merge(path, { metadata: { finalizers: ['a.dev/keep', 'a.dev/more'] } });
      assert.equal(more.status, 422);
      assert.equal(first(more.body.details.causes).field, 'metadata.finalizers');
      assertOk(await merge(path, { metadata: { finalizers: null } }));
      assert.equal((await get(path)).status, 404);
    });

    test('a dry run answers as if, and writes nothing', async () => {
      const { at, call, get, configMap } = await empty();
      assertOk(await call('POST', at.configMaps, configMap('a'), { query: { dryRun: 'All' } }));
      assert.equal((await get(`${at.configMaps}/a`)).status, 404);
    });

    test('a Job has the defaults, labels and selector of the server', async () => {
      const { at, create } = await empty();
      const made = assertOk(await create(at.jobs, indexedJob('work')));
      const { uid } = made.metadata;
      assert.deepEqual(made.spec.selector, { matchLabels: { 'batch.kubernetes.io/controller-uid': uid } });
      assert.deepEqual(made.spec.template.metadata.labels, {
        app: 'work',
        'batch.kubernetes.io/controller-uid': uid,
        'batch.kubernetes.io/job-name': 'work',
        'controller-uid': uid,
        'job-name': 'work',
      });
      assert.equal(made.metadata.generation, 1);
      const { selector: _, template, ...spec } = made.spec;
      assert.deepEqual(spec, {
        parallelism: 2,
        completions: 2,
        completionMode: 'Indexed',
        backoffLimit: 2147483647,
        backoffLimitPerIndex: 1,
        podReplacementPolicy: 'TerminatingOrFailed',
        suspend: false,
        manualSelector: false,
      });
      assert.deepEqual(template.spec, {
        restartPolicy: 'Never',
        dnsPolicy: 'ClusterFirst',
        schedulerName: 'default-scheduler',
        securityContext: {},
        terminationGracePeriodSeconds: 30,
        containers: [
          {
            name: 'worker',
            image: 'example.com/work:1',
            imagePullPolicy: 'IfNotPresent',
            resources: {},
            terminationMessagePath: '/dev/termination-log',
            terminationMessagePolicy: 'File',
          },
        ],
      });
    });

    test('an elastic Job grows by completions and parallelism together; its template never changes', async () => {
      const { at, create, merge } = await empty();
      assertOk(await create(at.jobs, indexedJob('work')));
      const path = `${at.jobs}/work`;
      const grown = assertOk(await merge(path, { spec: { completions: 4, parallelism: 4 } }));
      assert.deepEqual([grown.spec['completions'], grown.metadata.generation], [4, 2]);
      const alone = await merge(path, { spec: { completions: 5 } });
      assert.equal(alone.status, 422);
      assert.deepEqual(alone.body.details.causes, [
        {
          reason: 'FieldValueInvalid',
          message: 'Invalid value: 5: can only be modified in tandem with spec.parallelism',
          field: 'spec.completions',
        },
      ]);
      const template = await merge(path, { spec: { template: { spec: { priorityClassName: 'high' } } } });
      assert.equal(template.status, 422);
      assert.ok(
        template.body.details.causes.some(
          ({ field, message }) => field === 'spec.template' && message.endsWith('field is immutable'),
        ),
      );
    });

    test('an applied Job is not changed by being applied again', async () => {
      const { at, apply } = await empty();
      const first = assertOk(
        await apply(`${at.jobs}/work`, {
          ...indexedJob('work'),
          spec: { ...(indexedJob('work')['spec'] as JsonObject), suspend: true },
        }),
      );
      const again = assertOk(
        await apply(`${at.jobs}/work`, {
          ...indexedJob('work'),
          spec: { ...(indexedJob('work')['spec'] as JsonObject), suspend: true },
        }),
      );
      assert.equal(again.spec.selector.matchLabels['batch.kubernetes.io/controller-uid'], first.metadata.uid);
      assert.equal(again.metadata.generation, 1);
    });

    test('an unknown path or method is refused', async () => {
      const { call, at, get } = await empty();
      assert.equal((await get('/apis/millrace.dev/v1alpha1/nothings')).status, 404);
      assert.equal((await call('PUT', at.configMaps, {})).status, 405);
    });
  });
}

function assertConfig(name: string, data: Record<string, string> = {}): JsonObject {
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name }, data };
}

function indexedJob(name: string): JsonObject {
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: { name },
    spec: {
      completionMode: 'Indexed',
      completions: 2,
      parallelism: 2,
      backoffLimitPerIndex: 1,
      template: {
        metadata: { labels: { app: name } },
        spec: { restartPolicy: 'Never', containers: [{ name: 'worker', image: 'example.com/work:1' }] },
      },
    },
  };
}
