import { randomBytes, randomUUID } from 'node:crypto';
import type { Clock } from '../../lib/clock.ts';
import type { ApiTransport } from '../../operator/runtime/transport.ts';
import { createApiServer, type ApiServer } from './api/api-server.ts';
import { builtInResources } from './api/builtin-resources.ts';
import { customResources } from './api/custom-resources.ts';
import { createMemoryTransport } from './api/memory-transport.ts';
import { createObjectStore, type ObjectStore } from './api/object-store.ts';

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
  return { server, transport: createMemoryTransport(server), objects };
}
