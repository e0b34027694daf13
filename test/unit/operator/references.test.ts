import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import { resourceTypes } from '../../../operator/resource-types.ts';
import { readConfigMap, readSecret } from '../../../operator/references.ts';
import { ApiError } from '../../../operator/runtime/api-error.ts';
import type { ApiClient } from '../../../operator/runtime/api-client.ts';
import { createSourceWorld, type SourceWorld } from '../../support/source-world.ts';

const signal = new AbortController().signal;
let world: SourceWorld;

/** A world for the suite: hooks of a file would run for the tests of all files of its process. */
function inItsOwnWorld(): void {
  before(async () => {
    world = await createSourceWorld();
  });
  after(() => world.stop());
}

async function create(kind: 'Secret' | 'ConfigMap', name: string, content: object): Promise<void> {
  const type = kind === 'Secret' ? resourceTypes.secrets : resourceTypes.configMaps;
  const object = { apiVersion: 'v1', kind, metadata: { name, namespace: world.namespace }, ...content };
  await world.client.create(type, object);
}

function read(name: string, keys: readonly string[], optionalKeys: readonly string[] = []) {
  return readSecret(world.client, { namespace: world.namespace, name, keys, optionalKeys }, signal);
}

suite('a Secret that a spec names', () => {
  inItsOwnWorld();

  test('[C-10] gives the keys that were asked for, optional ones where they are there', async () => {
    await create('Secret', 'key-pair', { stringData: { id: 'é', secret: 's', other: 'x' } });
    const { values } = await read('key-pair', ['id', 'secret'], ['token']);
    assert.deepEqual(values, { id: 'é', secret: 's' });
  });

  test('that is not there, or lacks keys, is told with their names', async () => {
    await create('Secret', 'half', { stringData: { id: 'a' } });
    await assert.rejects(read('none', ['id']), {
      reason: 'SecretNotFound',
      message: `There is no Secret none in namespace ${world.namespace}. Create it, or correct the reference.`,
    });
    await assert.rejects(read('half', ['token', 'secret', 'id']), {
      reason: 'SecretKeyMissing',
      message: `Secret ${world.namespace}/half has no key secret, token. Add it.`,
    });
  });

  for (const [name, value] of [
    ['empty', ''],
    ['with-a-line-break', 'very-secret\n'],
    ['with-a-blank-before', ' very-secret'],
  ] as const) {
    test(`[C-10] whose value is ${name} is refused, without the value being told`, async () => {
      await create('Secret', name, { stringData: { key: value } });
      await assert.rejects(read(name, ['key']), (error: { reason: string; message: string }) => {
        assert.equal(error.reason, 'SecretInvalidData');
        assert.match(error.message, /^Key key of Secret \S+ (is empty|begins or ends with white space)\./);
        return !error.message.includes('very-secret');
      });
    });
  }

  test('may hold a certificate that ends with a line break', async () => {
    const pem = '-----BEGIN CERTIFICATE-----\nMII=\n-----END CERTIFICATE-----\n';
    await create('Secret', 'with-ca', { stringData: { ca: pem } });
    assert.equal((await read('with-ca', ['ca'])).values['ca'], pem);
  });

  test('has another revision once it has changed', async () => {
    await create('Secret', 'rotated', { stringData: { key: 'one' } });
    const { revision } = await read('rotated', ['key']);
    assert.equal((await read('rotated', ['key'])).revision, revision);
    const key = { namespace: world.namespace, name: 'rotated' };
    await world.client.patch(resourceTypes.secrets, key, {
      kind: 'merge',
      patch: { stringData: { key: 'two' } },
    });
    assert.notEqual((await read('rotated', ['key'])).revision, revision);
  });

  test('that the operator may not read is told with the verb that it lacks', async () => {
    const denied = new ApiError({ code: 403, statusReason: 'Forbidden', message: 'no' });
    const client = { find: () => Promise.reject(denied) } as unknown as ApiClient;
    const request = { namespace: 'acme', name: 'keys', keys: ['id'] };
    await assert.rejects(readSecret(client, request, signal), {
      reason: 'SecretAccessForbidden',
      message:
        /may not get the Secret acme\/keys\. Bind a Role with the verb "get" on secrets in namespace acme/,
    });
  });
});

suite('a ConfigMap that a spec names', () => {
  inItsOwnWorld();

  test('gives its text as it is', async () => {
    await create('ConfigMap', 'converter', { data: { 'c.json': ' {}\n' } });
    const request = { namespace: world.namespace, name: 'converter', keys: ['c.json'] };
    assert.deepEqual((await readConfigMap(world.client, request, signal)).values, { 'c.json': ' {}\n' });
  });

  test('that is not there, or lacks its key, is told', async () => {
    const { namespace } = world;
    await create('ConfigMap', 'bare', { data: {} });
    const ask = (name: string) => readConfigMap(world.client, { namespace, name, keys: ['k'] }, signal);
    await assert.rejects(ask('none'), { reason: 'ConfigMapNotFound' });
    await assert.rejects(ask('bare'), { reason: 'ConfigMapKeyMissing' });
  });
});
