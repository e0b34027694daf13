import { X509Certificate } from 'node:crypto';
import type { Reason } from '../crds/reasons.ts';
import { TerminalError, TransientError } from '../lib/errors.ts';
import { resourceTypes } from './resource-types.ts';
import type { ApiClient } from './runtime/api-client.ts';
import { isForbidden } from './runtime/api-error.ts';
import type { KubernetesObject, ObjectKey, ResourceType } from './runtime/objects.ts';

interface Secret extends KubernetesObject {
  /** Base64. */
  readonly data?: Readonly<Record<string, string>>;
}

interface ConfigMap extends KubernetesObject {
  readonly data?: Readonly<Record<string, string>>;
}

/** What a reference led to. Values live only as long as a reconcile; nobody logs them. */
export interface Resolved {
  readonly values: Readonly<Record<string, string>>;
  /** Moves when the object does. */
  readonly revision: string;
}

export interface ReferenceRequest {
  readonly namespace: string;
  readonly name: string;
  readonly keys: readonly string[];
  readonly optionalKeys?: readonly string[];
}

/**
 * The named keys of a Secret of the object's own namespace.
 * Errors: `SecretNotFound`, `SecretKeyMissing`, `SecretInvalidData`, `SecretAccessForbidden`.
 */
export async function readSecret(
  client: ApiClient,
  request: ReferenceRequest,
  signal: AbortSignal,
): Promise<Resolved> {
  const secret = await findReferent<Secret>(client, resourceTypes.secrets, request, signal);
  if (secret === undefined) throw notFound('Secret', request);
  const decode = (key: string) => {
    const data = secret.data?.[key];
    return data === undefined ? undefined : Buffer.from(data, 'base64').toString('utf8');
  };
  const values = pickKeys('Secret', request, decode);
  for (const [key, value] of Object.entries(values)) checkSecretValue(request, key, value);
  return { values, revision: revisionOf(secret) };
}

/** The named keys of a ConfigMap. Errors: `ConfigMapNotFound`, `ConfigMapKeyMissing`. */
export async function readConfigMap(
  client: ApiClient,
  request: ReferenceRequest,
  signal: AbortSignal,
): Promise<Resolved> {
  const map = await findReferent<ConfigMap>(client, resourceTypes.configMaps, request, signal);
  if (map === undefined) throw notFound('ConfigMap', request);
  const values = pickKeys('ConfigMap', request, (key) => map.data?.[key]);
  return { values, revision: revisionOf(map) };
}

/** The object, or undefined. Error: `SecretAccessForbidden`. */
export async function findReferent<T extends KubernetesObject>(
  client: ApiClient,
  type: ResourceType,
  { namespace, name }: ObjectKey,
  signal: AbortSignal,
): Promise<T | undefined> {
  try {
    return await client.find<T>(type, { namespace, name }, { signal });
  } catch (error) {
    if (!isForbidden(error)) throw error;
    throw new TerminalError({
      reason: 'SecretAccessForbidden',
      message:
        `The operator may not get the ${type.kind} ${namespace}/${name}. Bind a Role with the verb "get" on ` +
        `${type.plural} in namespace ${namespace} to the operator's ServiceAccount.`,
      cause: error,
    });
  }
}

type ReferenceKind = 'Secret' | 'ConfigMap';

const reasonsOf = {
  Secret: { absent: 'SecretNotFound', incomplete: 'SecretKeyMissing' },
  ConfigMap: { absent: 'ConfigMapNotFound', incomplete: 'ConfigMapKeyMissing' },
} as const satisfies Record<ReferenceKind, { readonly absent: Reason; readonly incomplete: Reason }>;

function notFound(kind: ReferenceKind, { namespace, name }: ReferenceRequest): TransientError {
  return new TransientError({
    reason: reasonsOf[kind].absent,
    message: `There is no ${kind} ${name} in namespace ${namespace}. Create it, or correct the reference.`,
  });
}

function pickKeys(
  kind: ReferenceKind,
  request: ReferenceRequest,
  valueOf: (key: string) => string | undefined,
): Readonly<Record<string, string>> {
  const missing = request.keys.filter((key) => valueOf(key) === undefined);
  if (missing.length > 0) {
    throw new TerminalError({
      reason: reasonsOf[kind].incomplete,
      message: `${kind} ${request.namespace}/${request.name} has no key ${missing.toSorted().join(', ')}. Add it.`,
    });
  }
  const entries = [...request.keys, ...(request.optionalKeys ?? [])].flatMap((key) => {
    const value = valueOf(key);
    return value === undefined ? [] : [[key, value] as const];
  });
  return Object.fromEntries(entries);
}

/** White space at an end is nearly always a line break of `echo`, and makes a key that no server takes. */
function checkSecretValue({ namespace, name }: ReferenceRequest, key: string, value: string): void {
  if (value !== '' && (value === value.trim() || value.includes('-----BEGIN'))) return;
  const fault = value === '' ? 'is empty' : 'begins or ends with white space';
  throw new TerminalError({
    reason: 'SecretInvalidData',
    message: `Key ${key} of Secret ${namespace}/${name} ${fault}. Write it again with printf %s, without a line break.`,
  });
}

function revisionOf(object: KubernetesObject): string {
  return `${object.metadata.uid ?? ''}/${object.metadata.resourceVersion ?? ''}`;
}

const pemBlock = /-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g;

/** Rejects, with `CABundleInvalid`, a text that is not one certificate or more in PEM form. */
export function checkCABundle(subject: string, pem: string): void {
  const blocks = pem.match(pemBlock) ?? [];
  if (blocks.length > 0 && blocks.every(isCertificate)) return;
  const fault =
    blocks.length === 0 ? 'holds no certificate in PEM form' : 'holds a certificate that is damaged';
  throw new TerminalError({
    reason: 'CABundleInvalid',
    message: `${subject} ${fault}. Put the whole PEM text there, from BEGIN CERTIFICATE to END CERTIFICATE, for each authority.`,
  });
}

function isCertificate(block: string): boolean {
  try {
    return new X509Certificate(block).raw.length > 0;
  } catch {
    return false;
  }
}
