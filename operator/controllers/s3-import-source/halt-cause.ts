import type { Reason } from '../../../crds/reasons.ts';
import type { Finding } from '../../conditions/finding.ts';
import type { ImportFacts } from './facts.ts';

/** Why workers are stopped. */
export type StopCause = 'Suspended' | 'SpecChanged' | 'SpecRefused' | 'Withdrawn';

export const stopCauses: Readonly<Record<StopCause, string>> = {
  Suspended: 'the source was suspended',
  SpecChanged: 'the spec or a Secret changed',
  SpecRefused: 'the spec makes no sense any more, or another source has the ledger',
  Withdrawn: 'what the spec names was taken away',
};

/** Somebody took away what the workers work on; what fails or is being rotated is no withdrawal. */
const withdrawals: ReadonlySet<Reason> = new Set(['ConnectionNotFound', 'StoreNotFound', 'ProjectNotFound']);

/**
 * Whether the workers of a source that did not pass its preflight must stop; undefined: they go on.
 *
 * They go on with what was right when they began while a dependency is away, a Secret is missing or a permission is
 * revoked: such things pass, and what does not fails in the worker itself, which gives its files back. They stop where
 * going on would be against what somebody has said: the source is suspended, its spec makes no sense, its ledger or its
 * store is another's, or the connection, the store or the project is gone. Stopping loses nothing.
 */
export function haltCauseOf(facts: ImportFacts, preflight: readonly Finding[]): StopCause | undefined {
  if (facts.source.spec.suspend) return 'Suspended';
  const failure = preflight.find(({ status }) => status !== 'True');
  if (failure?.type === 'Accepted') return 'SpecRefused';
  if (failure !== undefined && withdrawals.has(failure.reason)) return 'Withdrawn';
  return isStoreAnothers(facts) ? 'Withdrawn' : undefined;
}

function isStoreAnothers({ eventStore }: ImportFacts): boolean {
  const ready = eventStore?.status.conditions?.find(({ type }) => type === 'Ready');
  return ready?.status === 'False' && ready.reason === 'ConflictingResource';
}
