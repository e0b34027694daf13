import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { suite, test } from 'node:test';
import type { KubernetesObject } from '../../../operator/runtime/objects.ts';
import { startControlPlane } from '../../support/control-plane/control-plane.ts';
import { reasonToSkip } from '../../support/control-plane/install.ts';
import { waitUntil } from '../../support/control-plane/wait-until.ts';
import { runtimeDeps } from '../../support/runtime-deps.ts';
import { copyConfigMaps } from '../../support/copy-config-maps.ts';

const configMaps = { group: '', version: 'v1', kind: 'ConfigMap', plural: 'configmaps', namespaced: true };

interface ConfigMap extends KubernetesObject {
  readonly data?: Readonly<Record<string, string>>;
}

const skip = await reasonToSkip();

suite('the example of the README of the runtime', () => {
  test('the README of the runtime shows the example as it is run here', async () => {
    const root = new URL('../../../', import.meta.url);
    const readme = await readFile(new URL('operator/runtime/README.md', root), 'utf8');
    const shown = /```ts\n([^]*?)```/.exec(readme)?.[1];
    const source = await readFile(new URL('test/support/copy-config-maps.ts', root), 'utf8');
    assert.equal(shown, source.slice(source.indexOf('interface ConfigMap')));
  });

  test('the example of the README keeps its copies', { skip }, async (t) => {
    const plane = await startControlPlane({ controllerManager: true });
    t.after(() => plane.stop());
    const namespace = await plane.createNamespace('copies');
    const stopped = new AbortController();
    const { log, logged } = runtimeDeps();
    const running = copyConfigMaps(plane.kubeconfigPath, log, stopped.signal);

    const labels = { 'example.dev/copy': 'true' };
    await plane.client.create<ConfigMap>(configMaps, {
      metadata: { namespace, name: 'a', labels },
      data: { x: '1' },
    });
    const copy = () => plane.client.find<ConfigMap>(configMaps, { namespace, name: 'a-copy' });
    await waitUntil('the copy is there', 60_000, async () => (await copy())?.data?.['x'] === '1');
    const spoiled = { kind: 'merge', patch: { data: { x: 'spoiled' } } } as const;
    await plane.client.patch(configMaps, { namespace, name: 'a-copy' }, spoiled);
    await waitUntil('the spoiled copy is mended', 60_000, async () => (await copy())?.data?.['x'] === '1');
    await plane.client.delete(configMaps, { namespace, name: 'a' });
    await waitUntil('the copy went with the original', 60_000, async () => (await copy()) === undefined);

    stopped.abort();
    await running;
    assert.deepEqual(
      logged.filter(({ level }) => level === 'error'),
      [],
    );
    assert.ok(logged.some(({ message }) => message === 'gave the lease back'));
  });
});
