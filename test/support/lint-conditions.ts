import {
  conditions as table,
  conditionTypesOf,
  type Condition,
  type ConditionType,
} from '../../crds/conditions.ts';
import { findReason } from '../../crds/reasons.ts';
import type { Kind } from '../../crds/names.ts';

/** An object of ours, as far as its conditions go. */
export interface Linted {
  readonly kind: string;
  readonly metadata: { readonly generation?: number };
  readonly status: { readonly observedGeneration?: number; readonly conditions?: readonly Condition[] };
}

interface Subject {
  readonly object: Linted;
  readonly conditions: readonly Condition[];
  readonly find: (type: ConditionType) => Condition | undefined;
}

/** What is wrong; undefined or empty: nothing. */
type Rule = (subject: Subject) => string | readonly string[] | undefined;

/** What kstatus, `kubectl wait` and people rely on, whatever the world is like. Each entry names a broken rule. */
export function lintConditions(object: Linted): readonly string[] {
  const { conditions = [] } = object.status;
  const find = (name: ConditionType) => conditions.find(({ type }) => type === name);
  return rules.flatMap((rule) => rule({ object, conditions, find }) ?? []);
}

const rules: readonly Rule[] = [
  ({ find }) => (find('Ready') === undefined ? 'there is no Ready' : undefined),
  ({ find }) =>
    find('Reconciling') && find('Stalled') ? 'Reconciling and Stalled are there together' : undefined,
  generationsAreKnown,
  abnormalOnesAreTrue,
  progressMeansNotReady,
  readyFollowsGates,
  gatesAreBlocked,
  typesAreInOrder,
  ({ conditions }) => conditions.flatMap(textIsPlain),
  ({ object, conditions }) => conditions.flatMap((one) => reasonIsAdmitted(one, object.kind)),
];

function generationsAreKnown({ object, conditions }: Subject): readonly string[] {
  const { generation = 0 } = object.metadata;
  const observed = object.status.observedGeneration ?? -1;
  return [
    ...(observed > generation ? [`observedGeneration ${observed} is of the future`] : []),
    ...conditions.flatMap(({ type, observedGeneration }) =>
      observedGeneration === observed
        ? []
        : [`${type} speaks of generation ${observedGeneration}, not ${observed}`],
    ),
  ];
}

function abnormalOnesAreTrue({ conditions }: Subject): readonly string[] {
  return conditions.flatMap(({ type, status }) =>
    table[type as ConditionType]?.role === 'abnormal' && status !== 'True'
      ? [`${type} is there and ${status}`]
      : [],
  );
}

function progressMeansNotReady({ find }: Subject): string | undefined {
  const progress = find('Reconciling') ?? find('Stalled');
  const ready = find('Ready')?.status === 'True';
  if (progress !== undefined && ready) return `${progress.type} beside a Ready that is True`;
  return progress === undefined && !ready
    ? 'Ready is not True, and neither Reconciling nor Stalled says why'
    : undefined;
}

function gatesOf({ object, find }: Subject): readonly Condition[] {
  return conditionTypesOf(object.kind as Kind)
    .filter((type) => table[type].role === 'gate')
    .flatMap((type) => find(type) ?? []);
}

/** What could not be found out holds nothing up, if the table says so. */
function isShut({ status, reason }: Condition): boolean {
  return status === 'False' || (status === 'Unknown' && findReason(reason)?.harmless !== true);
}

function readyFollowsGates(subject: Subject): string | undefined {
  const cause = gatesOf(subject).find(isShut);
  const ready = subject.find('Ready');
  if (ready === undefined || (cause === undefined && ready.status === 'True')) return undefined;
  const same =
    ready.status === cause?.status && ready.reason === cause.reason && ready.message === cause.message;
  return same
    ? undefined
    : `Ready is ${ready.status}/${ready.reason}, its first gate ${cause?.status}/${cause?.reason}`;
}

function gatesAreBlocked(subject: Subject): readonly string[] {
  const gates = gatesOf(subject);
  const first = gates.findIndex(isShut);
  if (first < 0) return [];
  return gates
    .slice(first + 1)
    .flatMap(({ type, status, reason }) =>
      status === 'Unknown' && reason === 'Blocked'
        ? []
        : [`${type} is ${status}/${reason} behind a gate that is shut`],
    );
}

function typesAreInOrder({ object, conditions }: Subject): string | undefined {
  const wanted = conditionTypesOf(object.kind as Kind).filter((type) =>
    conditions.some((one) => one.type === type),
  );
  const there = conditions.map(({ type }) => type);
  return wanted.join() === there.join() ? undefined : `the conditions are ${there.join()}`;
}

/** What changes from look to look, and would make a status be written again and again. */
const volatile: readonly (readonly [what: string, pattern: RegExp])[] = [
  ['a time', /\d\d:\d\d:\d\d|\d{4}-\d\d-\d\dT/],
  ['a uid', /[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}/],
  ['a request id', /request ?id/i],
  ['the random name of a pod', /-\d+-[0-9a-f]{8}-\d+-[a-z0-9]{5}\b/],
];

function textIsPlain({ type, message, reason, lastTransitionTime }: Condition): readonly string[] {
  return [
    ...(message === '' || message.length > 1_024
      ? [`${type} has a message of ${message.length} characters`]
      : []),
    ...(/^[A-Z][A-Za-z]*$/.test(reason) ? [] : [`${type} has the reason ${reason}`]),
    ...(Number.isNaN(Date.parse(lastTransitionTime)) ? [`${type} changed at ${lastTransitionTime}`] : []),
    ...volatile.flatMap(([what, pattern]) =>
      pattern.test(message) ? [`${type} tells ${what}: ${message}`] : [],
    ),
  ];
}

function reasonIsAdmitted({ type, status, reason }: Condition, kind: string): readonly string[] {
  const entry = findReason(reason);
  if (entry === undefined) return [`${type} has the reason ${reason}, which is not in the table`];
  const repeats =
    ['Ready', 'Reconciling', 'Stalled'].includes(type) || reason === 'Blocked' || reason === 'UnknownError';
  const admitted = repeats || entry.on.includes(type as ConditionType);
  const normal = status !== 'True' || type === 'Ready' || table[type as ConditionType]?.role === 'abnormal';
  return [
    ...((entry.kinds as readonly string[]).includes(kind) ? [] : [`${reason} is no reason of ${kind}`]),
    ...(admitted ? [] : [`${reason} stands on ${type}, where the table does not have it`]),
    ...(normal || entry.class === 'N' ? [] : [`${type} is True with ${reason}, which is not normal`]),
  ];
}
