import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { findReason } from '../../../../crds/reasons.ts';
import { parseDenial } from '../../../../lib/aws/denial.ts';
import { fromAwsError, type AwsCall } from '../../../../lib/aws/errors.ts';
import { TerminalError, TransientError } from '../../../../lib/errors.ts';

const call: AwsCall = {
  action: 's3:GetObject',
  bucket: 'acme-events',
  prefix: undefined,
  region: 'us-east-1',
};

/** What the SDK throws for such an answer. */
function answer(
  status: number,
  code: string,
  message = '',
  headers: Readonly<Record<string, string>> = {},
): Error {
  const metadata = { httpStatusCode: status, requestId: 'REQUEST-1' };
  return Object.assign(new Error(message), { name: code, $metadata: metadata, $response: { headers } });
}

/** What Node throws below HTTP, as the SDK passes it on. */
function network(code: string): Error {
  return Object.assign(new Error(`connect ${code}`), { code });
}

describe('errors of AWS', () => {
  const answers: readonly (readonly [string, Error, string, 'terminal' | 'transient'])[] = [
    ['no bucket', answer(404, 'NoSuchBucket'), 'BucketNotFound', 'terminal'],
    ['a wrong name of a bucket', answer(400, 'InvalidBucketName'), 'BucketNotFound', 'terminal'],
    ['no key', answer(404, 'NoSuchKey'), 'ObjectNotFound', 'terminal'],
    ['no version', answer(404, 'NoSuchVersion'), 'ObjectNotFound', 'terminal'],
    ['another ETag', answer(412, 'PreconditionFailed'), 'ObjectChangedDuringRead', 'terminal'],
    ['another ETag without a body', answer(412, 'Unknown'), 'ObjectChangedDuringRead', 'terminal'],
    ['a shorter object', answer(416, 'InvalidRange'), 'ObjectChangedDuringRead', 'terminal'],
    ['an archived object', answer(403, 'InvalidObjectState'), 'ObjectArchived', 'terminal'],
    ['a denial', answer(403, 'AccessDenied', 'Access Denied'), 'ReadDenied', 'terminal'],
    ['a denial without a body', answer(403, 'Unknown', 'UnknownError'), 'ReadDenied', 'terminal'],
    ['a closed account', answer(403, 'AccountProblem'), 'AccountDisabled', 'terminal'],
    ['an unknown key', answer(403, 'InvalidAccessKeyId'), 'InvalidAccessKeyId', 'terminal'],
    ['an unknown key at STS', answer(403, 'InvalidClientTokenId'), 'InvalidAccessKeyId', 'terminal'],
    ['a wrong secret', answer(403, 'SignatureDoesNotMatch'), 'SignatureDoesNotMatch', 'terminal'],
    ['a wrong token', answer(400, 'InvalidToken'), 'InvalidSessionToken', 'terminal'],
    ['an ended session', answer(400, 'ExpiredToken'), 'CredentialsExpired', 'transient'],
    ['a wrong clock', answer(403, 'RequestTimeTooSkewed'), 'RequestTimeTooSkewed', 'transient'],
    ['throttling', answer(503, 'SlowDown', 'Please reduce your request rate.'), 'Throttled', 'transient'],
    ['throttling by status', answer(429, 'Unknown'), 'Throttled', 'transient'],
    ['an error of the store', answer(500, 'InternalError'), 'StorageUnavailable', 'transient'],
    ['a page of a gateway', answer(502, 'SyntaxError', '<html>'), 'StorageUnavailable', 'transient'],
    ['a request that took too long', answer(400, 'RequestTimeout'), 'ConnectionTimeout', 'transient'],
    ['a disabled KMS key', answer(400, 'KMS.DisabledException'), 'KMSAccessDenied', 'terminal'],
    ['no credentials', answer(403, 'MissingSecurityHeader'), 'AuthenticationFailed', 'terminal'],
    [
      'a malformed key',
      answer(400, 'AuthorizationHeaderMalformed', 'a non-empty Access Key must be provided'),
      'AuthenticationFailed',
      'terminal',
    ],
    ['something new', answer(400, 'BrandNewException'), 'UnknownError', 'transient'],
    ['no such name', network('ENOTFOUND'), 'DNSResolutionFailed', 'transient'],
    ['a name server that fails', network('EAI_AGAIN'), 'DNSResolutionFailed', 'transient'],
    ['a closed port', network('ECONNREFUSED'), 'EndpointUnreachable', 'transient'],
    ['no route', network('EHOSTUNREACH'), 'EndpointUnreachable', 'transient'],
    ['a broken connection', network('ECONNRESET'), 'EndpointUnreachable', 'transient'],
    ['a silent host', network('ETIMEDOUT'), 'ConnectionTimeout', 'transient'],
    [
      'a slow host',
      Object.assign(new Error('slow'), { name: 'TimeoutError' }),
      'ConnectionTimeout',
      'transient',
    ],
    ['a foreign certificate', network('DEPTH_ZERO_SELF_SIGNED_CERT'), 'TLSVerificationFailed', 'terminal'],
    [
      'a certificate for another name',
      network('ERR_TLS_CERT_ALTNAME_INVALID'),
      'TLSVerificationFailed',
      'terminal',
    ],
    [
      'two addresses that both refuse',
      new AggregateError([network('ECONNREFUSED'), network('EHOSTUNREACH')]),
      'EndpointUnreachable',
      'transient',
    ],
    [
      'a cause within',
      new Error('send failed', { cause: network('ENOTFOUND') }),
      'DNSResolutionFailed',
      'transient',
    ],
    ['what is no error', Object.assign(new Error(), { message: 'odd' }), 'UnknownError', 'transient'],
  ];

  for (const [what, thrown, reason, kind] of answers) {
    it(`${what} is ${reason}, a word of the table, and ${kind}`, () => {
      const error = fromAwsError(thrown, call);
      assert.equal(error.reason, reason);
      assert.equal(error instanceof TerminalError, kind === 'terminal');
      assert.ok(findReason(reason) !== undefined, `${reason} is not in the table of reasons`);
      assert.ok(!error.message.includes('REQUEST-1'));
      assert.match(error.message, /\.$/);
    });
  }

  it('an error that is already ours stays as it is', () => {
    const ours = new TransientError({ reason: 'ObjectReadFailed', message: 'broke' });
    assert.equal(fromAwsError(ours, call), ours);
  });

  it('the right region is read from the header, from the body and from the text', () => {
    const answers = [
      answer(301, 'PermanentRedirect', '', { 'x-amz-bucket-region': 'eu-west-1' }),
      answer(301, 'Unknown', '', { 'x-amz-bucket-region': 'eu-west-1' }),
      Object.assign(answer(400, 'AuthorizationHeaderMalformed'), { Region: 'eu-west-1' }),
      answer(400, 'AuthorizationHeaderMalformed', "the region 'us-east-1' is wrong; expecting 'eu-west-1'"),
    ];
    for (const thrown of answers) {
      const error = fromAwsError(thrown, call);
      assert.equal(error.reason, 'BucketRegionMismatch');
      assert.match(error.message, /is in region eu-west-1, not in us-east-1\. Set region to eu-west-1\.$/);
    }
    assert.match(fromAwsError(answer(301, 'PermanentRedirect'), call).message, /in another region/);
  });

  it('a store that says how long to wait is listened to', () => {
    const date = 'Mon, 23 Nov 2026 12:00:00 GMT';
    const later = 'Mon, 23 Nov 2026 12:00:30 GMT';
    const waits = [
      [{ 'retry-after': '7' }, 7000],
      [{ 'retry-after': later, date }, 30_000],
      [{ 'retry-after': later }, undefined],
      [{}, undefined],
    ] as const;
    for (const [headers, expected] of waits) {
      const error = fromAwsError(answer(503, 'SlowDown', '', headers), call);
      assert.ok(error instanceof TransientError);
      assert.equal(error.retryAfterMs, expected);
    }
  });

  it('the store is named by its endpoint, AWS by its name', () => {
    const endpoint = 'https://minio.example:9000';
    const own = fromAwsError(answer(503, 'SlowDown'), { ...call, endpoint });
    assert.match(own.message, /^The store at https:\/\/minio\.example:9000 asks/);
    assert.match(fromAwsError(answer(503, 'SlowDown'), call).message, /^AWS asks/);
    assert.match(fromAwsError(network('ENOTFOUND'), call).message, /s3\.us-east-1\.amazonaws\.com/);
    assert.match(fromAwsError(network('ENOTFOUND'), { ...call, endpoint }).message, /minio\.example:9000/);
  });
});

