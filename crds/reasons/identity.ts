import { onConnection, onS3, onSource, type ReasonEntry } from './entry.ts';

/** Ways to an identity beside a static key: roles, tokens of ServiceAccounts, what only a pod holds. */
export const identityReasons = {
  CredentialsRotated: {
    on: ['Event'],
    kinds: onConnection,
    class: 'N',
    summary:
      'The Secret or ServiceAccount of the connection changed; what is there now is used, by workers too.',
  },
  IdentityNotAllowed: {
    on: ['Accepted'],
    kinds: onConnection,
    class: 'P',
    summary:
      'The operator’s configuration does not admit these credentials in this namespace, or not to this endpoint.',
    cure: 'Use a Secret or a ServiceAccount of the namespace; the message says which setting allows it.',
  },
  InvalidRoleARN: {
    on: ['Accepted'],
    kinds: onConnection,
    class: 'P',
    summary: 'The ARN of the role is malformed, or of another partition than the region.',
    cure: 'Create a new S3Connection with the right ARN: spec.role.arn cannot change.',
  },
  ServiceAccountNotFound: {
    on: ['ResolvedRefs'],
    kinds: onConnection,
    class: 'W',
    summary: 'There is no ServiceAccount of that name in the namespace.',
    cure: 'Create it; the connection goes on by itself.',
  },
  TokenRequestFailed: {
    on: ['Authenticated'],
    kinds: onConnection,
    class: 'T',
    summary: 'The Kubernetes API server gave no token of the ServiceAccount.',
    cure: 'Nothing, if it passes. Else look at the API server’s health.',
  },
  TokenRequestRefused: {
    on: ['Authenticated'],
    kinds: onConnection,
    class: 'P',
    summary: 'The operator may not ask for tokens of the ServiceAccount, or there is no cluster to give one.',
    cure: 'Allow the operator `create` on serviceaccounts/token in this namespace; in local mode sign in with a Secret.',
  },
  WebIdentityTokenInvalid: {
    on: ['Authenticated'],
    kinds: onS3,
    class: 'P',
    summary: 'STS does not take the ServiceAccount’s token: issuer or audience are not known to the account.',
    cure: 'Create the IAM OIDC provider of the cluster in the role’s account, with the audience sts.amazonaws.com.',
  },
  WebIdentityTokenExpired: {
    on: ['Authenticated'],
    kinds: onS3,
    class: 'T',
    summary: 'STS says that the ServiceAccount’s token has expired.',
    cure: 'Nothing, if it passes: a new token is asked for. Else set the clocks of the nodes.',
  },
  AssumeRoleDenied: {
    on: ['Authenticated'],
    kinds: onS3,
    class: 'E',
    summary: 'STS denied the role: it is absent, does not trust the principal, or wants another external id.',
    cure: 'Paste status.policies.trust of the S3Connection into the role, and status.policies.caller into the policy of the principal.',
  },
  SessionDurationInvalid: {
    on: ['Authenticated'],
    kinds: onS3,
    class: 'P',
    summary: 'The role gives no session as long as spec.role.sessionDuration asks.',
    cure: 'Shorten it (at most 1h where a role assumes a role), or raise the role’s maximum session duration.',
  },
  PodIdentityUnavailable: {
    on: ['Authenticated'],
    kinds: onS3,
    class: 'W',
    summary: 'The ServiceAccount names no role; what only its pods are given cannot be used by this machine.',
    cure: 'Annotate the ServiceAccount with eks.amazonaws.com/role-arn, and let that role trust it.',
  },
  IdentityProbePending: {
    on: ['Authenticated'],
    kinds: onConnection,
    class: 'W',
    summary:
      'Only pods of the ServiceAccount hold the identity; one was started to say who it is, and has not yet.',
    cure: 'Nothing: it takes as long as a pod takes to start.',
  },
  IdentityProbeFailed: {
    on: ['Authenticated'],
    kinds: onConnection,
    class: 'W',
    summary:
      'The pod that was started under the ServiceAccount, to say who it is, did not start or did not answer.',
    cure: 'The message says why, as far as Kubernetes tells it; the Job that it names says the rest.',
  },
  DiscoveryPending: {
    on: ['BucketAccessible'],
    kinds: onSource,
    class: 'W',
    summary: 'Only pods of the ServiceAccount may look at the bucket; one was started, and has not told yet.',
    cure: 'Nothing: it takes as long as a pod takes to start, and to list the prefix.',
  },
  DiscoveryFailed: {
    on: ['BucketAccessible'],
    kinds: onSource,
    class: 'W',
    summary: 'The pod that was started to look at the bucket did not start or did not answer.',
    cure: 'The message says why, as far as Kubernetes tells it; the Job that it names says the rest.',
  },
  VerificationInconclusive: {
    on: ['PermissionsVerified'],
    kinds: onSource,
    class: 'N',
    harmless: true,
    summary:
      'An action could not be tried, since there is no object to try it on yet. Ready does not wait for it.',
    cure: 'Nothing: it is tried on the first object that is found.',
  },
  VPCEndpointDenied: {
    on: ['BucketAccessible'],
    kinds: onSource,
    class: 'E',
    summary: 'The policy of a VPC endpoint on the way to S3 denied the action.',
    cure: 'Allow the action on the bucket in the endpoint’s policy, which the message names.',
  },
  AccessPointUnsupported: {
    on: ['BucketAccessible'],
    kinds: onSource,
    class: 'P',
    summary: 'The access point cannot be used for an import.',
    cure: 'Name the bucket, or an access point whose network origin is the internet.',
  },
  UnsupportedProvider: {
    on: ['BucketAccessible'],
    kinds: onSource,
    class: 'P',
    summary: 'The store does not know a call that an import needs.',
    cure: 'Check that spec.endpoint of the S3Connection is that of an S3 store.',
  },
} as const satisfies Record<string, ReasonEntry>;
