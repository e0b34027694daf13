import { once } from 'node:events';
import { connect } from 'node:net';
import type { Clock } from '../../lib/clock.ts';
import { TerminalError } from '../../lib/errors.ts';
import { createApiClient, type ApiClient } from '../../operator/runtime/api-client.ts';
import type { ClusterAccess } from '../../operator/runtime/cluster-access.ts';
import { createHttpTransport } from '../../operator/runtime/http-transport.ts';
import type { ApiTransport } from '../../operator/runtime/transport.ts';
import { socketPathOf } from './api-socket.ts';

/** A connection to a local mode that runs in another process of the same user. */
export interface LocalConnection extends AsyncDisposable {
  readonly client: ApiClient;
  readonly transport: ApiTransport;
}

/** The manager of fields that a person applies, by `millrace run` and `millrace apply` alike. */
export const personManager = 'millrace-cli';

/** Throws TerminalError if no local mode runs there. */
export async function connectLocal(stateDir: string, clock: Clock): Promise<LocalConnection> {
  const socketPath = socketPathOf(stateDir);
  await refuseUnlessAnswered(socketPath, stateDir);
  const access: ClusterAccess = {
    server: 'http://local',
    namespace: 'default',
    connection: () => Promise.resolve({ headers: {}, connect: { socketPath } }),
    refresh: () => Promise.resolve(false),
  };
  const transport = createHttpTransport({ access, clock, userAgent: personManager });
  return {
    transport,
    client: createApiClient({ transport, clock, fieldManager: personManager }),
    [Symbol.asyncDispose]: () => transport.close(),
  };
}

async function refuseUnlessAnswered(socketPath: string, stateDir: string): Promise<void> {
  const socket = connect(socketPath);
  try {
    await once(socket, 'connect');
  } catch (cause) {
    throw new TerminalError({
      reason: 'LocalModeNotRunning',
      message: `no local mode runs with the state folder ${stateDir}. Start one with millrace run -f FILE, or name its folder with --state.`,
      cause,
    });
  } finally {
    socket.destroy();
  }
}
