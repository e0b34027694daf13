import { TerminalError, TransientError } from '../errors.ts';
import { readAnswer, type Answer } from './answer.ts';
import { parseDenial } from './denial.ts';
import { fromAwsError } from './errors.ts';
import { assumeStatement } from './policies.ts';

/** A role that was asked for. */
export interface RoleCall {
  readonly action: 'sts:AssumeRole' | 'sts:AssumeRoleWithWebIdentity';
  readonly roleArn: string;
  readonly externalId?: string | undefined;
  readonly region: string;
  readonly endpoint?: string | undefined;
}

type Rule = (call: RoleCall, answer: Answer) => TerminalError | TransientError | undefined;

const terminal = (reason: string, message: string) => new TerminalError({ reason, message });

const denied: Rule = (call, { text }) => {
  const { principal, deniedBy, notAllowedBy } = parseDenial(text);
  const who = principal ?? (call.action === 'sts:AssumeRole' ? 'The principal' : 'The ServiceAccount');
  const what = `${who} may not ${call.action} on ${call.roleArn}`;
  if (deniedBy !== undefined) {
    return terminal('AssumeRoleDenied', `${what}: a ${deniedBy} denies it explicitly. Change that deny.`);
  }
  if (notAllowedBy !== undefined) {
    const statement = JSON.stringify(assumeStatement(call.roleArn));
    const where = notAllowedBy.startsWith('identity-based') ? 'its policy' : `the ${notAllowedBy}`;
    return terminal(
      'AssumeRoleDenied',
      `${what}: no ${notAllowedBy} allows it. Add to ${where} the statement ${statement}.`,
    );
  }
  return terminal('AssumeRoleDenied', `${what}. ${trustAdvice(call)}`);
};

/** STS gives one answer for a role that is not there, another principal and another external id. */
function trustAdvice({ action, externalId }: RoleCall): string {
  if (action === 'sts:AssumeRoleWithWebIdentity') {
    return (
      'STS does not say why: check that the role exists, and that its trust policy names the OIDC provider of this ' +
      'cluster, this ServiceAccount as subject, and the audience sts.amazonaws.com. status.policies.webIdentity is one.'
    );
  }
  const id = externalId === undefined ? '' : `, with sts:ExternalId ${externalId}`;
  return (
    `STS does not say why: check that the role exists, and that its trust policy allows this principal${id}. ` +
    'status.policies.trust is such a policy; the principal needs the statement of status.policies.caller.'
  );
}

const invalid: Rule = ({ roleArn }, { text }) => {
  if (/duration|chaining|MaxSessionDuration/i.test(text)) {
    return terminal(
      'SessionDurationInvalid',
      `Role ${roleArn} gives no session as long as spec.role.sessionDuration asks. Shorten it, at most 1h where one role ` +
        'assumes another, or raise the maximum session duration of the role.',
    );
  }
  return /roleArn|\bARN\b/i.test(text)
    ? terminal('InvalidRoleARN', `STS takes ${roleArn} for no ARN of a role. Correct it; case matters.`)
    : undefined;
};

const tokenInvalid: Rule = ({ roleArn }) =>
  terminal(
    'WebIdentityTokenInvalid',
    `STS refuses the ServiceAccount's token for ${roleArn}. Check that the account of the role has an IAM OIDC provider ` +
      'for the issuer of this cluster, with the audience sts.amazonaws.com.',
  );

const tokenExpired: Rule = ({ roleArn }) =>
  new TransientError({
    reason: 'WebIdentityTokenExpired',
    message: `STS says that the ServiceAccount's token for ${roleArn} has expired. A new one is asked for; else set the clocks.`,
  });

const providerSilent: Rule = ({ roleArn }) =>
  new TransientError({
    reason: 'AuthenticationFailed',
    message: `STS cannot reach the cluster's OIDC provider to check the token for ${roleArn}. See that its issuer is public.`,
  });

/** Codes that mean something else, or more, when a role is asked for. */
const rules: Readonly<Record<string, Rule>> = {
  AccessDenied: denied,
  AccessDeniedException: denied,
  ValidationError: invalid,
  InvalidIdentityToken: tokenInvalid,
  InvalidIdentityTokenException: tokenInvalid,
  IDPRejectedClaim: tokenInvalid,
  IDPRejectedClaimException: tokenInvalid,
  IDPCommunicationError: providerSilent,
  IDPCommunicationErrorException: providerSilent,
};

const rulesOfWebIdentity: Readonly<Record<string, Rule>> = {
  ExpiredToken: tokenExpired,
  ExpiredTokenException: tokenExpired,
};

/** Whatever a call for a role threw, as one of our two errors. */
export function fromStsError(error: unknown, call: RoleCall): TerminalError | TransientError {
  if (error instanceof TerminalError || error instanceof TransientError) return error;
  const answer = readAnswer(error);
  const web = call.action === 'sts:AssumeRoleWithWebIdentity';
  const known = { ...rules, ...(web ? rulesOfWebIdentity : {}) };
  const rule = Object.hasOwn(known, answer.code) ? known[answer.code] : undefined;
  return rule?.(call, answer) ?? fromAwsError(error, call);
}
