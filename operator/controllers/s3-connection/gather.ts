import type { S3Connection } from '../../../crds/generated/s3-connection.ts';
import { accessKeySecret } from '../../../crds/names.ts';
import { sessionNameOf, type IdentityPlan } from '../../../lib/aws/identity-plan.ts';
import type { TokenClaims } from '../../../lib/aws/policies.ts';
import type { S3Options } from '../../../lib/aws/s3.ts';
import type { TaskBaseIdentity, TaskIdentity } from '../../../lib/contract/task.ts';
import { parseDuration } from '../../../lib/duration.ts';
import { openIdentity, type IdentityDeps } from '../../../lib/aws/open-identity.ts';
import { TerminalError, TransientError } from '../../../lib/errors.ts';
import { findIdentityFault, type IdentityPolicy } from '../../preflight/find-identity-fault.ts';
import { checkCABundle, readConfigMap, readSecret } from '../../references.ts';
import type { ApiClient } from '../../runtime/api-client.ts';
import { readClaims, readServiceAccount, requestToken } from '../../service-accounts.ts';

/** How S3 is reached and as whom, and what moves when a Secret or ConfigMap of it does. */
export interface S3Access {
  readonly options: Omit<S3Options, 'credentials'>;
  /** For a worker, which comes to its credentials by itself. */
  readonly identity: TaskIdentity;
  /** For this process; undefined: only pods of the connection's ServiceAccount are given the identity. */
  readonly plan: IdentityPlan | undefined;
  readonly revision: string;
}

export interface AccessDeps {
  readonly client: ApiClient;
  readonly identityPolicy: IdentityPolicy;
  /** The id that the operator made for the connection's role. */
  readonly externalIdOf: (connection: S3Connection, signal: AbortSignal) => Promise<string>;
}

/**
 * Resolves what the connection refers to; asks neither S3 nor STS.
 * Errors: those of `readSecret`, `readConfigMap` and `readServiceAccount`; `CABundleInvalid`, `IdentityNotAllowed`,
 * `InvalidRoleARN`.
 */
export async function gatherS3Access(
  connection: S3Connection,
  deps: AccessDeps,
  signal: AbortSignal,
): Promise<S3Access> {
  const fault = findIdentityFault(connection, deps.identityPolicy);
  if (fault !== undefined) throw new TerminalError(fault);
  const { region, endpoint, forcePathStyle, stsEndpoint } = connection.spec;
  const base = await readBase(connection, deps, signal);
  const ca = await readCaBundle(connection, deps.client, signal);
  const identity = {
    base: base.task,
    ...(await readRole(connection, deps, signal)),
    ...(stsEndpoint === undefined ? {} : { stsEndpoint }),
    sessionName: sessionNameOf(connection.metadata.namespace, connection.metadata.name),
  };
  const sts = { region, endpoint: stsEndpoint, caPem: ca?.pem };
  const { role, sessionName } = identity;
  return {
    revision: [base.revision, ca?.revision ?? '', JSON.stringify(identity)].join(' '),
    options: { region, endpoint, forcePathStyle, caPem: ca?.pem },
    identity,
    plan: base.held && { base: base.held, role, sts, sessionName },
  };
}

/** What this process opens S3 with. Errors: `PodIdentityUnavailable`. */
export function optionsOf(access: S3Access, deps: IdentityDeps): S3Options {
  const { options } = access;
  const plan = planOf(access);
  return { ...options, credentials: openIdentity(plan, deps).credentials };
}

/** How this process comes to the identity. Errors: `PodIdentityUnavailable`. */
export function planOf({ plan }: S3Access): IdentityPlan {
  if (plan !== undefined) return plan;
  throw new TransientError({
    reason: 'PodIdentityUnavailable',
    message:
      'The ServiceAccount of the connection names no role, and what only its pods are given cannot be used here. ' +
      'Annotate it with eks.amazonaws.com/role-arn.',
  });
}

