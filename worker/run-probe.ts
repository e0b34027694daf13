import { identify, type IdentifyDeps } from '../lib/aws/identify.ts';
import { openIdentity } from '../lib/aws/open-identity.ts';
import type { ProbeReport } from '../lib/contract/probe-report.ts';
import { messageOf, reasonOf } from '../lib/errors.ts';
import type { ProbeConfig } from './config.ts';
import { planIdentity } from './plan-identity.ts';

/** STS answers in a second; with all that is tried again, the run still ends before anybody misses it. */
const limitMs = 60_000;

/** Finds out who this pod is, as the operator does where it can hold the identity itself. Never rejects. */
export async function runProbe(config: ProbeConfig, deps: IdentifyDeps): Promise<ProbeReport> {
  const signal = AbortSignal.timeout(limitMs);
  const plan = planIdentity(config);
  let caller: string | undefined;
  try {
    if (!config.task.asksSts) {
      await openIdentity(plan, deps).credentials.get(signal);
      return { outcome: 'unasked' };
    }
    const learn = (who: string) => {
      caller = who;
    };
    return { outcome: 'identified', ...(await identify(plan, deps, learn, signal)) };
  } catch (error) {
    const told = signal.aborted
      ? { reason: 'IdentityProbeFailed', message: `Nobody answered within ${limitMs / 1000} s.` }
      : { reason: reasonOf(error), message: messageOf(error) };
    return { outcome: 'refused', ...told, ...(caller === undefined ? {} : { caller }) };
  }
}
