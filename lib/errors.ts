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
  /** The way out as sentences of its own, where it is shown apart; it then ends the error's message too. */
  readonly cure?: string;
  readonly cause?: unknown;
}

/** Needs a person: trying again without an outside change gives the same. */
export class TerminalError extends Error {
  override readonly name = 'TerminalError';
  readonly reason: string;
  /** The message without the cure. */
  readonly problem: string;
  readonly cure: string | undefined;

  constructor(details: ErrorDetails) {
    super(wholeMessage(details), { cause: details.cause });
    this.reason = details.reason;
    this.problem = details.message;
    this.cure = details.cure;
  }
}

/** May pass by itself: try again, after `retryAfterMs` if the other side said so, else with back-off. */
export class TransientError extends Error {
  override readonly name = 'TransientError';
  readonly reason: string;
  /** The message without the cure. */
  readonly problem: string;
  readonly cure: string | undefined;
  readonly retryAfterMs: number | undefined;

  constructor(details: ErrorDetails & { readonly retryAfterMs?: number }) {
    super(wholeMessage(details), { cause: details.cause });
    this.reason = details.reason;
    this.problem = details.message;
    this.cure = details.cure;
    this.retryAfterMs = details.retryAfterMs;
  }
}

function wholeMessage({ message, cure }: ErrorDetails): string {
  return cure === undefined ? message : `${message} ${cure}`;
}

function isOurs(error: unknown): error is TerminalError | TransientError {
  return error instanceof TerminalError || error instanceof TransientError;
}

/** The message of anything that was thrown, without the cure that it may name. */
export function problemOf(error: unknown): string {
  return isOurs(error) ? error.problem : messageOf(error);
}

/** The cure that the error names apart; undefined: none, or its message does. */
export function cureOf(error: unknown): string | undefined {
  return isOurs(error) ? error.cure : undefined;
}

/** The message of anything that was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** The reason of an error of ours; `UnknownError` for any other. */
export function reasonOf(error: unknown): string {
  return isOurs(error) ? error.reason : 'UnknownError';
}
