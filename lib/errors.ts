/**
 * The two classes of error that cross module boundaries.
 *
 * Foreign errors (of S3, PostgreSQL, Kubernetes, the file system) are converted into one of these where they
 * enter; everything further in only asks which of the two it has.
 */

/** What every error of ours carries beside its message. */
export interface ErrorDetails {
  /** A word of the table in `crds/reasons.ts`, e.g. `BucketNotFound`. */
  readonly reason: string;
  /** Names the subject, the value and the way out. Never a secret. Deterministic: no request id, no time. */
  readonly message: string;
  readonly cause?: unknown;
}

/** Needs a person: trying again without an outside change gives the same. */
export class TerminalError extends Error {
  override readonly name = 'TerminalError';
  readonly reason: string;

  constructor(details: ErrorDetails) {
    super(details.message, { cause: details.cause });
    this.reason = details.reason;
  }
}

/** May pass by itself: try again, after `retryAfterMs` if the other side said so, else with back-off. */
export class TransientError extends Error {
  override readonly name = 'TransientError';
  readonly reason: string;
  readonly retryAfterMs: number | undefined;

  constructor(details: ErrorDetails & { readonly retryAfterMs?: number }) {
    super(details.message, { cause: details.cause });
    this.reason = details.reason;
    this.retryAfterMs = details.retryAfterMs;
  }
}

/** The message of anything that was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** The reason of an error of ours; `UnknownError` for any other. */
export function reasonOf(error: unknown): string {
  return error instanceof TerminalError || error instanceof TransientError ? error.reason : 'UnknownError';
}
