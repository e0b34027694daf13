import { systemClock } from '../../lib/clock.ts';
import type { Logger } from '../../lib/log.ts';
import { createMetrics } from '../../lib/metrics.ts';
import { createApiClient } from '../../operator/runtime/api-client.ts';
import { loadClusterAccess } from '../../operator/runtime/cluster-access.ts';
import { createController, type Reconcile } from '../../operator/runtime/controller.ts';
import { createHttpTransport } from '../../operator/runtime/http-transport.ts';
import { createLeaderElector } from '../../operator/runtime/leader-elector.ts';
import type { KubernetesObject } from '../../operator/runtime/objects.ts';
import { createReflector } from '../../operator/runtime/reflector.ts';
import { createRetryingTransport } from '../../operator/runtime/retrying-transport.ts';
import { runRuntime } from '../../operator/runtime/run.ts';
import { createRuntimeMetrics } from '../../operator/runtime/runtime-metrics.ts';
import { watchOwn, watchOwned } from '../../operator/runtime/watches.ts';

// The README of operator/runtime shows what follows; a test holds the two equal, and runs it.

interface ConfigMap extends KubernetesObject {
  readonly data?: Readonly<Record<string, string>>;
}

const configMaps = { group: '', version: 'v1', kind: 'ConfigMap', plural: 'configmaps', namespaced: true };

/** Keeps a copy, `<name>-copy`, of each ConfigMap that is labelled `example.dev/copy=true`. */
export async function copyConfigMaps(kubeconfig: string, log: Logger, signal: AbortSignal): Promise<void> {
  const access = await loadClusterAccess({ path: kubeconfig, clock: systemClock });
  const http = createHttpTransport({ access, clock: systemClock, userAgent: 'copier/1.0' });
  const metrics = createRuntimeMetrics(createMetrics(), 'copier');
  const shared = { clock: systemClock, random: Math.random, log, metrics };
  const naming = { clock: systemClock, fieldManager: 'copier' };
  const client = createApiClient({ transport: createRetryingTransport(http, shared), ...naming });

  const deps = { ...shared, client };
  const originals = createReflector<ConfigMap>(
    { type: configMaps, labelSelector: 'example.dev/copy=true' },
    deps,
  );
  const copies = createReflector<ConfigMap>(
    { type: configMaps, labelSelector: 'example.dev/copied=true' },
    deps,
  );

  const reconcile: Reconcile = async (key, pass) => {
    const original = originals.store.get(key);
    // Gone: so will be the copy, by its owner reference.
    if (original?.metadata.uid === undefined) return {};
    const owner = {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      name: key.name,
      uid: original.metadata.uid,
      controller: true,
    };
    const copy: ConfigMap = {
      metadata: {
        namespace: key.namespace,
        name: `${key.name}-copy`,
        labels: { 'example.dev/copied': 'true' },
        ownerReferences: [owner],
      },
      data: original.data ?? {},
    };
    await client.apply(configMaps, copy, { signal: pass });
    return {};
  };

  const watches = [watchOwn(originals), watchOwned(copies, configMaps)];
  const controller = createController({ name: 'copier', reconcile, watches }, deps);
  // The elector tries again by itself, so its calls are not repeated for it.
  const elector = createLeaderElector(
    { key: { namespace: 'default', name: 'copier' }, identity: `copier-${process.pid}` },
    { ...shared, client: createApiClient({ transport: http, ...naming }) },
  );
  const reflectors = [originals, copies];
  await runRuntime({ ...shared, reflectors, controllers: [controller], elector }, signal);
  await http.close();
}
