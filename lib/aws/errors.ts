import { TerminalError, TransientError } from '../errors.ts';
import { parseRetryAfter } from '../retry.ts';
import { readAnswer, type Answer } from './answer.ts';
import { partitionOf } from './arns.ts';
import { parseDenial } from './denial.ts';
import { fromNetworkError } from './network-errors.ts';
import { describeDenial } from './describe-denial.ts';

/** What was asked of AWS when it failed; the message speaks of it. Keys of objects are left out: they may be personal data. */
export interface AwsCall {
  /** The permission that it needs, e.g. `s3:GetObject`. */
  readonly action: string;
  readonly bucket?: string | undefined;
  readonly prefix?: string | undefined;
  readonly region: string;
  readonly endpoint?: string | undefined;
}

interface Verdict {
  readonly reason: string;
  readonly message: string;
  /** Shown apart from the message, where it is of a file. */
  readonly cure?: string;
  /** May pass by itself. */
  readonly transient?: true;
}

type Rule = (call: AwsCall, answer: Answer) => Verdict;

const refused = (reason: string, sentence: string): Rule => {
  return ({ endpoint }) => ({ reason, message: `${storeOf(endpoint)} ${sentence}` });
};

const passing = (reason: string, sentence: string): Rule => {
  return ({ endpoint }) => ({ reason, message: `${storeOf(endpoint)} ${sentence}`, transient: true });
};

const denied: Rule = (call, { text }) => describeDenial(call, parseDenial(text), text);

const bucketNotFound: Rule = ({ bucket, endpoint }) => ({
  reason: 'BucketNotFound',
  message: `${storeOf(endpoint)} has no bucket ${JSON.stringify(bucket)}. Create it, or correct the name.`,
});

const objectNotFound: Rule = ({ bucket }) => ({
  reason: 'ObjectNotFound',
  message: `The object is not in bucket ${JSON.stringify(bucket)}, or not any more.`,
  cure: 'Check the key; upload the object again if it is wanted.',
});

const changed: Rule = ({ bucket }) => ({
  reason: 'ObjectChangedDuringRead',
  message: `The object in bucket ${JSON.stringify(bucket)} was overwritten after it was found.`,
  cure: 'Write each file once, under a key of its own.',
});

const otherRegion: Rule = (call, answer) => {
  if (answer.region === undefined && answer.code === 'AuthorizationHeaderMalformed') {
    return authenticationFailed(call, answer);
  }
  const there = answer.region === undefined ? 'another region' : `region ${answer.region}`;
  const cure =
    answer.region === undefined ? 'Set region to that of the bucket.' : `Set region to ${answer.region}.`;
  return {
    reason: 'BucketRegionMismatch',
    message: `Bucket ${JSON.stringify(call.bucket)} is in ${there}, not in ${call.region}. ${cure}`,
  };
};

const authenticationFailed: Rule = ({ endpoint }, { code }) => ({
  reason: 'AuthenticationFailed',
  message: `${storeOf(endpoint)} refuses the credentials: ${code}. Check that they belong to this store.`,
});

const invalidKey = refused(
  'InvalidAccessKeyId',
  'does not know the access key. It may be deleted, or belong to another store or partition: check accessKeyID.',
);
const invalidToken = refused(
  'InvalidSessionToken',
  'refuses the session token. Give all three parts of one session, or no session token for a long-lived key.',
);
const expired = passing(
  'CredentialsExpired',
  'says that the session of the credentials has expired. Give the keys of a new session.',
);
const accountDisabled = refused(
  'AccountDisabled',
  'says that the account is disabled, or has not opted in to the region. See to the account in the AWS console.',
);
const throttled = passing('Throttled', 'asks for fewer requests. They are made again, more slowly.');
const unavailable = passing(
  'StorageUnavailable',
  'answers with an error of its own. If it does not pass, look at its health.',
);
const timedOut = passing('ConnectionTimeout', 'gave the request up as too slow.');
const archived: Rule = ({ endpoint }) => ({
  reason: 'ObjectArchived',
  message: `${storeOf(endpoint)} keeps the object in an archive class, from which it cannot be read.`,
  cure: 'Restore it, or exempt the prefix from the lifecycle rule.',
});
const kmsKey: Rule = ({ bucket }, { code }) => ({
  reason: 'KMSAccessDenied',
  message: `The KMS key of the object in bucket ${JSON.stringify(bucket)} cannot be used: ${code}. Enable the key, or restore it.`,
});
const badBucketName: Rule = ({ bucket }) => ({
  reason: 'BucketNotFound',
  message: `${JSON.stringify(bucket)} cannot be the name of a bucket. Correct the name.`,
});

