import { TerminalError, TransientError, messageOf } from '../lib/errors.ts';
import type { TokenClaims } from '../lib/aws/policies.ts';
import { resourceTypes } from './resource-types.ts';
import type { ApiClient } from './runtime/api-client.ts';
import { apiErrorOf } from './runtime/api-error.ts';
import type { KubernetesObject, ObjectKey } from './runtime/objects.ts';
import { findReferent } from './references.ts';

/** Annotations that EKS gives a meaning to; other clusters may use them as well. */
const annotations = {
  roleArn: 'eks.amazonaws.com/role-arn',
  audience: 'eks.amazonaws.com/audience',
} as const;

export interface ServiceAccountView {
  /** Of its annotation; undefined: its pods have what EKS Pod Identity gives them. */
  readonly roleArn: string | undefined;
  /** That tokens are for. */
  readonly audience: string;
  readonly uid: string;
}

/** A ServiceAccount of the object's own namespace. Errors: `ServiceAccountNotFound`, `SecretAccessForbidden`. */
export async function readServiceAccount(
  client: ApiClient,
  key: ObjectKey,
  signal: AbortSignal,
): Promise<ServiceAccountView> {
  const account = await findReferent<KubernetesObject>(client, resourceTypes.serviceAccounts, key, signal);
  if (account === undefined) {
    throw new TransientError({
      reason: 'ServiceAccountNotFound',
      message: `There is no ServiceAccount ${key.name} in namespace ${key.namespace}. Create it, or correct the reference.`,
    });
  }
  const { uid = '', annotations: given = {} } = account.metadata;
  const roleArn = given[annotations.roleArn];
  return {
    uid,
    roleArn: roleArn === '' ? undefined : roleArn,
    audience: given[annotations.audience] ?? 'sts.amazonaws.com',
  };
}

/** How long a token is good; it is used at once, and the shortest that the API server gives. */
const tokenSeconds = 600;

interface TokenRequest {
  readonly status?: { readonly token?: string };
}

/** A token of the ServiceAccount. Errors: `TokenRequestRefused`, `TokenRequestFailed`. */
export async function requestToken(
  client: ApiClient,
  { namespace, name, audience }: ObjectKey & { readonly audience: string },
  signal: AbortSignal,
): Promise<string> {
  const body = {
    apiVersion: 'authentication.k8s.io/v1',
    kind: 'TokenRequest',
    spec: { audiences: [audience], expirationSeconds: tokenSeconds },
  };
  try {
    const answer = await client.createSubresource<TokenRequest>(
      resourceTypes.serviceAccounts,
      { namespace, name },
      { name: 'token', body },
      { signal },
    );
    return answer.status?.token ?? '';
  } catch (error) {
    signal.throwIfAborted();
    const answer = apiErrorOf(error);
    const message = `No token of ServiceAccount ${namespace}/${name}: ${answer?.message ?? messageOf(error)}`;
    const refused = answer !== undefined && isFinal(answer.code);
    throw refused
      ? new TerminalError({ reason: 'TokenRequestRefused', message, cause: error })
      : new TransientError({ reason: 'TokenRequestFailed', message, cause: error });
  }
}

/** 501 is what an API server without such tokens says. */
function isFinal(code: number): boolean {
  return code === 501 || (code < 500 && code !== 429);
}

/** What a token says of itself; undefined if it is none that can be read. Nothing is checked: it is the cluster's own. */
export function readClaims(token: string, audience: string): TokenClaims | undefined {
  try {
    const payload = Buffer.from(token.split('.')[1] ?? '', 'base64url').toString('utf8');
    const { iss, sub } = JSON.parse(payload) as { readonly iss?: unknown; readonly sub?: unknown };
    return typeof iss === 'string' && typeof sub === 'string'
      ? { issuer: iss, subject: sub, audience }
      : undefined;
  } catch {
    return undefined;
  }
}
