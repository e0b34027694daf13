import type { IdentityPlan } from './identity-plan.ts';
import { openIdentity, type IdentityDeps } from './open-identity.ts';
import type { CallerIdentity, IdentityRequest } from './sts.ts';

export interface IdentifyDeps extends IdentityDeps {
  readonly callerIdentity: (request: IdentityRequest, signal: AbortSignal) => Promise<CallerIdentity>;
}

export interface Identified extends CallerIdentity {
  /** The ARN of who asks for the role; the same as `principal` where there is none. */
  readonly caller: string;
}

/**
 * Asks STS who this process is by the plan, and who it is in the role. What was learnt before a failure is what a
 * person needs to cure it: `learnt` is told of the caller as soon as it is known.
 */
export async function identify(
  plan: IdentityPlan,
  deps: IdentifyDeps,
  learnt: (caller: string) => void,
  signal: AbortSignal,
): Promise<Identified> {
  const { observer } = deps;
  const { caller, credentials } = openIdentity(plan, deps);
  const ask = (who: typeof caller) =>
    deps.callerIdentity({ ...plan.sts, credentials: who, observer }, signal);
  const first = await ask(caller);
  learnt(first.principal);
  const seen = plan.role === undefined ? first : await ask(credentials);
  return { ...seen, caller: first.principal };
}
