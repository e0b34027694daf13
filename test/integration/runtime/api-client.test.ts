import assert from 'node:assert/strict';
import { createServer, type Server } from 'node:http';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { systemClock } from '../../../lib/clock.ts';
import { TerminalError, TransientError } from '../../../lib/errors.ts';
import { createApiClient, type ApiClient } from '../../../operator/runtime/api-client.ts';
import {
  apiReasons,
  isAlreadyExists,
  isConflict,
  isExpired,
  isForbidden,
  isNotFound,
} from '../../../operator/runtime/api-error.ts';
import { loadClusterAccess, type ClusterAccess } from '../../../operator/runtime/cluster-access.ts';
import { createHttpTransport } from '../../../operator/runtime/http-transport.ts';
import { createMeteredTransport } from '../../../operator/runtime/metered-transport.ts';
import type { KubernetesObject, ResourceType } from '../../../operator/runtime/objects.ts';
import { createRetryingTransport } from '../../../operator/runtime/retrying-transport.ts';
import type { ApiRequest } from '../../../operator/runtime/transport.ts';
import { startControlPlane, type ControlPlane } from '../../support/control-plane/control-plane.ts';
import { reasonToSkip } from '../../support/control-plane/install.ts';
import { waitUntil } from '../../support/control-plane/wait-until.ts';
import { runtimeDeps } from '../../support/runtime-deps.ts';

const core = (kind: string, plural: string): ResourceType => ({
  group: '',
  version: 'v1',
  kind,
  plural,
  namespaced: true,
});
const configMaps = core('ConfigMap', 'configmaps');
const accounts = core('ServiceAccount', 'serviceaccounts');
const budgets: ResourceType = {
  group: 'policy',
  version: 'v1',
  kind: 'PodDisruptionBudget',
  plural: 'poddisruptionbudgets',
  namespaced: true,
};

interface ConfigMap extends KubernetesObject {
  readonly data?: Readonly<Record<string, string>>;
}

interface Budget extends KubernetesObject {
  readonly spec?: { readonly minAvailable?: number };
  readonly status?: Readonly<Record<string, unknown>>;
}

/** As the API sends it: with who owns which field. */
interface Managed {
  readonly managedFields?: readonly { readonly manager: string; readonly subresource?: string }[];
}

function clientOf(plane: ControlPlane, fieldManager: string): ApiClient {
  return createApiClient({ transport: plane.transport, clock: systemClock, fieldManager });
}

async function thrownBy(work: Promise<unknown>): Promise<unknown> {
  return work.then(
    () => assert.fail('nothing was thrown'),
    (error: unknown) => error,
  );
}

