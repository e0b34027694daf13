import {
  AssumeRoleCommand,
  AssumeRoleWithWebIdentityCommand,
  GetCallerIdentityCommand,
  STSClient,
  type Credentials,
} from '@aws-sdk/client-sts';
import { clientSettings, defaultAnswerMs, type ClientOptions } from './client-settings.ts';
import type { AwsCredentials } from './credentials.ts';
import { fromAwsError } from './errors.ts';
import type { AssumedRole, StsAddress } from './identity-plan.ts';
import { observeRequests, type RequestObserver } from './request-observer.ts';
import { fromStsError } from './sts-errors.ts';
import { withDeadline } from './with-deadline.ts';

/** Of STS; its endpoint is not that of S3. */
export interface IdentityRequest extends ClientOptions {
  readonly observer?: RequestObserver | undefined;
}

/** Whose credentials they are. */
export interface CallerIdentity {
  /** The ARN of a user, or of a role's session. */
  readonly principal: string;
  /** The number of the account. */
  readonly account: string;
}

/** Asks STS, which needs no permission. Every failure is a `TerminalError` or a `TransientError`. */
export async function callerIdentity(request: IdentityRequest, signal: AbortSignal): Promise<CallerIdentity> {
  const { region, endpoint } = request;
  try {
    return await withClient(request, signal, async (client, abortSignal) => {
      const answer = await client.send(new GetCallerIdentityCommand({}), { abortSignal });
      return { principal: answer.Arn ?? '', account: answer.Account ?? '' };
    });
  } catch (error) {
    signal.throwIfAborted();
    throw fromAwsError(error, { action: 'sts:GetCallerIdentity', region, endpoint });
  }
}

/** A session of the role, asked for with the request's credentials. Errors: those of `fromStsError`. */
export async function assumeRole(
  request: IdentityRequest,
  { arn, externalId, durationSeconds }: AssumedRole,
  sessionName: string,
  signal: AbortSignal,
): Promise<AwsCredentials> {
  const { region, endpoint } = request;
  const call = { action: 'sts:AssumeRole', roleArn: arn, externalId, region, endpoint } as const;
  const command = new AssumeRoleCommand({
    RoleArn: arn,
    RoleSessionName: sessionName,
    DurationSeconds: durationSeconds,
    ...(externalId === undefined ? {} : { ExternalId: externalId }),
  });
  try {
    return await withClient(request, signal, async (client, abortSignal) =>
      credentialsOf((await client.send(command, { abortSignal })).Credentials),
    );
  } catch (error) {
    signal.throwIfAborted();
    throw fromStsError(error, call);
  }
}

/** A session of a role that trusts the issuer of the token. Errors: those of `fromStsError`. */
export async function assumeRoleWithWebIdentity(
  sts: StsAddress & Pick<IdentityRequest, 'observer'>,
  identity: { readonly roleArn: string; readonly token: string; readonly sessionName: string },
  signal: AbortSignal,
): Promise<AwsCredentials> {
  const { region, endpoint } = sts;
  const { roleArn, token, sessionName } = identity;
  const call = { action: 'sts:AssumeRoleWithWebIdentity', roleArn, region, endpoint } as const;
  const command = new AssumeRoleWithWebIdentityCommand({
    RoleArn: roleArn,
    RoleSessionName: sessionName,
    WebIdentityToken: token,
  });
  try {
    // The token says who asks; nothing is signed.
    const nobody = { accessKeyId: '', secretAccessKey: '' };
    return await withClient({ ...sts, credentials: nobody }, signal, async (client, abortSignal) =>
      credentialsOf((await client.send(command, { abortSignal })).Credentials),
    );
  } catch (error) {
    signal.throwIfAborted();
    throw fromStsError(error, call);
  }
}

async function withClient<T>(
  request: IdentityRequest,
  signal: AbortSignal,
  work: (client: STSClient, signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const client = new STSClient(clientSettings(request));
  const { observer } = request;
  if (observer !== undefined) observeRequests(client, observer, () => performance.now());
  try {
    return await withDeadline(request.answerMs ?? defaultAnswerMs, signal, (until) => work(client, until));
  } finally {
    client.destroy();
  }
}

function credentialsOf(credentials: Credentials | undefined): AwsCredentials {
  return {
    accessKeyId: credentials?.AccessKeyId ?? '',
    secretAccessKey: credentials?.SecretAccessKey ?? '',
    sessionToken: credentials?.SessionToken,
    expiresAt: credentials?.Expiration?.getTime(),
  };
}
