import { metaOf, type ContainerStatus, type Pod } from '../pod.ts';
import type { FailureAction, FailureRule, Job } from './job.ts';

/** What the failure of a pod means for its Job. */
export interface FailureVerdict {
  /** Undefined: no rule matches, and the failure counts. */
  readonly action: FailureAction | undefined;
  readonly isCounted: boolean;
  /** Of a failure that ends the Job. */
  readonly message: string;
}

/** The first rule that matches decides. */
export function judgeFailure(pod: Pod, job: Job): FailureVerdict {
  const rules = job.spec.podFailurePolicy?.rules ?? [];
  for (const [position, rule] of rules.entries()) {
    const match = matchOf(rule, pod);
    if (match === undefined) continue;
    const { namespace, name } = metaOf(pod);
    const which = `matching ${rule.action} rule at index ${String(position)}`;
    const message =
      match.kind === 'condition'
        ? `Pod ${namespace}/${name} has condition ${match.type} ${which}`
        : `Container ${match.container} for pod ${namespace}/${name} failed with exit code ${String(match.exitCode)} ${which}`;
    return { action: rule.action, isCounted: rule.action !== 'Ignore', message };
  }
  return { action: undefined, isCounted: true, message: '' };
}

type Match =
  | { readonly kind: 'condition'; readonly type: string }
  | { readonly kind: 'exit'; readonly container: string; readonly exitCode: number };

function matchOf({ onExitCodes, onPodConditions = [] }: FailureRule, pod: Pod): Match | undefined {
  const ended = (pod.status?.containerStatuses ?? []).find(
    (status) => onExitCodes && isMeant(status, onExitCodes),
  );
  if (ended) return { kind: 'exit', container: ended.name, exitCode: exitCodeOf(ended) };
  const condition = pod.status?.conditions?.find(({ type, status }) =>
    onPodConditions.some((pattern) => pattern.type === type && pattern.status === status),
  );
  return condition && { kind: 'condition', type: condition.type };
}

function isMeant(status: ContainerStatus, rule: NonNullable<FailureRule['onExitCodes']>): boolean {
  const exitCode = exitCodeOf(status);
  const isNamed = rule.containerName === undefined || rule.containerName === status.name;
  return isNamed && exitCode !== 0 && rule.values.includes(exitCode) === (rule.operator === 'In');
}

function exitCodeOf({ state }: ContainerStatus): number {
  return state.terminated?.exitCode ?? 0;
}