/** One line for each code that S3 and STS (and the stores that speak like them) answer with. */
const rules: Readonly<Record<string, Rule>> = {
  NoSuchBucket: bucketNotFound,
  InvalidBucketName: badBucketName,
  NoSuchAccessPoint: bucketNotFound,
  InvalidAccessPointAliasError: badBucketName,
  NoSuchKey: objectNotFound,
  NoSuchVersion: objectNotFound,
  MethodNotAllowed: objectNotFound,
  PreconditionFailed: changed,
  InvalidRange: changed,
  InvalidObjectState: archived,
  AccessDenied: denied,
  AccessDeniedException: denied,
  AllAccessDisabled: denied,
  UnauthorizedAccess: denied,
  AccountProblem: accountDisabled,
  NotSignedUp: accountDisabled,
  InvalidPayer: accountDisabled,
  OptInRequired: accountDisabled,
  RegionDisabledException: accountDisabled,
  NotImplemented: refused(
    'UnsupportedProvider',
    'does not know a call that an import needs. Check that the endpoint is that of an S3 store.',
  ),
  InvalidAccessPoint: refused(
    'AccessPointUnsupported',
    'does not serve this access point. Name the bucket itself, or an access point of it that is open to the internet.',
  ),
  InvalidAccessKeyId: invalidKey,
  InvalidClientTokenId: invalidKey,
  UnrecognizedClientException: invalidKey,
  SignatureDoesNotMatch: refused(
    'SignatureDoesNotMatch',
    'refuses the signature: the secret key does not belong to the access key (write it anew, without white space around it), or a proxy changes requests.',
  ),
  InvalidToken: invalidToken,
  InvalidTokenId: invalidToken,
  ExpiredToken: expired,
  ExpiredTokenException: expired,
  TokenRefreshRequired: expired,
  RequestExpired: expired,
  RequestTimeTooSkewed: passing(
    'RequestTimeTooSkewed',
    "says that this machine's clock is wrong by more than 15 minutes. Set the clock.",
  ),
  PermanentRedirect: otherRegion,
  TemporaryRedirect: otherRegion,
  Redirect: otherRegion,
  AuthorizationHeaderMalformed: otherRegion,
  IllegalLocationConstraintException: otherRegion,
  IncorrectEndpoint: otherRegion,
  InvalidSecurity: authenticationFailed,
  MissingSecurityHeader: authenticationFailed,
  MissingAuthenticationToken: authenticationFailed,
  SlowDown: throttled,
  Throttling: throttled,
  ThrottlingException: throttled,
  TooManyRequestsException: throttled,
  RequestLimitExceeded: throttled,
  BandwidthLimitExceeded: throttled,
  RequestTimeout: timedOut,
  'KMS.DisabledException': kmsKey,
  'KMS.NotFoundException': kmsKey,
  'KMS.KMSInvalidStateException': kmsKey,
  'KMS.InvalidKeyUsageException': kmsKey,
};

/** Where the code is none of these, or there is no body to hold one. */
const rulesByStatus: Readonly<Record<number, Rule>> = {
  301: otherRegion,
  307: otherRegion,
  401: authenticationFailed,
  403: denied,
  412: changed,
  416: changed,
  429: throttled,
};

/** Whatever a call of the SDK threw as one of our two errors, with a reason and a message that names the way out. */
export function fromAwsError(error: unknown, call: AwsCall): TerminalError | TransientError {
  if (error instanceof TerminalError || error instanceof TransientError) return error;
  const answer = readAnswer(error);
  const network = answer.status === undefined ? fromNetworkError(error, hostOf(call)) : undefined;
  if (network !== undefined) return network;
  const verdict = judge(call, answer);
  const { transient, ...told } = verdict;
  const details = { ...told, cause: error };
  if (transient === undefined) return new TerminalError(details);
  const retryAfterMs = retryAfter(answer);
  return new TransientError({ ...details, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) });
}

/** A date is counted from the store's own, so that no clock of ours matters. */
function retryAfter({ header }: Answer): number | undefined {
  const waitMs = parseRetryAfter(header('retry-after'), Date.parse(header('date') ?? ''));
  return Number.isFinite(waitMs) ? waitMs : undefined;
}

function judge(call: AwsCall, answer: Answer): Verdict {
  const { code, status } = answer;
  if (Object.hasOwn(rules, code)) return (rules[code] as Rule)(call, answer);
  if (status !== undefined && status >= 500) return unavailable(call, answer);
  const rule = status === undefined ? undefined : rulesByStatus[status];
  if (rule !== undefined) return rule(call, answer);
  const what = status === undefined ? code : `${status} ${code}`;
  const message = `${storeOf(call.endpoint)} answers ${call.action} with ${what}, which Millrace does not know. Check that the endpoint is that of an S3 store.`;
  return { reason: 'UnknownError', message, transient: true };
}

function storeOf(endpoint: string | undefined): string {
  return endpoint === undefined ? 'AWS' : `The store at ${endpoint}`;
}

function hostOf({ endpoint, region, action }: AwsCall): string {
  if (endpoint !== undefined && URL.canParse(endpoint)) return new URL(endpoint).host;
  const domain = partitionOf(region) === 'aws-cn' ? 'amazonaws.com.cn' : 'amazonaws.com';
  return endpoint ?? `${action.split(':')[0] ?? 's3'}.${region}.${domain}`;
}
