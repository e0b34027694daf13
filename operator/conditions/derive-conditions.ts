import { conditions, conditionTypesOf, type Condition, type ConditionType } from '../../crds/conditions.ts';
import type { Kind } from '../../crds/names.ts';
import type { Reason } from '../../crds/reasons.ts';
import { classOf, letsPass, type Finding } from './finding.ts';
import { statusText } from './status-text.ts';

export interface ConditionsInput {
  readonly kind: Kind;
  readonly generation: number;
  /** What stands in status now; times are kept where a status does not change. */
  readonly previous: readonly Condition[];
  /** Of several on one condition the first counts. */
  readonly findings: readonly Finding[];
  /** Overrides the reason of a True `Ready`. */
  readonly ready?: { readonly reason: Reason; readonly message: string };
  /** RFC 3339. */
  readonly now: string;
}

/** A permission that was granted a moment ago may still be denied for so long. */
const eventualMs = 10 * 60 * 1000;

/**
 * The conditions of an object, from what one look at the world found.
 *
 * Gates stand in the order of `crds/conditions.ts`. The first that is False, or missing among the findings, blocks
 * those behind it; `Ready` shows the first that is not True. `Stalled` and `Reconciling` are there only while True,
 * never both: the class of the reason decides.
 */
export function deriveConditions(input: ConditionsInput): readonly Condition[] {
  const gates = deriveGates(input);
  const cause = gates.find((gate) => !letsPass(gate));
  const derived = [deriveReady(input, cause), ...deriveProgress(input, cause), ...gates];
  const findings = [...derived, ...input.findings.filter(isReport)];
  return conditionTypesOf(input.kind).flatMap((type) => {
    const finding = findings.find((candidate) => candidate.type === type);
    return finding === undefined ? [] : [stamp(input, finding)];
  });
}

/** What `Ready` does not depend on. An abnormal condition is there only while it holds. */
function isReport({ type, status }: Finding): boolean {
  if (type === 'Reconciling' || type === 'Stalled') return false;
  const { role } = conditions[type];
  return role === 'report' || (role === 'abnormal' && status === 'True');
}

function deriveGates(input: ConditionsInput): readonly Finding[] {
  const gates: Finding[] = [];
  let blocker: ConditionType | undefined;
  for (const type of conditionTypesOf(input.kind)) {
    if (conditions[type].role !== 'gate') continue;
    const finding = input.findings.find((candidate) => candidate.type === type);
    if (blocker !== undefined || finding === undefined) {
      const cause = blocker === undefined ? 'has not been looked at yet' : `waits for ${blocker}`;
      gates.push({ type, status: 'Unknown', reason: 'Blocked', message: `${type} ${cause}.` });
    } else {
      gates.push(finding);
    }
    if (finding === undefined || !letsPass(finding)) blocker ??= type;
  }
  return gates;
}

/** `cause`: the first gate that is not True. */
function deriveReady({ ready }: ConditionsInput, cause: Finding | undefined): Finding {
  if (cause !== undefined) return { ...cause, type: 'Ready' };
  const { reason, message } = ready ?? {
    reason: 'Succeeded',
    message: 'Everything is as the spec says.',
  };
  return { type: 'Ready', status: 'True', reason, message };
}

function deriveProgress(input: ConditionsInput, cause: Finding | undefined): readonly Finding[] {
  if (cause === undefined) return [];
  const { reason, message } = cause;
  const stalled = { type: 'Stalled', status: 'True', reason, message } as const;
  const retrying = { type: 'Reconciling', status: 'True', reason: 'ProgressingWithRetry', message } as const;
  switch (classOf(reason)) {
    case 'P':
      return [stalled];
    case 'E':
      return standsForLong(input, cause) ? [stalled] : [retrying];
    case 'T':
      return [retrying];
    case 'N':
    case 'W':
      return [{ type: 'Reconciling', status: 'True', reason: 'Progressing', message }];
  }
}

/** Counted from when the gate itself changed: `Ready` may have been False before, for another cause. */
function standsForLong(input: ConditionsInput, cause: Finding): boolean {
  return Date.parse(input.now) - Date.parse(transitionTime(input, cause)) >= eventualMs;
}

function transitionTime({ previous, now }: ConditionsInput, finding: Finding): string {
  const before = previous.find(({ type }) => type === finding.type);
  return before?.status === finding.status ? before.lastTransitionTime : now;
}

function stamp(input: ConditionsInput, finding: Finding): Condition {
  const { type, status, reason, message } = finding;
  return {
    type,
    status,
    observedGeneration: input.generation,
    lastTransitionTime: transitionTime(input, finding),
    reason,
    message: statusText(message),
  };
}
