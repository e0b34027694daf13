import type { Clock } from '../clock.ts';

/** An access key, or the temporary one of a session. Other ways to an identity end in these words too. */
export interface AwsCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string | undefined;
  /** Milliseconds since the epoch; absent: they do not end by themselves. */
  readonly expiresAt?: number | undefined;
}

/** Credentials that are always good: those of a session are renewed before it ends. */
export interface CredentialSource {
  /** Rejects with a `TerminalError` or a `TransientError`. */
  get(signal: AbortSignal): Promise<AwsCredentials>;
  /** The store refused what `get` gave as expired: the next call asks anew. False where that gives the same again. */
  forget(): boolean;
}

export function fixedCredentials(credentials: AwsCredentials): CredentialSource {
  return { get: () => Promise.resolve(credentials), forget: () => false };
}

/** A session is renewed so long before its end, or at half of a shorter life. */
const renewBeforeMs = 5 * 60_000;

/**
 * Holds on to what `ask` gives and asks anew in time; calls at once share one question. When a renewal fails while the
 * session still lasts, the session serves on: a short outage of STS is noticed by nobody.
 */
export function renewedCredentials(
  ask: (signal: AbortSignal) => Promise<AwsCredentials>,
  clock: Pick<Clock, 'now'>,
): CredentialSource {
  let held: { readonly credentials: AwsCredentials; readonly renewAt: number } | undefined;
  let asking: Promise<AwsCredentials> | undefined;

  async function renew(signal: AbortSignal): Promise<AwsCredentials> {
    const begun = clock.now();
    const credentials = await ask(signal);
    const { expiresAt = Infinity } = credentials;
    held = { credentials, renewAt: expiresAt - Math.min(renewBeforeMs, (expiresAt - begun) / 2) };
    return credentials;
  }

  return {
    async get(signal) {
      if (held !== undefined && clock.now() < held.renewAt) return held.credentials;
      asking ??= renew(signal).finally(() => {
        asking = undefined;
      });
      try {
        return await asking;
      } catch (error) {
        const lasts = held !== undefined && clock.now() < (held.credentials.expiresAt ?? Infinity);
        if (lasts && held !== undefined) return held.credentials;
        throw error;
      }
    },
    forget: () => {
      const had = held !== undefined;
      held = undefined;
      return had;
    },
  };
}