suite('the client on a real API server', { skip: await reasonToSkip() }, () => {
  let plane: ControlPlane;
  before(async () => (plane = await startControlPlane()));
  after(() => plane.stop());

  test('apply and applyStatus own the spec and the status under two field managers', async () => {
    const namespace = await plane.createNamespace('managers');
    const client = clientOf(plane, 'keeper');
    const metadata = { namespace, name: 'web' };
    await client.apply<Budget>(budgets, { metadata, spec: { minAvailable: 1 } });
    const status = {
      observedGeneration: 1,
      disruptionsAllowed: 3,
      currentHealthy: 0,
      desiredHealthy: 0,
      expectedPods: 0,
    };
    await client.applyStatus<Budget>(budgets, { metadata, status });
    // Applying the spec again without a word on status leaves status alone, and the reverse.
    const after = await client.apply<Budget>(budgets, { metadata, spec: { minAvailable: 2 } });
    assert.equal(after.spec?.minAvailable, 2);
    assert.equal(after.status?.['disruptionsAllowed'], 3);
    const managers = (after.metadata as Managed).managedFields?.map(
      ({ manager, subresource = '' }) => `${manager} ${subresource}`,
    );
    assert.deepEqual(managers?.toSorted(), ['keeper ', 'keeper-status status']);
  });

  test('an apply without force is refused where another manager owns the field, and takes it with force', async () => {
    const namespace = await plane.createNamespace('force');
    const object = (value: string): ConfigMap => ({
      metadata: { namespace, name: 'shared' },
      data: { key: value },
    });
    await clientOf(plane, 'first').apply(configMaps, object('1'));
    const second = clientOf(plane, 'second');
    const refusal = await thrownBy(second.apply(configMaps, object('2'), { force: false }));
    assert.ok(isConflict(refusal) && refusal instanceof TransientError);
    assert.match(refusal.message, /apply configmaps force-\d+\/shared: .* 409 Conflict: .*"first"/);
    assert.equal((await second.apply(configMaps, object('2'))).data?.['key'], '2');
  });

  test('a refusal is a TransientError or a TerminalError that names call, object and cause', async () => {
    const namespace = await plane.createNamespace('refused');
    const key = { namespace, name: 'it' };
    const { client } = plane;

    assert.equal(await client.find(configMaps, key), undefined);
    const missing = await thrownBy(client.get(configMaps, key));
    assert.ok(isNotFound(missing) && missing instanceof TransientError);
    assert.equal(await client.delete(configMaps, key), false);

    await client.create<ConfigMap>(configMaps, { metadata: key });
    assert.ok(isAlreadyExists(await thrownBy(client.create<ConfigMap>(configMaps, { metadata: key }))));

    const invalid = await thrownBy(
      client.create<ConfigMap>(configMaps, { metadata: { namespace, name: 'Not A Name' } }),
    );
    assert.ok(invalid instanceof TerminalError);
    assert.equal(invalid.reason, apiReasons.refused);
    assert.match(
      invalid.message,
      /^create configmaps refused-\d+\/Not A Name: the Kubernetes API answered 422 Invalid: /,
    );

    const unknownField = { metadata: { namespace, name: 'strict' }, dta: {} };
    const strict = await thrownBy(client.create(configMaps, unknownField));
    assert.ok(strict instanceof TerminalError);
    assert.match(strict.message, /400 BadRequest: .*unknown field "dta"/);
  });

  test('replace and delete with a precondition are refused when the object has moved on', async () => {
    const namespace = await plane.createNamespace('moved');
    const { client } = plane;
    const first = await client.create<ConfigMap>(configMaps, { metadata: { namespace, name: 'it' } });
    await client.replace<ConfigMap>(configMaps, { ...first, data: { by: 'one' } });
    assert.ok(
      isConflict(await thrownBy(client.replace<ConfigMap>(configMaps, { ...first, data: { by: 'two' } }))),
    );
    const key = { namespace, name: 'it' };
    const ofAnother = { uid: '00000000-0000-0000-0000-000000000000' };
    assert.ok(isConflict(await thrownBy(client.delete(configMaps, key, ofAnother))));
    assert.equal(await client.delete(configMaps, key, { uid: first.metadata.uid ?? '' }), true);
  });

  test('a user without permission is refused by RBAC with an error that is tried again', async () => {
    const namespace = await plane.createNamespace('rbac');
    const { access } = await plane.accessFor({ name: 'nobody-in-particular' });
    const transport = createHttpTransport({ access, clock: systemClock, userAgent: 'test' });
    const client = createApiClient({ transport, clock: systemClock, fieldManager: 'test' });
    const refusal = await thrownBy(client.list(configMaps, { namespace }));
    await transport.close();
    assert.ok(isForbidden(refusal) && refusal instanceof TransientError);
    assert.equal(refusal.reason, apiReasons.denied);
    assert.match(refusal.message, /nobody-in-particular/);
  });

  test('a token of a ServiceAccount is made through its subresource, and a kubeconfig with it is let in', async () => {
    const namespace = await plane.createNamespace('token');
    await plane.client.create(accounts, { metadata: { namespace, name: 'worker' } });
    const request = await plane.client.createSubresource<{ readonly status: { readonly token: string } }>(
      accounts,
      { namespace, name: 'worker' },
      {
        name: 'token',
        body: {
          apiVersion: 'authentication.k8s.io/v1',
          kind: 'TokenRequest',
          spec: { expirationSeconds: 600 },
        },
      },
    );
    const { connect } = await plane.access.connection();
    const access: ClusterAccess = {
      server: plane.url,
      namespace,
      connection: () =>
        Promise.resolve({
          headers: { authorization: `Bearer ${request.status.token}` },
          connect: { ca: connect.ca ?? '' },
        }),
      refresh: () => Promise.resolve(false),
    };
    const transport = createHttpTransport({ access, clock: systemClock, userAgent: 'test' });
    const review = { apiVersion: 'authentication.k8s.io/v1', kind: 'SelfSubjectReview' };
    const answer = await transport.request({
      method: 'POST',
      path: '/apis/authentication.k8s.io/v1/selfsubjectreviews',
      body: review,
    });
    await transport.close();
    assert.match(JSON.stringify(answer.body), new RegExp(`system:serviceaccount:${namespace}:worker`));
  });

  test('a kubeconfig file gives access by client certificate, over connections that are kept', async () => {
    const access = await loadClusterAccess({ path: plane.kubeconfigPath, clock: systemClock });
    assert.equal(access.server, plane.url);
    const deps = runtimeDeps();
    const http = createHttpTransport({ access, clock: systemClock, userAgent: 'millrace/test' });
    const host = new URL(plane.url).host;
    const transport = createMeteredTransport(http, { ...deps, host });
    for (let i = 0; i < 20; i += 1) {
      assert.equal((await transport.request({ method: 'GET', path: '/api/v1/namespaces' })).status, 200);
    }
    await http.close();
    assert.equal(await deps.metric('rest_client_requests_total', { code: '200', method: 'GET', host }), 20);
    assert.equal(await deps.metric('rest_client_request_duration_seconds_count', { verb: 'GET', host }), 20);
  });

  test('a watch from a version that is forgotten fails as expired', async () => {
    const namespace = await plane.createNamespace('expired');
    const { resourceVersion } = await plane.client.list(configMaps, { namespace });
    await plane.client.create<ConfigMap>(configMaps, { metadata: { namespace, name: 'it' } });
    await plane.compact();
    await plane.restartApiServer();
    const read = async (): Promise<void> => {
      const events = await plane.client.watch(configMaps, { namespace, resourceVersion, timeoutSeconds: 10 });
      for await (const event of events) assert.fail(`an event came: ${event.kind}`);
    };
    assert.ok(isExpired(await thrownBy(read())));
  });

  test('calls bridge a restart of the API server', async () => {
    const deps = runtimeDeps();
    const transport = createRetryingTransport(plane.transport, deps);
    const namespace = await plane.createNamespace('restart');
    const client = createApiClient({ transport, clock: systemClock, fieldManager: 'test' });
    let done = false;
    const restarted = plane.restartApiServer().finally(() => (done = true));
    let failures = 0;
    await waitUntil('the restart is over', 120_000, async () => {
      await client.list(configMaps, { namespace }).catch((error: unknown) => {
        assert.ok(error instanceof TransientError, String(error));
        failures += 1;
      });
      return done;
    });
    await restarted;
    await client.list(configMaps, { namespace });
    assert.ok(failures < 5, `${failures} calls failed in spite of their repeats`);
  });
});

