import { digestOf } from '../lib/digest.ts';
import { resourceTypes } from './resource-types.ts';
import type { ApiClient } from './runtime/api-client.ts';
import { isAlreadyExists } from './runtime/api-error.ts';
import type { KubernetesObject, ObjectKey } from './runtime/objects.ts';
import { labels, managedBy } from './resources/names.ts';

/**
 * The external ids of connections, each in a Secret of the operator's namespace, so that a lost status gives the same
 * one and no tenant can write it.
 *
 *     none ──first look──▶ bound to the connection's uid ──the connection goes──▶ none
 *       └──an administrator restores one without a uid──▶ adopted by the first connection of that name
 *
 * An id that is bound to another uid is of a connection that is gone: who made the name anew is not who was trusted,
 * and gets another id.
 */
interface ExternalIdSecret extends KubernetesObject {
  readonly data?: Readonly<Record<string, string>>;
  readonly stringData?: Readonly<Record<string, string>>;
}

export interface ExternalIdsDeps {
  readonly client: ApiClient;
  /** The operator's own. */
  readonly namespace: string;
  readonly newId: () => string;
}

/** Whom an id belongs to. */
export interface ConnectionIdentity extends ObjectKey {
  readonly uid: string;
}

const component = 'external-id';
const field = 'externalID';
const annotations = {
  namespace: 'millrace.dev/connection-namespace',
  name: 'millrace.dev/connection-name',
  uid: 'millrace.dev/connection-uid',
} as const;

function secretName({ namespace, name }: ObjectKey): string {
  return `millrace-external-id-${digestOf([namespace, name]).slice(0, 32)}`;
}

/** The connection's external id, made at the first look. Two looks at once get the same. */
export async function ensureExternalId(
  connection: ConnectionIdentity,
  deps: ExternalIdsDeps,
  signal: AbortSignal,
): Promise<string> {
  const { client, namespace } = deps;
  const key = { namespace, name: secretName(connection) };
  const found = await client.find<ExternalIdSecret>(resourceTypes.secrets, key, { signal });
  const kept = decode(found);
  const boundTo = found?.metadata.annotations?.[annotations.uid];
  if (kept !== undefined && boundTo === connection.uid) return kept;
  if (found !== undefined && (kept === undefined || boundTo !== undefined)) {
    await remove(found, deps, signal);
    return await ensureExternalId(connection, deps, signal);
  }
  if (kept !== undefined) {
    const patch = { metadata: { annotations: { [annotations.uid]: connection.uid } } };
    await client.patch(resourceTypes.secrets, key, { kind: 'merge', patch }, { signal });
    return kept;
  }
  return await create(connection, deps, signal);
}

async function create(
  connection: ConnectionIdentity,
  deps: ExternalIdsDeps,
  signal: AbortSignal,
): Promise<string> {
  const id = `mr-${deps.newId().replaceAll('-', '')}`;
  const secret: ExternalIdSecret = {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: {
      name: secretName(connection),
      namespace: deps.namespace,
      labels: { [labels.managedBy]: managedBy, [labels.component]: component },
      annotations: {
        [annotations.namespace]: connection.namespace,
        [annotations.name]: connection.name,
        [annotations.uid]: connection.uid,
      },
    },
    stringData: { [field]: id },
  };
  try {
    await deps.client.create(resourceTypes.secrets, secret, { signal });
    return id;
  } catch (error) {
    if (!isAlreadyExists(error)) throw error;
    return await ensureExternalId(connection, deps, signal);
  }
}

/** The connection is gone: its id is given to nobody again. */
export async function retireExternalId(
  connection: ObjectKey,
  deps: Omit<ExternalIdsDeps, 'newId'>,
  signal: AbortSignal,
): Promise<void> {
  const key = { namespace: deps.namespace, name: secretName(connection) };
  const found = await deps.client.find<ExternalIdSecret>(resourceTypes.secrets, key, { signal });
  if (found?.metadata.annotations?.[annotations.uid] !== undefined) await remove(found, deps, signal);
}

/** Retires the ids of connections that went while no operator looked. */
export async function retireLostExternalIds(
  deps: Omit<ExternalIdsDeps, 'newId'>,
  signal: AbortSignal,
): Promise<void> {
  const { client, namespace } = deps;
  const labelSelector = `${labels.managedBy}=${managedBy},${labels.component}=${component}`;
  const { items } = await client.list<ExternalIdSecret>(resourceTypes.secrets, {
    namespace,
    labelSelector,
    signal,
  });
  for (const secret of items) {
    const of = secret.metadata.annotations ?? {};
    const key = { namespace: of[annotations.namespace] ?? '', name: of[annotations.name] ?? '' };
    if (of[annotations.uid] === undefined || key.namespace === '') continue;
    const living = await client.find(resourceTypes.s3Connections, key, { signal });
    if (living?.metadata.uid !== of[annotations.uid]) await remove(secret, deps, signal);
  }
}

async function remove(
  { metadata: { name = '', uid } }: ExternalIdSecret,
  { client, namespace }: Omit<ExternalIdsDeps, 'newId'>,
  signal: AbortSignal,
): Promise<void> {
  await client.delete(
    resourceTypes.secrets,
    { namespace, name },
    { ...(uid === undefined ? {} : { uid }), signal },
  );
}

function decode(secret: ExternalIdSecret | undefined): string | undefined {
  const data = secret?.data?.[field];
  return data === undefined ? undefined : Buffer.from(data, 'base64').toString('utf8');
}
