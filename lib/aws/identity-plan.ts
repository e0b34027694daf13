import type { AwsCredentials } from './credentials.ts';
import type { RequestObserver } from './request-observer.ts';

/** How an identity comes about: a first one, and over it perhaps a role. */
export interface IdentityPlan {
  readonly base: BaseIdentity;
  readonly role?: AssumedRole | undefined;
  /** Where STS is. Its `endpoint` is absent for AWS's own of the region. */
  readonly sts: StsAddress;
  /** Names the session, so that the account's audit trail shows who asked. */
  readonly sessionName: string;
}

export type BaseIdentity =
  | { readonly kind: 'keys'; readonly credentials: AwsCredentials }
  /** A token of a ServiceAccount for a role that trusts the cluster. */
  | {
      readonly kind: 'webIdentity';
      readonly roleArn: string;
      readonly token: (signal: AbortSignal) => Promise<string>;
    }
  /** What the SDK finds in the process's environment: of a node, of EKS Pod Identity, of a person. */
  | { readonly kind: 'ambient' };

/** Told of what an identity asks for. */
export interface IdentityObserver extends RequestObserver {
  /** Temporary credentials were asked for; they end at `expiresAt`, in milliseconds since the epoch. */
  renewed(mode: 'webIdentity' | 'ambient' | 'role', outcome: 'renewed' | 'failed', expiresAt?: number): void;
}

export interface AssumedRole {
  readonly arn: string;
  readonly externalId?: string | undefined;
  readonly durationSeconds: number;
}

export interface StsAddress {
  readonly region: string;
  readonly endpoint?: string | undefined;
  /** Certificates (PEM) of authorities that are trusted beside the usual ones. */
  readonly caPem?: string | undefined;
}

/** A session's name has 2 to 64 of these characters. */
export function sessionNameOf(...parts: readonly string[]): string {
  return ['millrace', ...parts]
    .join('-')
    .replaceAll(/[^\w+=,.@-]/g, '-')
    .slice(0, 64);
}
