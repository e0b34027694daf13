// Generated from crds/s3connections.yaml by `make generate`. Do not edit.

import type { Condition } from '../conditions.ts';
import type { ObjectMeta } from '../object-meta.ts';

/**
 * An S3Connection says how to reach S3: where the store is, and which credentials to use. Sources of the
 * same namespace refer to it by name; it reads and writes nothing by itself.
 */
export interface S3Connection {
  readonly apiVersion: 'millrace.dev/v1alpha1';
  readonly kind: 'S3Connection';
  readonly metadata: ObjectMeta;
  readonly spec: S3ConnectionSpec;
  readonly status: S3ConnectionStatus;
}

/** What the connection should be. */
export interface S3ConnectionSpec {
  /** A name for people. May change at any time. */
  readonly displayName?: string;
  /** What the connection is for, in words. May change at any time. */
  readonly description?: string;
  /**
   * The region that requests are signed for. With Amazon S3 the region of the buckets; a bucket of another
   * region is reported as BucketRegionMismatch, with the right one. Stores with an endpoint of their own
   * mostly take `us-east-1`.
   */
  readonly region: string;
  /**
   * The address of an S3 store that is not Amazon's: scheme, host, and where needed port and path. Absent
   * for Amazon S3, whose endpoint follows from the region. Cannot change, nor be added or removed later.
   */
  readonly endpoint?: string;
  /**
   * Whether the bucket stands in the path of a request (`https://host/bucket/key`) and not in the host name.
   * Most stores other than Amazon's need it.
   */
  readonly forcePathStyle: boolean;
  /**
   * A ConfigMap of the same namespace with the certificates (PEM) to trust, beside the well-known ones, when
   * the endpoint's TLS certificate is checked.
   */
  readonly caBundleRef?: S3ConnectionCaBundleRef;
  /**
   * The address of the Security Token Service that says which principal the credentials belong to. Absent:
   * with Amazon S3 the one of the region; with an endpoint of one's own none, and the principal stays
   * unknown. May be an interface VPC endpoint.
   */
  readonly stsEndpoint?: string;
  /**
   * Who signs the requests, or asks for the role. Exactly one of its members is set; which one cannot change
   * later.
   */
  readonly credentials: S3ConnectionCredentials;
  /**
   * A role to assume with the credentials above, mostly of the account that owns the bucket. Its trust
   * policy stands ready to paste in status.policies.trust. Cannot be added or removed later.
   */
  readonly role?: S3ConnectionRole;
}

/**
 * A ConfigMap of the same namespace with the certificates (PEM) to trust, beside the well-known ones, when
 * the endpoint's TLS certificate is checked.
 */
export interface S3ConnectionCaBundleRef {
  /** The name of the ConfigMap. */
  readonly name: string;
  /** The key of the ConfigMap that holds the certificates. */
  readonly key: string;
}

/**
 * Who signs the requests, or asks for the role. Exactly one of its members is set; which one cannot change
 * later.
 */
export interface S3ConnectionCredentials {
  /**
   * A Secret of the same namespace with static keys: `accessKeyID`, `secretAccessKey`, and for temporary
   * credentials `sessionToken`. Its content may be rotated, and another Secret named, at any time; a change
   * takes effect without a restart. A role needs no long-lived key: prefer serviceAccountName where the
   * cluster has web identity.
   */
  readonly secretRef?: S3ConnectionCredentialsSecretRef;
  /**
   * A ServiceAccount of the same namespace, under which the workers run. Annotated with
   * `eks.amazonaws.com/role-arn`, its token is given to that role: web identity, which works in any cluster
   * whose issuer AWS can reach. No key is stored anywhere.
   */
  readonly serviceAccountName?: string;
  /**
   * Whatever the AWS SDK finds in the environment of this machine: variables, a profile, a role. For the
   * local mode alone, and there only with `millrace run --ambient`: in a cluster others share it. Never
   * given to an endpoint that is not Amazon's.
   */
  readonly ambient?: Readonly<Record<string, never>>;
}

/**
 * A Secret of the same namespace with static keys: `accessKeyID`, `secretAccessKey`, and for temporary
 * credentials `sessionToken`. Its content may be rotated, and another Secret named, at any time; a change
 * takes effect without a restart. A role needs no long-lived key: prefer serviceAccountName where the
 * cluster has web identity.
 */
export interface S3ConnectionCredentialsSecretRef {
  /** The name of the Secret. */
  readonly name: string;
}

/**
 * A role to assume with the credentials above, mostly of the account that owns the bucket. Its trust
 * policy stands ready to paste in status.policies.trust. Cannot be added or removed later.
 */
export interface S3ConnectionRole {
  /** The ARN of the role. Case matters. */
  readonly arn: string;
  /**
   * How long a session of the role lasts before it is renewed, from 15m to 12h; at most 1h where the
   * credentials are a session of a role themselves, as those of a ServiceAccount are.
   */
  readonly sessionDuration: string;
  /**
   * The external id to give when the role is assumed. Absent, which is best: the operator makes a random one
   * for this connection alone, and shows it in status.externalID. Cannot change.
   */
  readonly externalID?: string;
}

/** What the operator observed. Written by the operator alone. */
export interface S3ConnectionStatus {
  /**
   * The generation of the object that the rest of the status speaks of; -1 until the operator has looked at
   * it for the first time.
   */
  readonly observedGeneration: number;
  /**
   * The value of the annotation `millrace.dev/requestedAt` that was handled last; a script that set the
   * annotation waits until both are equal.
   */
  readonly lastHandledReconcileAt?: string;
  /**
   * The principal that S3 sees, as STS names it. Name it in the bucket's or the key's policy. Absent where
   * no STS can be asked, or the role was not given.
   */
  readonly principal?: string;
  /**
   * The principal of spec.credentials, which assumes the role and which the role's trust policy must name.
   * Absent without a role.
   */
  readonly caller?: string;
  /** The AWS account that the principal belongs to. */
  readonly account?: string;
  /**
   * The external id that is given when the role is assumed, for its trust policy. Of this connection alone;
   * a connection that is deleted and made anew gets another.
   */
  readonly externalID?: string;
  /** Policies of IAM, each a JSON document ready to paste. `millrace policy` prints them. */
  readonly policies?: S3ConnectionStatusPolicies;
  /** The state of the connection, one entry for each aspect of it. */
  readonly conditions?: readonly Condition[];
}

/** Policies of IAM, each a JSON document ready to paste. `millrace policy` prints them. */
export interface S3ConnectionStatusPolicies {
  /** The trust policy of the role in spec.role. */
  readonly trust?: string;
  /** The policy of whoever spec.credentials belong to, so that it may assume the role. */
  readonly caller?: string;
  /** The trust policy of the role that the ServiceAccount's annotation names. */
  readonly webIdentity?: string;
}
