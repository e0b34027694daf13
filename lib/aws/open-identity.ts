import { STSClient } from '@aws-sdk/client-sts';
import type { Clock } from '../clock.ts';
import { TerminalError } from '../errors.ts';
import {
  fixedCredentials,
  renewedCredentials,
  type AwsCredentials,
  type CredentialSource,
} from './credentials.ts';
import type { IdentityObserver, IdentityPlan } from './identity-plan.ts';
import { assumeRole, assumeRoleWithWebIdentity } from './sts.ts';

/** An identity that is held for as long as it is needed. */
export interface Identity {
  /** Who S3 sees. */
  readonly credentials: CredentialSource;
  /** Who asks for the role; the same as `credentials` where there is none. */
  readonly caller: CredentialSource;
}

export interface IdentityDeps {
  readonly clock: Pick<Clock, 'now'>;
  readonly observer?: IdentityObserver | undefined;
}

/** Asks nothing yet: the first use does. Sessions are renewed before they end. */
export function openIdentity(plan: IdentityPlan, deps: IdentityDeps): Identity {
  const { observer } = deps;
  const caller = openBase(plan, deps);
  const { role, sessionName } = plan;
  const sts = { ...plan.sts, observer };
  if (role === undefined) return { credentials: caller, caller };
  const ask = (signal: AbortSignal) => assumeRole({ ...sts, credentials: caller }, role, sessionName, signal);
  return { caller, credentials: renewedCredentials(observed(ask, 'role', deps), deps.clock) };
}

type Ask = (signal: AbortSignal) => Promise<AwsCredentials>;

function observed(
  ask: Ask,
  mode: Parameters<IdentityObserver['renewed']>[0],
  { observer }: IdentityDeps,
): Ask {
  return async (signal) => {
    try {
      const credentials = await ask(signal);
      observer?.renewed(mode, 'renewed', credentials.expiresAt);
      return credentials;
    } catch (error) {
      if (!signal.aborted) observer?.renewed(mode, 'failed');
      throw error;
    }
  };
}

function openBase({ base, sts, sessionName }: IdentityPlan, deps: IdentityDeps): CredentialSource {
  const { clock, observer } = deps;
  switch (base.kind) {
    case 'keys':
      return fixedCredentials(base.credentials);
    case 'webIdentity': {
      const { roleArn } = base;
      const ask = async (signal: AbortSignal) => {
        const token = await base.token(signal);
        return await assumeRoleWithWebIdentity({ ...sts, observer }, { roleArn, token, sessionName }, signal);
      };
      return renewedCredentials(observed(ask, base.kind, deps), clock);
    }
    case 'ambient':
      return renewedCredentials(
        observed(() => findInEnvironment(sts.region), base.kind, deps),
        clock,
      );
  }
}

/** Variables, profiles, the agent of EKS Pod Identity, the node's metadata: the order is the SDK's. */
async function findInEnvironment(region: string): Promise<AwsCredentials> {
  const client = new STSClient({ region });
  try {
    const { accessKeyId, secretAccessKey, sessionToken, expiration } = await client.config.credentials();
    return { accessKeyId, secretAccessKey, sessionToken, expiresAt: expiration?.getTime() };
  } catch (error) {
    throw new TerminalError({
      reason: 'AuthenticationFailed',
      message:
        'No credentials were found in the environment: no variables, profile, container agent or node role. Give the pod ' +
        'an identity, or sign in with another member of spec.credentials.',
      cause: error,
    });
  } finally {
    client.destroy();
  }
}
