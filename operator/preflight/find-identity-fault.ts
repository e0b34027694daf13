import type { S3Connection } from '../../crds/generated/s3-connection.ts';
import type { Reason } from '../../crds/reasons.ts';
import { partitionOf } from '../../lib/aws/arns.ts';
import { isOwnEndpoint } from '../../lib/aws/own-endpoints.ts';

/** What an administrator allows of identities that a Secret of the namespace does not hold. */
export interface IdentityPolicy {
  /** Whether workers have this process's environment, and manifests may use the credentials that are found there. */
  readonly allowsAmbient: boolean;
  /** Origins, beside Amazon's own, that ambient credentials and tokens may be given to. */
  readonly trustedEndpoints: readonly string[];
}

export interface IdentityFault {
  readonly reason: Reason;
  readonly message: string;
}

/** Why the connection's credentials may not be used as it says; undefined: they may. Pure. */
export function findIdentityFault(
  connection: S3Connection,
  policy: IdentityPolicy,
): IdentityFault | undefined {
  return (
    findAmbientFault(connection, policy) ?? findEndpointFault(connection, policy) ?? findRoleFault(connection)
  );
}

function findAmbientFault({ spec }: S3Connection, policy: IdentityPolicy): IdentityFault | undefined {
  if (spec.credentials.ambient === undefined || policy.allowsAmbient) return undefined;
  return {
    reason: 'IdentityNotAllowed',
    message:
      'spec.credentials.ambient is of one machine, and not allowed here: in local mode start millrace run with ' +
      '--ambient, in a cluster use serviceAccountName or secretRef.',
  };
}

function findEndpointFault({ spec }: S3Connection, policy: IdentityPolicy): IdentityFault | undefined {
  if (spec.credentials.secretRef !== undefined) return undefined;
  const what = spec.credentials.ambient === undefined ? 'tokens of ServiceAccounts' : 'ambient credentials';
  // A token goes to STS alone; what comes of it is the namespace's own.
  const given =
    spec.credentials.ambient === undefined ? [spec.stsEndpoint] : [spec.endpoint, spec.stsEndpoint];
  const foreign = given.find((address) => address !== undefined && !isTrusted(address, policy));
  if (foreign === undefined) return undefined;
  return {
    reason: 'IdentityNotAllowed',
    message:
      `${foreign} is not Amazon's, and the operator's settings do not let it have ${what}. Use secretRef, or have an ` +
      'administrator add the address to MILLRACE_TRUSTED_ENDPOINTS of the operator.',
  };
}

function isTrusted(address: string, { trustedEndpoints }: IdentityPolicy): boolean {
  return isOwnEndpoint(address) || trustedEndpoints.includes(new URL(address).origin);
}

function findRoleFault({ spec: { role, region, endpoint } }: S3Connection): IdentityFault | undefined {
  if (role === undefined || endpoint !== undefined) return undefined;
  const partition = partitionOf(region);
  if (role.arn.split(':')[1] === partition) return undefined;
  return {
    reason: 'InvalidRoleARN',
    message: `spec.role.arn ${role.arn} is not of the partition of region ${region}, whose ARNs begin with arn:${partition}:.`,
  };
}
