import { group } from '../../crds/names.ts';
import { messageOf, TerminalError } from '../../lib/errors.ts';
import type { ApiClient } from '../../operator/runtime/api-client.ts';
import { apiVersionOf, keyOf, type KubernetesObject } from '../../operator/runtime/objects.ts';
import type { LoadedManifest } from '../manifests.ts';
import type { ResourceDefinition } from './api/resource-definition.ts';
import { localResources, resourcesNamed } from './local-resources.ts';

export interface AppliedManifest {
  readonly type: ResourceDefinition;
  readonly object: KubernetesObject;
  /** What it did to the object: as `kubectl apply` says it. */
  readonly outcome: 'created' | 'configured' | 'unchanged';
}

/**
 * Applies manifests as `kubectl apply` does, those without a namespace in `namespace`. A namespace that does not exist
 * is made: there is nobody else to make it.
 * A manifest that the API refuses is told with its file and line; nothing after it is applied.
 */
export async function applyManifests(
  client: ApiClient,
  manifests: readonly LoadedManifest[],
  namespace: string,
  signal: AbortSignal,
): Promise<readonly AppliedManifest[]> {
  const known = localResources();
  const placed = manifests.map(({ object, place }) => placeObject(object, { place, namespace, known }));
  const applied: AppliedManifest[] = [];
  for (const { object, type, place } of placed.toSorted(referredFirst)) {
    try {
      applied.push(...(await applyOne({ client, known, signal }, type, object)));
    } catch (error) {
      signal.throwIfAborted();
      throw new TerminalError({
        reason: 'InvalidSpec',
        message: `${place}: ${messageOf(error)}`,
        cause: error,
      });
    }
  }
  return applied;
}

/** What others refer to comes first, so that nothing is found missing for a moment that stands in the next file. */
function referredFirst(one: PlacedManifest, other: PlacedManifest): number {
  return Number(isOurs(one)) - Number(isOurs(other));
}

function isOurs({ type }: PlacedManifest): boolean {
  return type.group === group;
}

/** A manifest, with the kind that it is of and the namespace that it goes to. */
export interface PlacedManifest {
  readonly type: ResourceDefinition;
  readonly object: KubernetesObject;
  readonly place: string;
}

export interface Placing {
  readonly place: string;
  readonly namespace: string;
  readonly known: readonly ResourceDefinition[];
}

export function placeObject(object: KubernetesObject, { place, namespace, known }: Placing): PlacedManifest {
  const type = typeOf(object, place, known);
  if (!type.namespaced) return { type, object, place };
  const metadata = { ...object.metadata, namespace: object.metadata.namespace ?? namespace };
  return { type, object: { ...object, metadata }, place };
}

interface Applier {
  readonly client: ApiClient;
  readonly known: readonly ResourceDefinition[];
  readonly signal: AbortSignal;
}

async function applyOne(
  applier: Applier,
  type: ResourceDefinition,
  object: KubernetesObject,
): Promise<readonly AppliedManifest[]> {
  const { client, signal } = applier;
  const made = type.namespaced ? await ensureNamespace(applier, object.metadata.namespace ?? '') : [];
  const before = await client.find(type, keyOf(object), { signal });
  const after = await client.apply(type, object, { signal });
  const isSame = before?.metadata.resourceVersion === after.metadata.resourceVersion;
  const changed = isSame ? 'unchanged' : 'configured';
  return [...made, { type, object: after, outcome: before === undefined ? 'created' : changed }];
}

async function ensureNamespace(
  { client, known, signal }: Applier,
  name: string,
): Promise<readonly AppliedManifest[]> {
  const [type] = resourcesNamed('namespaces', known);
  if (type === undefined) return [];
  if ((await client.find(type, { namespace: '', name }, { signal })) !== undefined) return [];
  const object = await client.create(type, { metadata: { name } }, { signal });
  return name === 'default' ? [] : [{ type, object, outcome: 'created' }];
}

function typeOf(
  { apiVersion, kind }: KubernetesObject,
  place: string,
  all: readonly ResourceDefinition[],
): ResourceDefinition {
  const found = all.find((one) => one.kind === kind && apiVersionOf(one) === apiVersion);
  if (found !== undefined) return found;
  const known = all.map((one) => `${apiVersionOf(one)} ${one.kind}`).toSorted();
  throw new TerminalError({
    reason: 'InvalidSpec',
    message: `${place}: local mode does not serve ${apiVersion} ${kind}. It serves ${known.join(', ')}.`,
  });
}
