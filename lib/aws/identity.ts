import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import { clientSettings, defaultAnswerMs, type ClientOptions } from './client-settings.ts';
import { fromAwsError } from './errors.ts';
import { withDeadline } from './with-deadline.ts';

/** Of STS; its endpoint is not that of S3. */
export type IdentityRequest = ClientOptions;

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
  const client = new STSClient(clientSettings(request));
  try {
    const answer = await withDeadline(request.answerMs ?? defaultAnswerMs, signal, (abortSignal) =>
      client.send(new GetCallerIdentityCommand({}), { abortSignal }),
    );
    return { principal: answer.Arn ?? '', account: answer.Account ?? '' };
  } catch (error) {
    signal.throwIfAborted();
    throw fromAwsError(error, { action: 'sts:GetCallerIdentity', region, endpoint });
  } finally {
    client.destroy();
  }
}
