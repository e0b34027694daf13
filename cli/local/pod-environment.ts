import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { resourceTypes } from '../../operator/resource-types.ts';
import type { ApiClient } from '../../operator/runtime/api-client.ts';
import type { KubernetesObject } from '../../operator/runtime/objects.ts';
import {
  metaOf,
  type Container,
  type EnvironmentVariable,
  type KeySelector,
  type Pod,
  type ProjectedSource,
  type Volume,
} from './pod.ts';

/** What a container finds when it starts, or why it cannot start yet. */
export type Prepared =
  | { readonly kind: 'ready'; readonly environment: Readonly<Record<string, string>> }
  | { readonly kind: 'waiting'; readonly reason: string; readonly message: string };

export interface PrepareInput {
  readonly pod: Pod;
  readonly container: Container;
  /** Of this pod alone, readable by its owner alone; volumes are laid out in it. */
  readonly folder: string;
  /** Stands for the container's terminationMessagePath. */
  readonly messagePath: string;
}

type PodClient = Pick<ApiClient, 'find' | 'createSubresource'>;

interface Content extends KubernetesObject {
  readonly data?: Readonly<Record<string, string>>;
  readonly binaryData?: Readonly<Record<string, string>>;
}

/** Something that the pod refers to does not exist (yet). */
class MissingReference extends Error {
  override readonly name = 'MissingReference';
}

const missing = 'CreateContainerConfigError';

/**
 * Resolves the variables and volumes of a container as a kubelet does. A process sees the machine's own paths: a
 * variable whose value is the container's termination message path, or lies below one of its mounts, names the file
 * that stands in for it.
 */
export async function prepareContainer(
  input: PrepareInput,
  client: PodClient,
  signal: AbortSignal,
): Promise<Prepared> {
  const reader = createReader(metaOf(input.pod).namespace, client, signal);
  try {
    const tokenOf = (source: TokenSource) => requestPodToken(input.pod, source, client, signal);
    const folders = await layOutVolumes(input, { reader, tokenOf });
    const environment: Record<string, string> = {};
    for (const variable of input.container.env ?? []) {
      const value = await valueOf(variable, input.pod, reader);
      if (value !== undefined)
        environment[variable.name] = onMachine(expand(value, environment), input, folders);
    }
    return { kind: 'ready', environment };
  } catch (error) {
    if (error instanceof MissingReference)
      return { kind: 'waiting', reason: missing, message: error.message };
    throw error;
  }
}

type Reader = (
  kind: 'secret' | 'configmap',
  name: string,
) => Promise<ReadonlyMap<string, Buffer> | undefined>;

/** Each object is read once for a pod. */
function createReader(namespace: string, client: Pick<ApiClient, 'find'>, signal: AbortSignal): Reader {
  const read = new Map<string, Promise<ReadonlyMap<string, Buffer> | undefined>>();
  return (kind, name) => {
    const key = `${kind}/${name}`;
    const known = read.get(key) ?? load(kind, name);
    read.set(key, known);
    return known;
  };
  async function load(kind: 'secret' | 'configmap', name: string) {
    const type = kind === 'secret' ? resourceTypes.secrets : resourceTypes.configMaps;
    const object = await client.find<Content>(type, { namespace, name }, { signal });
    if (object === undefined) return undefined;
    const encoding = kind === 'secret' ? 'base64' : 'utf8';
    const plain = Object.entries(object.data ?? {}).map(
      ([key, text]) => [key, Buffer.from(text, encoding)] as const,
    );
    const binary = Object.entries(object.binaryData ?? {});
    return new Map([...plain, ...binary.map(([key, text]) => [key, Buffer.from(text, 'base64')] as const)]);
  }
}

async function valueOf(variable: EnvironmentVariable, pod: Pod, reader: Reader): Promise<string | undefined> {
  const from = variable.valueFrom;
  if (from === undefined) return variable.value ?? '';
  if (from.secretKeyRef) return keyOf('secret', from.secretKeyRef, pod, reader);
  if (from.configMapKeyRef) return keyOf('configmap', from.configMapKeyRef, pod, reader);
  if (from.fieldRef) return fieldOf(from.fieldRef.fieldPath, pod);
  throw new MissingReference(`local mode cannot give the variable ${variable.name} a value from resources`);
}

async function keyOf(
  kind: 'secret' | 'configmap',
  selector: KeySelector,
  pod: Pod,
  reader: Reader,
): Promise<string | undefined> {
  const content = await reader(kind, selector.name);
  const value = content?.get(selector.key);
  if (value !== undefined) return value.toString('utf8');
  if (selector.optional === true) return undefined;
  if (content === undefined) throw new MissingReference(`${kind} "${selector.name}" not found`);
  const { namespace } = metaOf(pod);
  const word = kind === 'secret' ? 'Secret' : 'ConfigMap';
  throw new MissingReference(`couldn't find key ${selector.key} in ${word} ${namespace}/${selector.name}`);
}

