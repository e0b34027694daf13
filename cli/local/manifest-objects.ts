import type { S3Connection } from '../../crds/generated/s3-connection.ts';
import type { S3ImportSource } from '../../crds/generated/s3-import-source.ts';
import type { Clock } from '../../lib/clock.ts';
import { resourceTypes } from '../../operator/resource-types.ts';
import { createApiClient, type ApiClient } from '../../operator/runtime/api-client.ts';
import { UsageError } from '../command.ts';
import { loadManifests } from '../manifests.ts';
import { applyManifests } from './apply-manifests.ts';
import { openMemoryApi } from './memory-api.ts';

/** The objects of manifests as the API server would have them: validated, with their defaults. */
export interface ManifestObjects {
  readonly client: ApiClient;
  readonly connections: readonly S3Connection[];
  readonly sources: readonly S3ImportSource[];
}

/** Applies manifests to an API of their own, which is gone when `work` has ended. */
export async function withManifestObjects<T>(
  paths: unknown,
  { clock, signal }: { readonly clock: Clock; readonly signal: AbortSignal },
  work: (objects: ManifestObjects) => Promise<T>,
): Promise<T> {
  if (!Array.isArray(paths)) throw new UsageError('-f FILE is missing');
  const api = openMemoryApi(clock);
  try {
    const client = createApiClient({ transport: api.transport, clock, fieldManager: 'millrace-cli' });
    const manifests = await loadManifests(paths as readonly string[]);
    const applied = await applyManifests(client, manifests, 'default', signal);
    const ofKind = <O>(kind: string) =>
      applied.flatMap(({ type, object }) => (type.kind === kind ? [object as unknown as O] : []));
    return await work({
      client,
      connections: ofKind<S3Connection>('S3Connection'),
      sources: ofKind<S3ImportSource>('S3ImportSource'),
    });
  } finally {
    api.server.stop();
  }
}

/** The connection that a source names, among the manifests. */
export async function connectionOf(
  { metadata, spec }: S3ImportSource,
  client: ApiClient,
  signal: AbortSignal,
): Promise<S3Connection> {
  const key = { namespace: metadata.namespace, name: spec.connectionRef.name };
  const found = await client.find<S3Connection>(resourceTypes.s3Connections, key, { signal });
  if (found !== undefined) return found;
  throw new UsageError(
    `the manifests hold no S3Connection ${key.name}, which the source names; add it by another -f`,
  );
}
