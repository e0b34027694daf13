import { openMemoryApi } from '../../cli/local/memory-api.ts';
import type { ApiServer } from '../../cli/local/api/api-server.ts';
import { createObjectStore, type ObjectStoreOptions } from '../../cli/local/api/object-store.ts';
import { systemClock } from '../../lib/clock.ts';
import type { ApiTransport } from '../../operator/runtime/transport.ts';

/** The API of the local mode with nothing around it: no Jobs are run, nothing is kept. */
export interface MemoryApi {
  readonly transport: ApiTransport;
  readonly server: ApiServer;
  createNamespace(prefix: string): Promise<string>;
  stop(): Promise<void>;
}

export function startMemoryApi(options: ObjectStoreOptions = {}): MemoryApi {
  const { server, transport } = openMemoryApi(systemClock, createObjectStore(options));
  let namespaces = 0;
  return {
    transport,
    server,
    async createNamespace(prefix) {
      const name = `${prefix}-${(namespaces += 1)}`;
      const body = { apiVersion: 'v1', kind: 'Namespace', metadata: { name } };
      await transport.request({ method: 'POST', path: '/api/v1/namespaces', body });
      return name;
    },
    stop: () => Promise.resolve(server.stop()),
  };
}
