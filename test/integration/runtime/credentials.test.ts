import assert from 'node:assert/strict';
import { chmod, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, suite, test, type TestContext } from 'node:test';
import { systemClock } from '../../../lib/clock.ts';
import { TransientError } from '../../../lib/errors.ts';
import { loadClusterAccess } from '../../../operator/runtime/cluster-access.ts';
import { createHttpTransport, type HttpTransport } from '../../../operator/runtime/http-transport.ts';
import { startControlPlane, type ControlPlane } from '../../support/control-plane/control-plane.ts';
import { reasonToSkip } from '../../support/control-plane/install.ts';
import { waitUntil } from '../../support/control-plane/wait-until.ts';

const accounts = {
  group: '',
  version: 'v1',
  kind: 'ServiceAccount',
  plural: 'serviceaccounts',
  namespaced: true,
};

/** A kubeconfig of one user, whose credentials are as given. JSON is YAML too. */
function kubeconfigOf(server: string, ca: string, user: object): string {
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'test',
    clusters: [
      {
        name: 'test',
        cluster: { server, 'certificate-authority-data': Buffer.from(ca).toString('base64') },
      },
    ],
    users: [{ name: 'user', user }],
    contexts: [{ name: 'test', context: { cluster: 'test', user: 'user' } }],
  });
}

