import { randomUUID } from 'node:crypto';
import type { S3Connection } from '../../crds/generated/s3-connection.ts';
import { callerIdentity } from '../../lib/aws/sts.ts';
import { systemClock } from '../../lib/clock.ts';
import { reconcileS3Connection } from '../../operator/controllers/s3-connection/reconcile.ts';
import type { IdentityPolicy } from '../../operator/preflight/find-identity-fault.ts';
import { ensureExternalId } from '../../operator/external-ids.ts';
import { ObjectStores } from '../../operator/object-stores.ts';
import type { Job } from '../../operator/resources/worker-job.ts';
import { resourceTypes } from '../../operator/resource-types.ts';
import { createApiClient, type ApiClient } from '../../operator/runtime/api-client.ts';
import type { RecordedEvent } from '../../operator/runtime/event-object.ts';
import type { KubernetesObject } from '../../operator/runtime/objects.ts';
import { createStore } from '../../operator/runtime/store.ts';
import type { ApiTransport } from '../../operator/runtime/transport.ts';
import { connectionManifest, type SpecChanges } from './manifests.ts';

/** Connections of one namespace, over an API of any kind; nothing moves but by calls. */
export interface ConnectionWorld {
  readonly client: ApiClient;
  readonly namespace: string;
  readonly objectStores: ObjectStores;
  readonly events: readonly RecordedEvent[];
  applySecret(name: string, stringData: Readonly<Record<string, string>>): Promise<void>;
  applyConnection(changes?: SpecChanges, name?: string): Promise<void>;
  deleteConnection(name?: string): Promise<void>;
  /** One pass of the controller; what it threw to be tried again is swallowed, since the status tells it. */
  reconcile(name?: string): Promise<S3Connection>;
}

export interface ConnectionWorldOptions {
  readonly transport: ApiTransport;
  readonly namespace: string;
  readonly identityPolicy?: IdentityPolicy;
}

export function createConnectionWorld(options: ConnectionWorldOptions): ConnectionWorld {
  const { transport, namespace } = options;
  const identityPolicy = options.identityPolicy ?? { allowsAmbient: false, trustedEndpoints: [] };
  const client = createApiClient({ transport, fieldManager: 'millrace', clock: systemClock });
  const connections = createStore<S3Connection>();
  const objectStores = new ObjectStores({ clock: systemClock });
  const events: RecordedEvent[] = [];
  const ids = { client, namespace: 'millrace-system', newId: randomUUID };
  const deps = {
    client,
    namespace: ids.namespace,
    identityPolicy,
    externalIdOf: ({ metadata }: S3Connection, signal: AbortSignal) =>
      ensureExternalId(metadata, ids, signal),
    connections,
    jobs: createStore<Job>(),
    worker: { image: 'millrace:test' },
    objectStores,
    callerIdentity,
    recorder: { record: (event: RecordedEvent) => void events.push(event), flush: () => Promise.resolve() },
    clock: systemClock,
    revisions: new Map<string, string>(),
  };
  const apply = async (
    object: KubernetesObject,
    type: (typeof resourceTypes)[keyof typeof resourceTypes],
  ) => {
    await client.apply(type, object, {});
  };
  return {
    client,
    namespace,
    objectStores,
    events,
    applySecret: (name, stringData) =>
      apply(
        { apiVersion: 'v1', kind: 'Secret', metadata: { name, namespace }, stringData } as KubernetesObject,
        resourceTypes.secrets,
      ),
    applyConnection: (changes = {}, name = 'lake') =>
      apply(connectionManifest(changes, { name, namespace }), resourceTypes.s3Connections),
    deleteConnection: async (name = 'lake') => {
      await client.delete(resourceTypes.s3Connections, { namespace, name });
    },
    reconcile: async (name = 'lake') => {
      const { items } = await client.list<S3Connection>(resourceTypes.s3Connections, { namespace });
      connections.replace('', items);
      await reconcileS3Connection({ namespace, name }, deps, AbortSignal.timeout(60_000)).catch(() => {});
      return await client.get<S3Connection>(resourceTypes.s3Connections, { namespace, name });
    },
  };
}
