import { randomBytes, randomUUID } from 'node:crypto';
import type { Clock } from '../../lib/clock.ts';
import type { ApiTransport } from '../../operator/runtime/transport.ts';
import { createApiServer, type ApiServer } from './api/api-server.ts';
import { builtInResources } from './api/builtin-resources.ts';
import { customResources } from './api/custom-resources.ts';
import { createMemoryTransport } from './api/memory-transport.ts';
import { createObjectStore, type ObjectStore } from './api/object-store.ts';
import { systemNamespace } from './system-namespace.ts';

/** The API of the local mode, in this process. */
export interface MemoryApi {
  readonly server: ApiServer;
  readonly transport: ApiTransport;
  readonly objects: ObjectStore;
}

export function openMemoryApi(clock: Clock, objects: ObjectStore = createObjectStore()): MemoryApi {
  const server = createApiServer({
    store: objects,
    definitions: [...builtInResources(), ...customResources()],
    clock,
    newUid: randomUUID,
    newSuffix: () => randomBytes(3).toString('hex').slice(0, 5),
  });
  for (const name of namespaces) ensureNamespace(server, name);
  return { server, transport: createMemoryTransport(server), objects };
}

/** As in a cluster, one is there from the start; the operator's own is made by whoever installs it. */
const namespaces = ['default', systemNamespace];

/** One that an earlier run made is there already; that is no failure. */
function ensureNamespace(server: ApiServer, name: string): void {
  const body = { apiVersion: 'v1', kind: 'Namespace', metadata: { name } };
  server.handle({ method: 'POST', path: '/api/v1/namespaces', body });
}
