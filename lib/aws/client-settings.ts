import type { AgentOptions } from 'node:https';
import { getCACertificates } from 'node:tls';
import { fixedCredentials, type AwsCredentials, type CredentialSource } from './credentials.ts';

/** How a service of AWS, or one that speaks like it, is reached, and as whom. */
export interface ClientOptions {
  readonly region: string;
  /** Absent: AWS's own of the region. */
  readonly endpoint?: string | undefined;
  /** Certificates (PEM) of authorities that are trusted beside the usual ones. */
  readonly caPem?: string | undefined;
  readonly credentials: AwsCredentials | CredentialSource;
  /** A whole answer, but a body that is read, must have come within so many milliseconds. Default: two minutes. */
  readonly answerMs?: number | undefined;
}

export const defaultAnswerMs = 120_000;

/** Calls in all that the SDK makes of one request, with its own back-off between them. */
const maxAttempts = 3;

/** Beyond 16 to 32 nothing is gained, and a store may mind. */
const maxSockets = 32;

const connectionTimeoutMs = 5_000;

/** Until an answer begins; what stalls later is watched over where it is read. */
const requestTimeoutMs = 30_000;

const silent = () => {};

/** What all our clients of the SDK share. */
export function clientSettings({ region, endpoint, caPem, credentials }: ClientOptions) {
  const checksums = endpoint === undefined ? 'WHEN_SUPPORTED' : 'WHEN_REQUIRED';
  const agent: AgentOptions = { keepAlive: true, maxSockets };
  const ca = caPem === undefined ? {} : { ca: [...getCACertificates('default'), caPem] };
  return {
    region,
    ...(endpoint === undefined ? {} : { endpoint }),
    credentials: providerOf(sourceOf(credentials)),
    maxAttempts,
    retryMode: 'standard',
    // Stores that are not AWS's often lack the newer checksums.
    requestChecksumCalculation: checksums,
    responseChecksumValidation: checksums,
    requestHandler: {
      connectionTimeout: connectionTimeoutMs,
      requestTimeout: requestTimeoutMs,
      throwOnRequestTimeout: true,
      // A socket also rests while whoever reads the body is slow.
      socketTimeout: 0,
      httpAgent: agent,
      httpsAgent: { ...agent, ...ca },
    },
    // Requests carry keys of objects, which may be personal data: nothing of them is logged.
    logger: { trace: silent, debug: silent, info: silent, warn: silent, error: silent },
  } as const;
}

export function sourceOf(credentials: ClientOptions['credentials']): CredentialSource {
  return 'get' in credentials ? credentials : fixedCredentials(credentials);
}

/** The SDK is told that they have ended already, so that it asks each time and keeps none that the source let go of. */
function providerOf(source: CredentialSource) {
  return async () => {
    const { accessKeyId, secretAccessKey, sessionToken } = await source.get(unabortable);
    return {
      accessKeyId,
      secretAccessKey,
      ...(sessionToken === undefined ? {} : { sessionToken }),
      expiration: new Date(0),
    };
  };
}

/** The SDK gives no signal to what provides credentials; whoever calls it asks the source with one before. */
const unabortable = new AbortController().signal;
