import { messageOf, TerminalError } from '../../lib/errors.ts';
import type { ApiClient } from '../../operator/runtime/api-client.ts';
import type { KubernetesObject, ResourceType } from '../../operator/runtime/objects.ts';
import type { LoadedManifest } from '../manifests.ts';
import { builtInResources } from './api/builtin-resources.ts';
import { customResources } from './api/custom-resources.ts';
import type { ResourceDefinition } from './api/resource-definition.ts';

export interface AppliedManifest {
  readonly type: ResourceType;
  readonly object: KubernetesObject;
}

/**
 * Applies manifests as `kubectl apply` does, those without a namespace in `namespace`.
 * A manifest that the API refuses is told with its file and line; nothing after it is applied.
 */
export async function applyManifests(
  client: ApiClient,
  manifests: readonly LoadedManifest[],
  namespace: string,
  signal: AbortSignal,
): Promise<readonly AppliedManifest[]> {
  const applied: AppliedManifest[] = [];
  for (const { object, place } of manifests) {
    const type = typeOf(object, place);
    const placed = type.namespaced
      ? { ...object, metadata: { ...object.metadata, namespace: object.metadata.namespace ?? namespace } }
      : object;
    try {
      applied.push({ type, object: await client.apply(type, placed, { signal }) });
    } catch (error) {
      throw new TerminalError({
        reason: 'InvalidSpec',
        message: `${place}: ${messageOf(error)}`,
        cause: error,
      });
    }
  }
  return applied;
}

function typeOf({ apiVersion, kind }: KubernetesObject, place: string): ResourceType {
  const all = [...builtInResources(), ...customResources()];
  const found = all.find((one) => one.kind === kind && versionOf(one) === apiVersion);
  if (found !== undefined) return found;
  const known = all.map((one) => `${versionOf(one)} ${one.kind}`).toSorted();
  throw new TerminalError({
    reason: 'InvalidSpec',
    message: `${place}: local mode does not serve ${apiVersion} ${kind}. It serves ${known.join(', ')}.`,
  });
}

function versionOf({ group, version }: ResourceDefinition): string {
  return group === '' ? version : `${group}/${version}`;
}
