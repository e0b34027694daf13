import { createApiClient, type ApiClient } from '../operator/runtime/api-client.ts';
import { loadClusterAccess } from '../operator/runtime/cluster-access.ts';
import { createHttpTransport } from '../operator/runtime/http-transport.ts';
import type { CommandDeps } from './command.ts';

export interface ClusterConnection extends AsyncDisposable {
  readonly client: ApiClient;
  /** Of the context. */
  readonly namespace: string;
}

export interface ClusterChoice {
  readonly path: string | undefined;
  readonly context: string | undefined;
}

/** A connection with a person's own rights. Errors: `ApiAccessDenied` if the kubeconfig cannot be used. */
export async function connectCluster(
  { path, context }: ClusterChoice,
  { clock }: Pick<CommandDeps, 'clock'>,
): Promise<ClusterConnection> {
  const access = await loadClusterAccess({
    clock,
    ...(path === undefined ? {} : { path }),
    ...(context === undefined ? {} : { context }),
  });
  const transport = createHttpTransport({ access, clock, userAgent: 'millrace-cli' });
  return {
    client: createApiClient({ transport, clock, fieldManager: 'millrace-cli' }),
    namespace: access.namespace,
    [Symbol.asyncDispose]: () => transport.close(),
  };
}
