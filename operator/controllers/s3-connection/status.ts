import type {
  S3Connection,
  S3ConnectionStatus,
  S3ConnectionStatusPolicies,
} from '../../../crds/generated/s3-connection.ts';
import { annotations } from '../../../crds/names.ts';
import { roleOfSession } from '../../../lib/aws/arns.ts';
import {
  callerPolicy,
  trustPolicy,
  webIdentityTrustPolicy,
  type Policy,
  type TokenClaims,
} from '../../../lib/aws/policies.ts';
import { deriveConditions } from '../../conditions/derive-conditions.ts';
import { findingOf, gatesUntil, passed, unknown, type Finding } from '../../conditions/finding.ts';

/** What one look at the connection came to. */
export type IdentityOutcome =
  | { readonly kind: 'identified'; readonly principal: string; readonly account: string }
  /** There is no STS to ask; the credentials are proved by the first listing of a source. */
  | { readonly kind: 'unasked' }
  /** A pod of the ServiceAccount is asked, and has not answered yet. */
  | { readonly kind: 'pending'; readonly message: string }
  | { readonly kind: 'failed'; readonly error: unknown };

/** What policies are made of, as far as it was learnt before a failure. */
export interface IdentityFacts {
  /** Who asks for the role, or for anything where there is none. */
  readonly caller?: string | undefined;
  readonly externalId?: string | undefined;
  /** An access key that is good until somebody deletes it. */
  readonly isLongLivedKey?: boolean;
  /** Of the Secret or ServiceAccount, and of the certificates. */
  readonly revision?: string | undefined;
  /** What a person asked for is under way, and this is from before. */
  readonly isAwaited?: boolean;
  readonly webIdentity?: { readonly roleArn: string; readonly claims: TokenClaims } | undefined;
}

export type ConnectionFacts = IdentityOutcome & { readonly learnt: IdentityFacts };

export function findConnectionGates(facts: ConnectionFacts): readonly Finding[] {
  const passes = [
    passed('Accepted', 'Accepted', 'The spec makes sense.'),
    passed('ResolvedRefs', 'ResolvedRefs', 'What the spec names is there and has what is needed.'),
    passed('Authenticated', 'Authenticated', describeIdentity(facts)),
  ];
  return gatesUntil(passes, findFailure(facts, passes));
}

function findFailure(facts: ConnectionFacts, passes: readonly Finding[]): Finding | undefined {
  switch (facts.kind) {
    case 'failed':
      return findingOf(facts.error, 'Authenticated', passes);
    case 'pending':
      return unknown('Authenticated', 'IdentityProbePending', facts.message);
    case 'identified':
    case 'unasked':
      return undefined;
  }
}

function describeIdentity(facts: ConnectionFacts): string {
  if (facts.kind !== 'identified') {
    return 'The credentials are there. No STS can be asked whose they are; each source proves them when it lists.';
  }
  const { caller } = facts.learnt;
  const by = caller === undefined || caller === facts.principal ? '' : `, a role that ${caller} assumes`;
  const how = facts.learnt.isLongLivedKey === true ? longLivedKey : '';
  return `Requests are made as ${facts.principal}${by}.${how}`;
}

const longLivedKey =
  ' The key in the Secret does not end by itself, which AWS advises against: a ServiceAccount with a role needs none.';

export function deriveConnectionStatus(
  connection: S3Connection,
  facts: ConnectionFacts,
  now: string,
): S3ConnectionStatus {
  const { caller, externalId, isAwaited } = facts.learnt;
  const requestedAt =
    isAwaited === true
      ? connection.status.lastHandledReconcileAt
      : connection.metadata.annotations?.[annotations.requestedAt];
  const policies = derivePolicies(connection, facts.learnt);
  const isRole = connection.spec.role !== undefined;
  return {
    observedGeneration: connection.metadata.generation,
    ...(requestedAt === undefined ? {} : { lastHandledReconcileAt: requestedAt }),
    ...(facts.kind === 'identified' ? { principal: facts.principal, account: facts.account } : {}),
    ...(isRole && caller !== undefined ? { caller } : {}),
    ...(externalId === undefined ? {} : { externalID: externalId }),
    ...(Object.keys(policies).length === 0 ? {} : { policies }),
    conditions: deriveConditions({
      kind: 'S3Connection',
      generation: connection.metadata.generation,
      previous: connection.status.conditions ?? [],
      findings: findConnectionGates(facts),
      now,
    }),
  };
}

/** The role of an annotation is known with its path; a session's ARN does not tell it. */
function derivePolicies(
  { spec: { role } }: S3Connection,
  { caller, externalId, webIdentity }: IdentityFacts,
): S3ConnectionStatusPolicies {
  const trusted = webIdentity?.roleArn ?? (caller === undefined ? undefined : roleOfSession(caller));
  return {
    ...(role === undefined || externalId === undefined || trusted === undefined
      ? {}
      : { trust: print(trustPolicy(trusted, externalId)) }),
    ...(role === undefined ? {} : { caller: print(callerPolicy(role.arn)) }),
    ...(webIdentity === undefined
      ? {}
      : { webIdentity: print(webIdentityTrustPolicy(webIdentity.roleArn, webIdentity.claims)) }),
  };
}

function print(policy: Policy): string {
  return JSON.stringify(policy, undefined, 2);
}
