import { resources } from '../../operator/kinds.ts';
import type { ApiClient } from '../../operator/runtime/api-client.ts';
import type { KubernetesObject } from '../../operator/runtime/objects.ts';

/** A v1 Pod, as far as it is run here. */
export interface Pod extends KubernetesObject {
  readonly spec: {
    readonly nodeName?: string;
    readonly terminationGracePeriodSeconds?: number;
    readonly containers: readonly Container[];
  };
  readonly status?: { readonly phase?: string };
}

export interface Container {
  readonly name: string;
  readonly image: string;
  readonly args?: readonly string[];
  readonly env?: readonly Variable[];
  readonly terminationMessagePath?: string;
}

interface Variable {
  readonly name: string;
  readonly value?: string;
  readonly valueFrom?: {
    readonly secretKeyRef?: KeyReference;
    readonly configMapKeyRef?: KeyReference;
    readonly fieldRef?: { readonly fieldPath: string };
  };
}

interface KeyReference {
  readonly name: string;
  readonly key: string;
  readonly optional?: boolean;
}

interface KeyedObject extends KubernetesObject {
  readonly data?: Readonly<Record<string, string>>;
}

/** What keeps a container from being started; the kubelet's `CreateContainerConfigError`. */
export class ContainerConfigError extends Error {
  override readonly name = 'ContainerConfigError';
}

/** The variables of a container, its references resolved as a kubelet does. */
export async function resolveEnvironment(
  pod: Pod,
  container: Container,
  client: ApiClient,
  signal: AbortSignal,
): Promise<Record<string, string>> {
  const resolved: Record<string, string> = {};
  for (const variable of container.env ?? []) {
    const value = await resolveVariable(pod, variable, client, signal);
    if (value !== undefined) resolved[variable.name] = value;
  }
  return resolved;
}

async function resolveVariable(
  pod: Pod,
  { value, valueFrom }: Variable,
  client: ApiClient,
  signal: AbortSignal,
): Promise<string | undefined> {
  if (valueFrom === undefined) return value ?? '';
  const { secretKeyRef, configMapKeyRef, fieldRef } = valueFrom;
  if (fieldRef !== undefined) return fieldOf(pod, fieldRef.fieldPath);
  const namespace = pod.metadata.namespace ?? '';
  if (secretKeyRef !== undefined) {
    const secret = await client.find<KeyedObject>(
      resources.secrets,
      { namespace, name: secretKeyRef.name },
      { signal },
    );
    const data = pickKey('secret', secret, secretKeyRef);
    return data === undefined ? undefined : Buffer.from(data, 'base64').toString('utf8');
  }
  if (configMapKeyRef === undefined) return undefined;
  const map = await client.find<KeyedObject>(
    resources.configMaps,
    { namespace, name: configMapKeyRef.name },
    { signal },
  );
  return pickKey('configmap', map, configMapKeyRef);
}

function pickKey(kind: string, object: KeyedObject | undefined, ref: KeyReference): string | undefined {
  const value = object?.data?.[ref.key];
  if (value !== undefined || ref.optional === true) return value;
  throw new ContainerConfigError(
    object === undefined
      ? `${kind} "${ref.name}" not found`
      : `couldn't find key ${ref.key} in ${kind} ${ref.name}`,
  );
}

/** `metadata.name`, `metadata.annotations['a.b/c']` and their like. */
function fieldOf({ metadata }: Pod, path: string): string {
  const [, map, key] = /^metadata\.(labels|annotations)\['([^']+)'\]$/.exec(path) ?? [];
  if (key !== undefined) return metadata[map as 'labels' | 'annotations']?.[key] ?? '';
  const plain = /^metadata\.(name|namespace|uid)$/.exec(path)?.[1];
  if (plain === undefined) throw new ContainerConfigError(`fieldPath ${path} is not served here`);
  return metadata[plain as 'name' | 'namespace' | 'uid'] ?? '';
}