suite('the transport against servers that misbehave', () => {
  /** One answer after another, the last one for ever. */
  async function startStub(
    answers: readonly {
      readonly status: number;
      readonly headers?: Record<string, string>;
      readonly body?: string;
    }[],
  ): Promise<{ readonly server: Server; readonly access: ClusterAccess; readonly seen: string[] }> {
    const seen: string[] = [];
    const server = createServer((request, response) => {
      const answer = answers[Math.min(seen.length, answers.length - 1)];
      seen.push(`${request.method} ${request.headers.authorization ?? ''}`.trim());
      response.writeHead(answer?.status ?? 500, { 'content-type': 'application/json', ...answer?.headers });
      response.end(answer?.body ?? '{}');
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    assert.ok(typeof address === 'object' && address !== null);
    const access: ClusterAccess = {
      server: `http://127.0.0.1:${address.port}`,
      namespace: 'default',
      connection: () => Promise.resolve({ headers: {}, connect: {} }),
      refresh: () => Promise.resolve(false),
    };
    return { server, access, seen };
  }

  const get = { method: 'GET', path: '/api' } as const;
  const post = { method: 'POST', path: '/api', body: {} } as const;

  test('a busy server is asked again after the time it names, whatever the call; an unwell one only where that is safe', async (t) => {
    const cases = [
      { answers: [429, 200], call: post, status: 200, calls: 2 },
      { answers: [503, 503, 200], call: get, status: 200, calls: 3 },
      { answers: [503, 200], call: post, status: 503, calls: 1 },
      { answers: [500], call: get, status: 500, calls: 4 },
      { answers: [404, 200], call: get, status: 404, calls: 1 },
    ];
    for (const { answers, call, status, calls } of cases) {
      const stub = await startStub(answers.map((code) => ({ status: code })));
      const http = createHttpTransport({ access: stub.access, clock: systemClock, userAgent: 'test' });
      t.after(() => http.close().then(() => stub.server.close()));
      const transport = createRetryingTransport(http, runtimeDeps({ random: () => 0.01 }));
      assert.equal((await transport.request(call)).status, status, answers.join());
      assert.equal(stub.seen.length, calls, answers.join());
    }
  });

  test('credentials that are not accepted any more are read anew, once', async (t) => {
    const stub = await startStub([{ status: 401 }, { status: 200 }]);
    let token = 'old';
    const access: ClusterAccess = {
      ...stub.access,
      connection: () => Promise.resolve({ headers: { authorization: `Bearer ${token}` }, connect: {} }),
      refresh: () => {
        token = 'new';
        return Promise.resolve(true);
      },
    };
    const http = createHttpTransport({ access, clock: systemClock, userAgent: 'test' });
    t.after(() => http.close().then(() => stub.server.close()));
    assert.equal((await http.request(post)).status, 200);
    assert.deepEqual(stub.seen, ['POST Bearer old', 'POST Bearer new']);
  });

  test('a server that does not answer in time, or is not there, gives a TransientError that says so', async (t) => {
    const silent = createServer(() => {});
    silent.listen(0, '127.0.0.1');
    await once(silent, 'listening');
    const address = silent.address();
    assert.ok(typeof address === 'object' && address !== null);
    const access: ClusterAccess = {
      server: `http://127.0.0.1:${address.port}`,
      namespace: 'default',
      connection: () => Promise.resolve({ headers: {}, connect: {} }),
      refresh: () => Promise.resolve(false),
    };
    const http = createHttpTransport({ access, clock: systemClock, userAgent: 'test' });
    t.after(() => http.close());
    const calls = [
      (request: ApiRequest) => http.request(request),
      (request: ApiRequest) => http.stream(request),
    ];
    for (const call of calls) {
      const late = await thrownBy(call({ ...get, deadlineMs: 100 }));
      assert.ok(late instanceof TransientError);
      assert.match(late.message, /no answer to GET \/api within 100 ms/);
    }
    const abort = new AbortController();
    const call = thrownBy(http.request({ ...get, signal: abort.signal }));
    abort.abort(new Error('enough'));
    assert.match(String(await call), /enough/);

    silent.closeAllConnections();
    silent.close();
    await once(silent, 'close');
    const absent = await thrownBy(http.request(get));
    assert.ok(absent instanceof TransientError);
    assert.match(absent.message, /ECONNREFUSED/);
  });

  test('a watch whose line is cut, or whose body is no event, fails as transient', async (t) => {
    for (const body of ['{"type":"ADDED","object":{"meta', '{"type":"GREETED","object":{}}', '[]']) {
      const stub = await startStub([{ status: 200, body }]);
      const http = createHttpTransport({ access: stub.access, clock: systemClock, userAgent: 'test' });
      t.after(() => http.close().then(() => stub.server.close()));
      const client = createApiClient({ transport: http, clock: systemClock, fieldManager: 'test' });
      const read = async (): Promise<void> => {
        const events = await client.watch(configMaps, { resourceVersion: '1', timeoutSeconds: 10 });
        for await (const event of events) assert.fail(`an event came: ${event.kind}`);
      };
      assert.ok((await thrownBy(read())) instanceof TransientError, body);
    }
  });

  test('the transport speaks over a Unix socket too', async (t) => {
    const folder = await mkdtemp(join(tmpdir(), 'millrace-socket-'));
    const socketPath = join(folder, 'api.sock');
    const server = createServer((request, response) => {
      response.writeHead(200, { 'content-type': 'application/json' });
      response.end(JSON.stringify({ path: request.url }));
    });
    server.listen(socketPath);
    await once(server, 'listening');
    t.after(() => rm(folder, { recursive: true }));
    const access: ClusterAccess = {
      server: 'http://localhost/base/',
      namespace: 'default',
      connection: () => Promise.resolve({ headers: {}, connect: { socketPath } }),
      refresh: () => Promise.resolve(false),
    };
    const http = createHttpTransport({ access, clock: systemClock, userAgent: 'test' });
    const { body } = await http.request({ method: 'GET', path: '/api/v1', query: { a: 'b c' } });
    await http.close();
    server.close();
    assert.deepEqual(body, { path: '/base/api/v1?a=b+c' });
  });
});
