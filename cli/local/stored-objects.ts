import type { Clock } from '../../lib/clock.ts';
import { createApiClient } from '../../operator/runtime/api-client.ts';
import { personManager, type LocalConnection } from './connect-local.ts';
import { openMemoryApi } from './memory-api.ts';
import { loadObjects } from './object-file.ts';

/**
 * The objects that the last local mode of a state folder left, to be looked at: a change of them is kept nowhere.
 * Undefined where none has run. Errors: `StateUnreadable`.
 */
export async function openStoredObjects(
  stateDir: string,
  clock: Clock,
): Promise<LocalConnection | undefined> {
  const objects = await loadObjects(stateDir);
  if (objects === undefined) return undefined;
  const { server, transport } = openMemoryApi(clock, objects);
  return {
    transport,
    client: createApiClient({ transport, clock, fieldManager: personManager }),
    [Symbol.asyncDispose]: () => {
      server.stop();
      return Promise.resolve();
    },
  };
}
