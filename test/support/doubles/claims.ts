import { encodeEvents } from '../../../lib/store/loading/staged-event.ts';
import { TerminalError } from '../../../lib/errors.ts';
import type {
  Claim,
  ClaimedFile,
  ClaimRequest,
  ClaimResult,
  Claims,
  EventEncoder,
  FileFailure,
  FileVersion,
  LoadBatch,
  LoadResult,
} from '../../../lib/store/types.ts';
import type { Sink } from '../../../worker/destinations/destination.ts';
import { claimedFile } from '../builders/ledger.ts';
import { decodeEvents } from '../encoded-events.ts';

export interface MemoryFile {
  readonly file: ClaimedFile;
  state: 'found' | 'claimed' | 'done' | 'failed';
  attempts: number;
  opened: boolean;
  committedRows: number;
  etag: string;
  /** Ids of the events stored from it, in their order. */
  stored: string[];
  rejected: number;
  failure: FileFailure | undefined;
  token: string;
}

/**
 * The worker's part of a ledger, in memory: files are claimed by token, and what a batch brings in is stored with
 * the progress of its file.
 */
export interface MemoryClaims extends Claims, Sink {
  /** In order of upload. */
  readonly files: ReadonlyMap<string, MemoryFile>;
  /** The template whose workers get work. */
  wanted: string | undefined;
  /** When the first file may come free, as the ledger says it. */
  retryInMs: number | undefined;
  /** Calls of `claim` so far. */
  readonly asked: number;
  add(key: string, changes?: Partial<ClaimedFile>): void;
  /** Another worker takes the file over. */
  steal(key: string): void;
  /** Thrown by the next calls of that kind, one after the other. */
  failNext(call: keyof Claims | keyof Sink, ...errors: readonly Error[]): void;
}

export function createClaims(wanted: string): MemoryClaims {
  return new ClaimsInMemory(wanted);
}

class ClaimsInMemory implements MemoryClaims {
  readonly files = new Map<string, MemoryFile>();
  wanted: string | undefined;
  retryInMs: number | undefined;
  asked = 0;
  #tokens = 0;
  readonly #failures = new Map<string, Error[]>();

  constructor(wanted: string) {
    this.wanted = wanted;
  }

  add(key: string, changes: Partial<ClaimedFile> = {}): void {
    const file = claimedFile(key, changes);
    this.files.set(key, {
      file,
      state: 'found',
      attempts: file.attempts,
      opened: false,
      committedRows: file.committedRows,
      etag: file.etag,
      stored: [],
      rejected: 0,
      failure: undefined,
      token: '',
    });
  }

  steal(key: string): void {
    const entry = this.files.get(key);
    if (entry !== undefined) entry.token = 'another worker';
  }

  failNext(call: keyof Claims | keyof Sink, ...errors: readonly Error[]): void {
    this.#failures.set(call, [...(this.#failures.get(call) ?? []), ...errors]);
  }

  async claim({ templateHash, limit }: ClaimRequest): Promise<ClaimResult> {
    this.asked += 1;
    this.#begin('claim');
    if (templateHash !== this.wanted) return { kind: 'outdated' };
    const waiting = [...this.files.values()].filter(({ state }) => state === 'found').slice(0, limit);
    const suspect = waiting.findIndex(({ file }) => file.alone);
    const given = suspect === 0 ? waiting.slice(0, 1) : waiting.filter(({ file }) => !file.alone);
    if (given.length === 0) {
      const unfinished = [...this.files.values()].filter(({ state }) => state === 'claimed').length;
      return { kind: 'nothing', unfinished, retryInMs: this.retryInMs };
    }
    return { kind: 'claimed', files: given.map((entry) => this.#give(entry)) };
  }

  async takeOver(): Promise<number> {
    this.#begin('takeOver');
    return 0;
  }

  async renew(claims: readonly Claim[]): Promise<readonly Claim[]> {
    this.#begin('renew');
    return claims.filter((claim) => this.#heldBy(claim) === undefined);
  }

  async markOpened(claim: Claim): Promise<'opened'> {
    this.#begin('markOpened');
    const entry = this.#held(claim);
    if (!entry.opened) entry.attempts += 1;
    entry.opened = true;
    return 'opened';
  }

  async release(claims: readonly Claim[]): Promise<void> {
    this.#begin('release');
    for (const claim of claims) {
      const entry = this.#heldBy(claim);
      if (entry === undefined) continue;
      entry.state = 'found';
      if (entry.opened) entry.attempts -= 1;
      entry.opened = false;
    }
  }

  async failFile(claim: Claim, failure: FileFailure): Promise<{ readonly kind: 'failed' | 'retried' }> {
    this.#begin('failFile');
    const entry = this.#held(claim);
    entry.failure = failure;
    entry.opened = false;
    const again = failure.retryable && entry.attempts < failure.maxAttempts;
    entry.state = again ? 'found' : 'failed';
    if (!again) Object.assign(entry, { committedRows: 0, stored: [] });
    return { kind: again ? 'retried' : 'failed' };
  }

  encodeEvents(): EventEncoder {
    return encodeEvents({ projectId: '168342', deduplicationWindowMs: 0 });
  }

  async write({ claim }: Pick<ClaimedFile, 'claim'>, batch: LoadBatch): Promise<LoadResult> {
    this.#begin('write');
    const entry = this.#held(claim);
    if (entry.committedRows !== batch.afterRow) {
      throw new Error(`${batch.afterRow} is not behind row ${entry.committedRows}`);
    }
    entry.stored.push(...decodeEvents(batch.events).map(({ insertId }) => insertId));
    entry.rejected += batch.rejects.length;
    entry.committedRows = batch.throughRow;
    if (batch.final) entry.state = 'done';
    const { rejects, skipped } = batch;
    const counts = { imported: batch.events.count, duplicate: 0, rejected: rejects.length, skipped };
    return { ...counts, repeated: false };
  }

  async takeBack(claim: Claim, { etag }: FileVersion): Promise<void> {
    this.#begin('takeBack');
    const entry = this.#held(claim);
    Object.assign(entry, { etag, committedRows: 0, stored: [], rejected: 0 });
  }

  #give(entry: MemoryFile): ClaimedFile {
    this.#tokens += 1;
    entry.state = 'claimed';
    entry.token = `token ${this.#tokens}`;
    const { attempts, committedRows, etag, token } = entry;
    const claim = { ...entry.file.claim, token };
    return { ...entry.file, claim, attempts, committedRows, etag };
  }

  #heldBy({ token }: Claim): MemoryFile | undefined {
    return [...this.files.values()].find((entry) => entry.token === token && entry.state === 'claimed');
  }

  #held(claim: Claim): MemoryFile {
    const entry = this.#heldBy(claim);
    if (entry !== undefined) return entry;
    throw new TerminalError({ reason: 'LeaseLost', message: 'The file is another worker’s now.' });
  }

  #begin(call: string): void {
    const failure = this.#failures.get(call)?.shift();
    if (failure !== undefined) throw failure;
  }
}