describe('denials of AWS', () => {
  const principal = 'arn:aws:sts::444455556666:assumed-role/millrace/session';
  const denials: readonly (readonly [string, string, RegExp])[] = [
    [
      `User: ${principal} is not authorized to perform: s3:GetObject on resource: "arn:aws:s3:::acme-events/web/secret-key.gz" because no identity-based policy allows the s3:GetObject action`,
      'ReadDenied',
      /^arn:aws:sts::444455556666:assumed-role\/millrace\/session may not s3:GetObject on arn:aws:s3:::acme-events\/\*: no identity-based policy allows it\. Add to its policy the statement \{"Sid":"ReadObjects","Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::acme-events\/\*"\}\.$/,
    ],
    [
      `User: ${principal} is not authorized to perform: s3:ListBucket on resource: "arn:aws:s3:::acme-events" because no session policy allows the s3:ListBucket action`,
      'ListDenied',
      /no session policy allows it\. Add to the session policy the statement \{"Sid":"ListObjects"/,
    ],
    [
      `User: ${principal} is not authorized to perform: s3:GetObject because no permissions boundary allows the s3:GetObject action`,
      'ReadDenied',
      /Add to the permissions boundary the statement/,
    ],
    [
      `User: ${principal} is not authorized to perform: s3:GetObject on resource: "arn:aws:s3:::acme-events/a" with an explicit deny in a service control policy`,
      'ExplicitDeny',
      /: a service control policy denies it explicitly\. An allow does not help; change that deny\.$/,
    ],
    [
      `User: ${principal} is not authorized to perform: s3:GetObject with an explicit deny in an identity-based policy`,
      'ExplicitDeny',
      /: an identity-based policy denies it explicitly/,
    ],
    [
      `User: ${principal} is not authorized to perform: s3:GetObject with an explicit deny in a VPC endpoint policy`,
      'VPCEndpointDenied',
      /: a VPC endpoint policy denies it/,
    ],
    [
      `User: ${principal} is not authorized to perform: kms:Decrypt on resource: arn:aws:kms:us-east-1:111122223333:key/1 because no resource-based policy allows the kms:Decrypt action`,
      'KMSAccessDenied',
      /may not kms:Decrypt on arn:aws:kms:us-east-1:111122223333:key\/1: no resource-based policy allows it/,
    ],
    [
      `User: ${principal} is not authorized to perform: s3:GetObjectTagging because no identity-based policy allows the s3:GetObjectTagging action`,
      'PermissionDenied',
      /may not s3:GetObjectTagging/,
    ],
    [
      'Access Denied',
      'ReadDenied',
      /^The principal of the credentials may not s3:GetObject on arn:aws:s3:::acme-events\/\*\. Add to its policy, and to the bucket’s policy if that is of another account, the statement/,
    ],
    [
      'The ciphertext refers to a key that you may not kms:Decrypt.',
      'KMSAccessDenied',
      /may not kms:Decrypt/,
    ],
  ];

  for (const [text, reason, says] of denials) {
    it(`[I-11] "…${text.slice(-64)}" becomes ${reason}, with the statement or the policy to change`, () => {
      const error = fromAwsError(answer(403, 'AccessDenied', text), call);
      assert.equal(error.reason, reason);
      assert.match(error.message, says);
      assert.ok(!error.message.includes('secret-key'));
    });
  }

  it('the statement for a listing admits the prefix only, in the partition of the region', () => {
    const list = { ...call, action: 's3:ListBucket', prefix: 'web/', region: 'cn-north-1' };
    assert.match(
      fromAwsError(answer(403, 'AccessDenied'), list).message,
      /"Resource":"arn:aws-cn:s3:::acme-events","Condition":\{"StringLike":\{"s3:prefix":"web\/\*"\}\}\}/,
    );
  });

  it('a text that is no denial tells nothing', () => {
    for (const text of ['', 'Access Denied', 'User: is not authorized to perform: nothing']) {
      assert.ok(Object.values(parseDenial(text)).every((part) => part === undefined));
    }
  });
});