suite('credentials that rotate', { skip: await reasonToSkip() }, () => {
  let plane: ControlPlane;
  before(async () => (plane = await startControlPlane()));
  after(() => plane?.stop());

  async function transportOf(t: TestContext, name: string, user: object) {
    const path = join(plane.folder, `${name}.kubeconfig`);
    const { connect } = await plane.access.connection();
    await writeFile(path, kubeconfigOf(plane.url, connect.ca ?? '', user));
    let aheadMs = 0;
    const clock = { ...systemClock, monotonic: () => systemClock.monotonic() + aheadMs };
    const access = await loadClusterAccess({ path, clock });
    const transport = createHttpTransport({ access, clock, userAgent: 'test', deadlineMs: 5_000 });
    t.after(() => transport.close());
    return { transport, passTime: (ms: number) => (aheadMs += ms) };
  }

  /** Whom the server takes the caller for; the status if it lets nobody in. */
  async function whoAmI(transport: HttpTransport): Promise<string> {
    const { status, body } = await transport.request({
      method: 'POST',
      path: '/apis/authentication.k8s.io/v1/selfsubjectreviews',
      body: { apiVersion: 'authentication.k8s.io/v1', kind: 'SelfSubjectReview' },
    });
    const review = body as { readonly status?: { readonly userInfo?: { readonly username: string } } };
    return review.status?.userInfo?.username ?? String(status);
  }

  async function tokenOf(namespace: string, name: string): Promise<string> {
    const key = { namespace, name };
    await plane.client.create(accounts, { metadata: key });
    const answer = await plane.client.createSubresource<{ readonly status: { readonly token: string } }>(
      accounts,
      key,
      {
        name: 'token',
        body: {
          apiVersion: 'authentication.k8s.io/v1',
          kind: 'TokenRequest',
          spec: { expirationSeconds: 600 },
        },
      },
    );
    return answer.status.token;
  }

  test('a token file is read anew within a minute or so, while the old token is still good', async (t) => {
    const namespace = await plane.createNamespace('token');
    const [first, second] = [await tokenOf(namespace, 'first'), await tokenOf(namespace, 'second')];
    const tokenFile = join(plane.folder, 'rotating-token');
    await writeFile(tokenFile, first);
    // As the kubeconfig of a pod is: client-node keeps what it read for a minute of the wall clock.
    t.mock.timers.enable({ apis: ['Date'], now: Date.now() });
    const { transport, passTime } = await transportOf(t, 'token', {
      'auth-provider': { name: 'tokenFile', config: { tokenFile } },
    });
    assert.equal(await whoAmI(transport), `system:serviceaccount:${namespace}:first`);
    await writeFile(tokenFile, second);
    assert.equal(await whoAmI(transport), `system:serviceaccount:${namespace}:first`);
    t.mock.timers.tick(61_000);
    passTime(61_000);
    assert.equal(await whoAmI(transport), `system:serviceaccount:${namespace}:second`);
  });

  test('a token that the server takes no longer is read anew at once', async (t) => {
    const namespace = await plane.createNamespace('revoked');
    const [first, second] = [await tokenOf(namespace, 'first'), await tokenOf(namespace, 'second')];
    const tokenFile = join(plane.folder, 'revoked-token');
    await writeFile(tokenFile, first);
    const { transport, passTime } = await transportOf(t, 'revoked', {
      'auth-provider': { name: 'tokenFile', config: { tokenFile } },
    });
    assert.equal(await whoAmI(transport), `system:serviceaccount:${namespace}:first`);
    await plane.client.delete(accounts, { namespace, name: 'first' });
    // The server remembers for some seconds whom it has let in.
    await waitUntil('the old token is refused', 60_000, async () => (await whoAmI(transport)) === '401');
    await writeFile(tokenFile, second);
    passTime(10_001);
    assert.equal(await whoAmI(transport), `system:serviceaccount:${namespace}:second`);
  });

  test('client certificates are read anew from their files, and the next calls use them', async (t) => {
    const files = { certificate: join(plane.folder, 'client.crt'), key: join(plane.folder, 'client.key') };
    const rotateTo = async (name: string): Promise<void> => {
      const { access } = await plane.accessFor({ name });
      const { connect } = await access.connection();
      await writeFile(files.certificate, connect.cert ?? '');
      await writeFile(files.key, connect.key ?? '');
    };
    await rotateTo('one');
    const { transport, passTime } = await transportOf(t, 'certificate', {
      'client-certificate': files.certificate,
      'client-key': files.key,
    });
    assert.equal(await whoAmI(transport), 'one');
    await rotateTo('two');
    passTime(10_001);
    assert.equal(await whoAmI(transport), 'two');
  });

  test('a plugin that gives credentials is asked again when they have run out, and one that hangs holds up no call for ever', async (t) => {
    const namespace = await plane.createNamespace('plugin');
    const plugin = join(plane.folder, 'plugin.sh');
    const answer = (token: string, expires: string) =>
      JSON.stringify({
        apiVersion: 'client.authentication.k8s.io/v1',
        kind: 'ExecCredential',
        status: { token, expirationTimestamp: expires },
      });
    const [first, second] = [await tokenOf(namespace, 'first'), await tokenOf(namespace, 'second')];
    const says = (text: string) => writeFile(plugin, `#!/bin/sh\ncat <<'END'\n${text}\nEND\n`);
    await says(answer(first, new Date(Date.now() + 60_000).toISOString()));
    await chmod(plugin, 0o755);
    t.mock.timers.enable({ apis: ['Date'], now: Date.now() });
    const exec = { apiVersion: 'client.authentication.k8s.io/v1', command: plugin, interactiveMode: 'Never' };
    const { transport, passTime } = await transportOf(t, 'plugin', { exec });
    assert.equal(await whoAmI(transport), `system:serviceaccount:${namespace}:first`);
    await says(answer(second, new Date(Date.now() + 120_000).toISOString()));
    t.mock.timers.tick(61_000);
    passTime(61_000);
    assert.equal(await whoAmI(transport), `system:serviceaccount:${namespace}:second`);

    await writeFile(plugin, '#!/bin/sh\nexec sleep 30\n');
    assert.match(await readFile(plugin, 'utf8'), /sleep/);
    t.mock.timers.tick(121_000);
    passTime(121_000);
    await assert.rejects(whoAmI(transport), (error) => {
      return error instanceof TransientError && /no answer to POST .* within 5000 ms/.test(error.message);
    });
  });
});
