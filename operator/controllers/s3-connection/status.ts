import type { S3Connection, S3ConnectionStatus } from '../../../crds/generated/s3-connection.ts';
import { annotations } from '../../../crds/names.ts';
import { deriveConditions } from '../../conditions/derive-conditions.ts';
import { findingOf, gatesUntil, passed, type Finding } from '../../conditions/finding.ts';

/** What one look at the connection came to. */
export type ConnectionFacts =
  | { readonly kind: 'identified'; readonly principal: string; readonly account: string }
  /** There is no STS to ask; the credentials are proved by the first listing of a source. */
  | { readonly kind: 'unasked' }
  | { readonly kind: 'failed'; readonly error: unknown };

export function findConnectionGates(facts: ConnectionFacts): readonly Finding[] {
  const passes = [
    passed('Accepted', 'Accepted', 'The spec makes sense.'),
    passed('ResolvedRefs', 'ResolvedRefs', 'The Secret that the spec names has what is needed.'),
    passed('Authenticated', 'Authenticated', describeIdentity(facts)),
  ];
  const failure = facts.kind === 'failed' ? findingOf(facts.error, 'Authenticated', passes) : undefined;
  return gatesUntil(passes, failure);
}

function describeIdentity(facts: ConnectionFacts): string {
  return facts.kind === 'identified'
    ? `Requests are made as ${facts.principal}.`
    : 'The credentials are there. No STS can be asked whose they are; each source proves them when it lists.';
}

export function deriveConnectionStatus(
  connection: S3Connection,
  facts: ConnectionFacts,
  now: string,
): S3ConnectionStatus {
  const requestedAt = connection.metadata.annotations?.[annotations.requestedAt];
  return {
    observedGeneration: connection.metadata.generation,
    ...(requestedAt === undefined ? {} : { lastHandledReconcileAt: requestedAt }),
    ...(facts.kind === 'identified' ? { principal: facts.principal, account: facts.account } : {}),
    conditions: deriveConditions({
      kind: 'S3Connection',
      generation: connection.metadata.generation,
      previous: connection.status.conditions ?? [],
      findings: findConnectionGates(facts),
      now,
    }),
  };
}
