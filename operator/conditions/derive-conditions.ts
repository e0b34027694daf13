import { conditions, conditionTypesOf, type Condition, type ConditionType } from '../../crds/conditions.ts';
import type { Kind } from '../../crds/names.ts';
import type { Reason } from '../../crds/reasons.ts';
import { classOf, type Finding } from './finding.ts';

export interface ConditionsInput {
  readonly kind: Kind;
  readonly generation: number;
  /** What stands in status now; times are kept where a status does not change. */
  readonly previous: readonly Condition[];
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
  const ready = deriveReady(input, gates);
  const reports = input.findings.filter(
    ({ type, status }) =>
      conditions[type].role === 'report' || (conditions[type].role === 'abnormal' && status === 'True'),
  );
  const all = [ready, ...deriveProgress(input, ready), ...gates, ...reports];
  return all
    .toSorted((a, b) => order(input.kind, a.type) - order(input.kind, b.type))
    .map((finding) => stamp(input, finding));
}

function order(kind: Kind, type: ConditionType): number {
  return conditionTypesOf(kind).indexOf(type);
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
    if (finding?.status !== 'True') blocker ??= type;
  }
  return gates;
}

function deriveReady(input: ConditionsInput, gates: readonly Finding[]): Finding {
  const cause = gates.find(({ status }) => status !== 'True');
  if (cause !== undefined) return { ...cause, type: 'Ready' };
  const { reason, message } = input.ready ?? {
    reason: 'Succeeded',
    message: 'Everything is as the spec says.',
  };
  return { type: 'Ready', status: 'True', reason, message };
}

function deriveProgress(input: ConditionsInput, ready: Finding): readonly Finding[] {
  if (ready.status === 'True') return [];
  const { reason, message } = ready;
  switch (classOf(reason)) {
    case 'P':
      return [{ type: 'Stalled', status: 'True', reason, message }];
    case 'E':
      return deniedForLong(input, ready)
        ? [{ type: 'Stalled', status: 'True', reason, message }]
        : [{ type: 'Reconciling', status: 'True', reason: 'ProgressingWithRetry', message }];
    case 'T':
      return [{ type: 'Reconciling', status: 'True', reason: 'ProgressingWithRetry', message }];
    case 'N':
    case 'W':
      return [{ type: 'Reconciling', status: 'True', reason: 'Progressing', message }];
  }
}

function deniedForLong(input: ConditionsInput, ready: Finding): boolean {
  const before = input.previous.find(({ type }) => type === 'Ready');
  if (before?.reason !== ready.reason || before.status !== 'False') return false;
  return Date.parse(input.now) - Date.parse(before.lastTransitionTime) >= eventualMs;
}

function stamp(input: ConditionsInput, finding: Finding): Condition {
  const before = input.previous.find(({ type }) => type === finding.type);
  const lastTransitionTime = before?.status === finding.status ? before.lastTransitionTime : input.now;
  const { type, status, reason, message } = finding;
  return {
    type,
    status,
    observedGeneration: input.generation,
    lastTransitionTime,
    reason,
    message: message.length > maxMessage ? `${message.slice(0, maxMessage - 1)}…` : message,
  };
}

const maxMessage = 1024;
