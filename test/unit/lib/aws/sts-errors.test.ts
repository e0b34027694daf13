import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { findReason } from '../../../../crds/reasons.ts';
import { fromStsError, type RoleCall } from '../../../../lib/aws/sts-errors.ts';
import { TerminalError } from '../../../../lib/errors.ts';

const roleArn = 'arn:aws:iam::111122223333:role/acme-millrace';
const principal = 'arn:aws:iam::444455556666:user/millrace';
const call: RoleCall = { action: 'sts:AssumeRole', roleArn, externalId: 'mr-1', region: 'us-east-1' };
const web: RoleCall = { action: 'sts:AssumeRoleWithWebIdentity', roleArn, region: 'us-east-1' };

function answer(status: number, name: string, message = ''): Error {
  return Object.assign(new Error(message), { name, $metadata: { httpStatusCode: status } });
}

describe('errors of STS when a role is asked for', () => {
  const bare = `User: ${principal} is not authorized to perform: sts:AssumeRole on resource: ${roleArn}`;
  const answers: readonly (readonly [string, RoleCall, Error, string, RegExp])[] = [
    [
      'a role that does not trust',
      call,
      answer(403, 'AccessDenied', bare),
      'AssumeRoleDenied',
      /^arn:aws:iam::444455556666:user\/millrace may not sts:AssumeRole on .*sts:ExternalId mr-1\./,
    ],
    [
      'a caller that may not',
      call,
      answer(
        403,
        'AccessDenied',
        `${bare} because no identity-based policy allows the sts:AssumeRole action`,
      ),
      'AssumeRoleDenied',
      /Add to its policy the statement \{"Sid":"AssumeRole"/,
    ],
    [
      'a boundary without it',
      call,
      answer(403, 'AccessDenied', `${bare} because no permissions boundary allows the sts:AssumeRole action`),
      'AssumeRoleDenied',
      /Add to the permissions boundary the statement/,
    ],
    [
      'an organisation that denies',
      call,
      answer(403, 'AccessDenied', `${bare} with an explicit deny in a service control policy`),
      'AssumeRoleDenied',
      /a service control policy denies it explicitly/,
    ],
    [
      'a role that does not trust the account',
      web,
      answer(403, 'AccessDenied', 'Not authorized to perform sts:AssumeRoleWithWebIdentity'),
      'AssumeRoleDenied',
      /names the OIDC provider of this cluster, this ServiceAccount as subject/,
    ],
    [
      'a session too long',
      call,
      answer(
        400,
        'ValidationError',
        'The requested DurationSeconds exceeds the MaxSessionDuration set for this role.',
      ),
      'SessionDurationInvalid',
      /Shorten it, at most 1h where one role assumes another/,
    ],
    [
      'a chained session too long',
      call,
      answer(
        400,
        'ValidationError',
        'The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining.',
      ),
      'SessionDurationInvalid',
      /raise the maximum session duration/,
    ],
    [
      'a malformed ARN',
      call,
      answer(400, 'ValidationError', `Invalid RoleArn: ${roleArn}`),
      'InvalidRoleARN',
      /case matters/,
    ],
    [
      'an unknown issuer',
      web,
      answer(400, 'InvalidIdentityToken', 'No OpenIDConnect provider found in your account'),
      'WebIdentityTokenInvalid',
      /IAM OIDC provider/,
    ],
    ['a claim refused', web, answer(403, 'IDPRejectedClaim'), 'WebIdentityTokenInvalid', /audience/],
    ['an issuer that is silent', web, answer(400, 'IDPCommunicationError'), 'AuthenticationFailed', /issuer/],
    ['a token too old', web, answer(400, 'ExpiredTokenException'), 'WebIdentityTokenExpired', /new one/],
    ['keys of a session too old', call, answer(403, 'ExpiredToken'), 'CredentialsExpired', /new session/],
    ['an unknown key', call, answer(403, 'InvalidClientTokenId'), 'InvalidAccessKeyId', /check accessKeyID/],
    [
      'a region that is off',
      call,
      answer(403, 'RegionDisabledException'),
      'AccountDisabled',
      /opted in to the region/,
    ],
    ['throttling', call, answer(400, 'Throttling'), 'Throttled', /more slowly/],
  ];

  for (const [what, asked, thrown, reason, says] of answers) {
    it(`[I-11] [C-06] ${what} is ${reason}, of the class that the table gives it`, () => {
      const error = fromStsError(thrown, asked);
      assert.equal(error.reason, reason);
      assert.match(error.message, says);
      const isTransient = ['T', 'W'].includes(findReason(reason)?.class ?? '');
      if (reason !== 'AuthenticationFailed') {
        assert.equal(error instanceof TerminalError, !isTransient);
      }
    });
  }
});
