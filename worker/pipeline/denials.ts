import { findReason } from '../../crds/reasons.ts';
import type { ObjectStore } from '../../lib/aws/object-store.ts';
import { messageOf, reasonOf, TerminalError } from '../../lib/errors.ts';
import type { ClaimedFile, FileFailure } from '../../lib/store/types.ts';

export interface DenialsDeps {
  readonly objects: Pick<ObjectStore, 'open'>;
  readonly bucket: string;
  readonly retry: <T>(call: () => Promise<T>, signal: AbortSignal) => Promise<T>;
}

export interface DeniedFile {
  readonly file: ClaimedFile;
  readonly error: unknown;
}

/** Denials of a single object and of all are answered alike. */
const deniedReasons: ReadonlySet<string> = new Set([
  'PermissionDenied',
  'ReadDenied',
  'KMSAccessDenied',
  'ExplicitDeny',
]);

/** So many files in a row that may not be read, and none that may: it is not the files. */
const mostUndecided = 8;

export function isDenial(error: unknown): boolean {
  return error instanceof TerminalError && deniedReasons.has(error.reason);
}

/**
 * Tells an object that may not be read, as one of another account or under another key of KMS, from credentials that
 * may read none. The first costs its own file alone; the second ends the worker, and costs no file an attempt.
 *
 *     denied ──a file that was imported before can still be read, or
 *       │      this one was found so by an earlier attempt──────────────▶ its own
 *       │ ──that file cannot be read either─────────────────────────────▶ everything
 *       └ ──no file was imported yet──▶ undecided ──the next one is imported──▶ its own
 *                                          └──there is no next, or too many wait──▶ everything
 */
export class Denials {
  readonly #deps: DenialsDeps;
  #undecided: DeniedFile[] = [];
  /** Imported, and not empty. */
  #witness: ClaimedFile | undefined;

  constructor(deps: DenialsDeps) {
    this.#deps = deps;
  }

  /** The first that waits for a verdict. */
  get undecided(): DeniedFile | undefined {
    return this.#undecided[0];
  }

  async judge(denied: DeniedFile, signal: AbortSignal): Promise<'own' | 'undecided' | 'everything'> {
    const { file } = denied;
    if (this.#witness !== undefined) {
      return (await this.#canRead(this.#witness, signal)) ? 'own' : 'everything';
    }
    if (file.attempts > 0) return 'own';
    this.#undecided.push(denied);
    return this.#undecided.length >= mostUndecided ? 'everything' : 'undecided';
  }

  /** A file was imported. Answers those whose denial is thereby their own. */
  imported(file: ClaimedFile): readonly DeniedFile[] {
    if (file.size > 0) this.#witness = file;
    if (this.#witness === undefined) return [];
    const own = this.#undecided;
    this.#undecided = [];
    return own;
  }

  async #canRead({ key, etag, versionId }: ClaimedFile, signal: AbortSignal): Promise<boolean> {
    const { objects, bucket, retry } = this.#deps;
    try {
      const address = { bucket, key, etag, versionId, range: { first: 0, last: 0 } };
      const { body } = await retry(() => objects.open(address, signal), signal);
      body.destroy();
      return true;
    } catch (error) {
      signal.throwIfAborted();
      // Gone or changed since: then it was looked at, which is what the question was.
      if (error instanceof TerminalError) return !isDenial(error);
      throw error;
    }
  }
}

/** Permissions take time to arrive and can be granted: the file is tried again as any other. */
export function failureOfDenied({ error }: DeniedFile, maxAttempts: number): FileFailure {
  const reason = 'ObjectDenied';
  const message = `Other files of the source can be read, this one cannot (${reasonOf(error)}): ${messageOf(error)}`;
  return { reason, message, cure: findReason(reason)?.cure ?? '', retryable: true, maxAttempts };
}