/** `metadata.name`, `metadata.labels['x']` and their like. */
function fieldOf(path: string, pod: Pod): string {
  const { name, namespace, uid, labels, annotations } = metaOf(pod);
  const [, map, key = ''] = /^metadata\.(labels|annotations)\['([^']+)'\]$/u.exec(path) ?? [];
  if (map !== undefined) return (map === 'labels' ? labels : annotations)?.[key] ?? '';
  const fields = new Map([
    ['metadata.name', name],
    ['metadata.namespace', namespace],
    ['metadata.uid', uid],
    ['spec.nodeName', pod.spec.nodeName ?? ''],
  ]);
  const value = fields.get(path);
  if (value === undefined)
    throw new MissingReference(`local mode cannot give a variable the value of ${path}`);
  return value;
}

/** `$(NAME)` of a variable defined before; `$$` is a dollar. */
function expand(value: string, environment: Readonly<Record<string, string>>): string {
  return value.replaceAll(/\$\$|\$\(([A-Za-z_][A-Za-z0-9_]*)\)/gu, (text, name: string | undefined) => {
    if (name === undefined) return '$';
    return environment[name] ?? text;
  });
}

function onMachine(value: string, input: PrepareInput, folders: ReadonlyMap<string, string>): string {
  if (value === input.container.terminationMessagePath) return input.messagePath;
  for (const { name, mountPath } of input.container.volumeMounts ?? []) {
    const folder = folders.get(name);
    if (folder !== undefined && (value === mountPath || value.startsWith(`${mountPath}/`))) {
      return `${folder}${value.slice(mountPath.length)}`;
    }
  }
  return value;
}

/** Gives the folder of each volume. */
async function layOutVolumes(
  { pod, folder }: PrepareInput,
  sources: VolumeSources,
): Promise<ReadonlyMap<string, string>> {
  const folders = new Map<string, string>();
  for (const volume of pod.spec.volumes ?? []) {
    const path = join(folder, 'volumes', volume.name);
    await mkdir(path, { recursive: true, mode: 0o700 });
    for (const [name, content] of await filesOf(volume, sources)) {
      await writeFile(join(path, name), content, { mode: 0o600 });
    }
    folders.set(volume.name, path);
  }
  return folders;
}

interface VolumeSources {
  readonly reader: Reader;
  readonly tokenOf: (source: TokenSource) => Promise<string>;
}

async function filesOf(
  { name, ...volume }: Volume,
  { reader, tokenOf }: VolumeSources,
): Promise<ReadonlyMap<string, Buffer>> {
  if (volume.emptyDir) return new Map();
  const { secret, configMap } = volume;
  if (secret) return contentOf('secret', secret.secretName, secret.optional, reader);
  if (configMap) return contentOf('configmap', configMap.name, configMap.optional, reader);
  if (volume.projected) return await projectedFiles(volume.projected.sources ?? [], tokenOf);
  throw new MissingReference(
    `local mode cannot mount the volume "${name}": it has emptyDir, secret, configMap and tokens`,
  );
}

async function contentOf(
  kind: 'secret' | 'configmap',
  name: string,
  isOptional: boolean | undefined,
  reader: Reader,
): Promise<ReadonlyMap<string, Buffer>> {
  const content = await reader(kind, name);
  if (content === undefined && isOptional !== true) throw new MissingReference(`${kind} "${name}" not found`);
  return content ?? new Map<string, Buffer>();
}

type TokenSource = NonNullable<ProjectedSource['serviceAccountToken']>;

async function projectedFiles(
  sources: readonly ProjectedSource[],
  tokenOf: VolumeSources['tokenOf'],
): Promise<ReadonlyMap<string, Buffer>> {
  const files = new Map<string, Buffer>();
  for (const { serviceAccountToken: source } of sources) {
    if (source === undefined) throw new MissingReference('local mode projects tokens alone into a volume');
    files.set(source.path, Buffer.from(await tokenOf(source)));
  }
  return files;
}

/** As a kubelet asks, but once: a process that outlives its token is one of a test. */
async function requestPodToken(
  pod: Pod,
  { audience, expirationSeconds }: TokenSource,
  client: PodClient,
  signal: AbortSignal,
): Promise<string> {
  const { namespace } = metaOf(pod);
  const name = pod.spec.serviceAccountName ?? 'default';
  const spec = {
    ...(audience === undefined ? {} : { audiences: [audience] }),
    ...(expirationSeconds === undefined ? {} : { expirationSeconds }),
  };
  const body = { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec };
  const answer = await client.createSubresource<{ readonly status?: { readonly token?: string } }>(
    resourceTypes.serviceAccounts,
    { namespace, name },
    { name: 'token', body },
    { signal },
  );
  return answer.status?.token ?? '';
}
