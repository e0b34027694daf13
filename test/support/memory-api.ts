import { randomUUID } from 'node:crypto';
import { createApiServer, type ApiServerDeps } from '../../cli/local/api/api-server.ts';
import { builtInResources } from '../../cli/local/api/builtin-resources.ts';
import { customResources } from '../../cli/local/api/custom-resources.ts';
import { createMemoryTransport } from '../../cli/local/api/memory-transport.ts';
import { createObjectStore, type ObjectStore } from '../../cli/local/api/object-store.ts';
import { systemClock } from '../../lib/clock.ts';
import type { ApiTransport } from '../../operator/runtime/transport.ts';

/** The API in memory with nothing around it: no Jobs are run, nothing is kept. */
export interface MemoryApi {
  readonly transport: ApiTransport;
  readonly store: ObjectStore;
  createNamespace(prefix: string): Promise<string>;
  stop(): Promise<void>;
}

export function startMemoryApi(changes: Partial<ApiServerDeps> = {}): MemoryApi {
  const store = changes.store ?? createObjectStore();
  let suffixes = 0;
  const server = createApiServer({
    store,
    definitions: [...builtInResources(), ...customResources()],
    clock: systemClock,
    newUid: randomUUID,
    newSuffix: () => String((suffixes += 1)).padStart(5, '0'),
    ...changes,
  });
  const transport = createMemoryTransport(server);
  let namespaces = 0;
  return {
    transport,
    store,
    async createNamespace(prefix) {
      const name = `${prefix}-${(namespaces += 1)}`;
      const body = { apiVersion: 'v1', kind: 'Namespace', metadata: { name } };
      await transport.request({ method: 'POST', path: '/api/v1/namespaces', body });
      return name;
    },
    stop: () => Promise.resolve(server.stop()),
  };
}