interface Base {
  readonly task: TaskBaseIdentity;
  /** Undefined: its pods alone have it. */
  readonly held: IdentityPlan['base'] | undefined;
  readonly revision: string;
}

async function readBase(connection: S3Connection, deps: AccessDeps, signal: AbortSignal): Promise<Base> {
  const { secretRef, serviceAccountName } = connection.spec.credentials;
  const { namespace } = connection.metadata;
  if (secretRef !== undefined) return await readKeys({ namespace, ...secretRef }, deps.client, signal);
  if (serviceAccountName !== undefined) {
    return await readAccount({ namespace, name: serviceAccountName }, deps.client, signal);
  }
  return { task: { kind: 'ambient' }, held: { kind: 'ambient' }, revision: 'ambient' };
}

async function readKeys(
  { namespace, name }: { readonly namespace: string; readonly name: string },
  client: ApiClient,
  signal: AbortSignal,
): Promise<Base> {
  const { accessKeyID, secretAccessKey, sessionToken } = accessKeySecret;
  const keys = [accessKeyID, secretAccessKey];
  const { values, revision } = await readSecret(
    client,
    { namespace, name, keys, optionalKeys: [sessionToken] },
    signal,
  );
  const credentials = {
    accessKeyId: values[accessKeyID] ?? '',
    secretAccessKey: values[secretAccessKey] ?? '',
    sessionToken: values[sessionToken],
  };
  return { task: { kind: 'keys' }, held: { kind: 'keys', credentials }, revision };
}

async function readAccount(
  key: { readonly namespace: string; readonly name: string },
  client: ApiClient,
  signal: AbortSignal,
): Promise<Base> {
  const { roleArn, audience, uid } = await readServiceAccount(client, key, signal);
  // The agent of the node answers in the pod; there the SDK finds it.
  if (roleArn === undefined) return { task: { kind: 'ambient' }, held: undefined, revision: uid };
  const token = (until: AbortSignal) => requestToken(client, { ...key, audience }, until);
  return {
    task: { kind: 'webIdentity', roleArn, audience },
    held: { kind: 'webIdentity', roleArn, token },
    revision: uid,
  };
}

async function readRole(
  connection: S3Connection,
  { externalIdOf }: AccessDeps,
  signal: AbortSignal,
): Promise<Pick<TaskIdentity, 'role'>> {
  const { role } = connection.spec;
  if (role === undefined) return {};
  const externalId = role.externalID ?? (await externalIdOf(connection, signal));
  const durationSeconds = Math.floor((parseDuration(role.sessionDuration) ?? 3_600_000) / 1000);
  return { role: { arn: role.arn, externalId, durationSeconds } };
}

async function readCaBundle(
  { metadata: { namespace }, spec: { caBundleRef } }: S3Connection,
  client: ApiClient,
  signal: AbortSignal,
): Promise<{ readonly pem: string; readonly revision: string } | undefined> {
  if (caBundleRef === undefined) return undefined;
  const { name, key } = caBundleRef;
  const { values, revision } = await readConfigMap(client, { namespace, name, keys: [key] }, signal);
  const pem = values[key] ?? '';
  checkCABundle(`Key ${key} of ConfigMap ${namespace}/${name}`, pem);
  return { pem, revision };
}

/** Whom the role in the ServiceAccount's annotation has to trust; undefined where there is no such role. */
export async function readTokenClaims(
  connection: S3Connection,
  { identity }: S3Access,
  client: ApiClient,
  signal: AbortSignal,
): Promise<{ readonly roleArn: string; readonly claims: TokenClaims } | undefined> {
  if (identity.base.kind !== 'webIdentity') return undefined;
  const { roleArn, audience } = identity.base;
  const name = connection.spec.credentials.serviceAccountName ?? '';
  const { namespace } = connection.metadata;
  const claims = readClaims(await requestToken(client, { namespace, name, audience }, signal), audience);
  return claims && { roleArn, claims };
}
