import { cureOf, messageOf, reasonOf } from '../../lib/errors.ts';
import type { ConditionType } from '../../crds/conditions.ts';
import { findReason, type Reason, type ReasonClass } from '../../crds/reasons.ts';

/**
 * What one look at the world says of one condition. A pure chain or a probe makes it; `deriveConditions` makes
 * conditions of all of them.
 */
export interface Finding {
  readonly type: ConditionType;
  readonly status: 'True' | 'False' | 'Unknown';
  readonly reason: Reason;
  /** Deterministic: the same world gives the same words. */
  readonly message: string;
}

export function passed(type: ConditionType, reason: Reason, message: string): Finding {
  return { type, status: 'True', reason, message };
}

export function failed(type: ConditionType, reason: Reason, message: string): Finding {
  return { type, status: 'False', reason, message };
}

export function unknown(type: ConditionType, reason: Reason, message: string): Finding {
  return { type, status: 'Unknown', reason, message };
}

/** The finding of an error: on `preferred` if the table of reasons admits it there, or knows no gate of these for it. */
export function findingOf(
  error: unknown,
  preferred: ConditionType,
  gates: readonly { readonly type: ConditionType }[],
): Finding {
  const word = reasonOf(error);
  const entry = findReason(word);
  const reason = entry === undefined ? 'UnknownError' : (word as Reason);
  const admits = (type: ConditionType) => entry?.on.includes(type) === true;
  const type = admits(preferred) ? preferred : gates.find((gate) => admits(gate.type))?.type;
  return failed(type ?? preferred, reason, tellError(error));
}

/** The message of an error, with a way out at its end. */
export function tellError(error: unknown): string {
  const message = messageOf(error);
  return cureOf(error) === undefined ? withCure(reasonOf(error), message) : message;
}

/** A message that quotes PostgreSQL names no way out, since PostgreSQL knows none: the table's is added. */
export function withCure(reason: string, message: string): string {
  const cure = quotingReasons.has(reason) ? findReason(reason)?.cure : undefined;
  if (cure === undefined || message.includes(cure)) return message;
  return `${message.replace(/[.!]?$/, '.')} ${cure}`;
}

const quotingReasons: ReadonlySet<string> = new Set<Reason>([
  'MigrationFailed',
  'StoreAuthenticationFailed',
  'StoreConflict',
  'StoreDatabaseNotFound',
  'StoreError',
  'StoreFull',
  'StoreNotMigrated',
  'StorePermissionDenied',
  'StoreReadOnly',
  'StoreTLSFailed',
  'StoreTooManyConnections',
  'StoreTooOld',
  'StoreURLInvalid',
  'StoreUnreachable',
]);

/** Whether `Ready`, and the gates behind this one, do not wait for it. */
export function letsPass({ status, reason }: Finding): boolean {
  return status === 'True' || (status === 'Unknown' && findReason(reason)?.harmless === true);
}

export function classOf(reason: string): ReasonClass {
  return findReason(reason)?.class ?? 'T';
}

/** The findings of a chain of gates that passed up to `failure`; those behind it were not reached. */
export function gatesUntil(passes: readonly Finding[], failure: Finding | undefined): readonly Finding[] {
  if (failure === undefined) return passes;
  const at = passes.findIndex(({ type }) => type === failure.type);
  return [...(at < 0 ? passes : passes.slice(0, at)), failure];
}
