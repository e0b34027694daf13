import type { Clock } from '../../lib/clock.ts';
import { addCounts, noRecords, type ShardReport } from '../../lib/contract/report.ts';
import type { ImportTask } from '../../lib/contract/task.ts';
import { reasonOf } from '../../lib/errors.ts';
import type { Logger } from '../../lib/log.ts';
import type { ClaimedFile, Claims } from '../../lib/store/types.ts';
import type { WorkerMetrics } from '../worker-metrics.ts';
import { HeldClaims, leaseMs } from '../pipeline/held-claims.ts';
import { Denials, failureOfDenied, isDenial, type DeniedFile } from '../pipeline/denials.ts';
import { importFile, type FileOutcome, type ImportFileDeps } from '../pipeline/import-file.ts';

export interface ImportShardDeps extends ImportFileDeps {
  readonly claims: Claims;
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics: Pick<WorkerMetrics, 'fileEnded' | 'leaseLost'>;
  /** Of the pod's template; work is claimed only while the ledger wants it. */
  readonly templateHash: string;
  /** Who claims, for people. */
  readonly claimant: string;
  /** The place in a Job that this worker fills; undefined: none that another could fill after it. */
  readonly slot: string | undefined;
}

/**
 * Files that a worker has open at a time. A small file is mostly waiting for S3 and the database, and four of them
 * keep the one thread busy; a large one fills it alone.
 */
const lanes = 4;

/** While there is nothing to be had, the ledger is asked again after so long at the latest. */
const pollMs = 1_000;

/** And not before so long: a file that is due may be locked for a moment, or wait until it can be had alone. */
const shortestPollMs = 100;

/**
 * The main path of a worker: claims files until none is left for `lingerMs`, its time is over, or its template is
 * no longer wanted. When the signal is aborted it stops in the middle of files and gives them back.
 */
export async function importShard(
  task: ImportTask,
  deps: ImportShardDeps,
  signal: AbortSignal,
): Promise<ShardReport> {
  const shard = new Shard(task, deps, signal);
  const beat = new AbortController();
  const heartbeat = shard.held.beat(beat.signal);
  let stopped = false;
  try {
    await shard.takeOver();
    await shard.claimFiles();
  } catch (error) {
    if (!signal.aborted) throw error;
    stopped = true;
  } finally {
    await shard.drain();
    beat.abort();
    await heartbeat;
  }
  return shard.report(stopped ? 'stopped' : 'done');
}

/** What one run of a worker has under way. */
class Shard {
  readonly held: HeldClaims;
  readonly #task: ImportTask;
  readonly #deps: ImportShardDeps;
  readonly #stop: AbortController;
  readonly #signal: AbortSignal;
  readonly #open = new Set<Promise<void>>();
  readonly #denials: Denials;
  readonly #startedAt: number;
  #files = 0;
  #records = noRecords;
  /** What ended a file and is not the file's own: it ends the worker. */
  #failure: { readonly error: unknown } | undefined;

  constructor(task: ImportTask, deps: ImportShardDeps, signal: AbortSignal) {
    this.held = new HeldClaims(deps);
    this.#task = task;
    this.#deps = deps;
    this.#denials = new Denials({ ...deps, bucket: task.bucket });
    this.#stop = new AbortController();
    this.#signal = AbortSignal.any([signal, this.#stop.signal]);
    this.#startedAt = deps.clock.monotonic();
  }

  /** What a predecessor that was killed has left: its files need not wait for its deadlines. */
  async takeOver(): Promise<void> {
    const { claims, slot, claimant, retry, log } = this.#deps;
    if (slot === undefined) return;
    const place = { sourceId: this.#task.sourceId, slot, claimant };
    const files = await retry(() => claims.takeOver(place), this.#signal);
    if (files > 0) log.info('Took over from a worker that is lost', { slot, files });
  }

  async claimFiles(): Promise<void> {
    let idleSince: number | undefined;
    while (!this.#isOver()) {
      this.#throwIfFailed();
      const answer = await this.#claim();
      if (answer.kind === 'outdated') break;
      if (answer.kind === 'claimed') {
        idleSince = undefined;
        await this.#take(answer.files);
        continue;
      }
      this.#throwIfOnlyDenied();
      if (this.#open.size > 0) idleSince = undefined;
      else idleSince ??= this.#deps.clock.monotonic();
      if (this.#isIdleSince(idleSince)) break;
      await this.#wait(Math.max(shortestPollMs, Math.min(answer.retryInMs ?? pollMs, pollMs)));
    }
    await Promise.all(this.#open);
    this.#throwIfFailed();
    this.#signal.throwIfAborted();
    this.#throwIfOnlyDenied();
  }

  /** Ends what is still open and gives its claims back. */
  async drain(): Promise<void> {
    this.#stop.abort(new Error('the worker stops'));
    await Promise.all(this.#open);
    await this.held.release().catch((error: unknown) => {
      this.#deps.log.warn('Claims could not be released; others get them at their deadline', { error });
    });
  }

  report(outcome: 'done' | 'stopped'): ShardReport {
    return { outcome, files: this.#files, records: this.#records };
  }

  #isOver(): boolean {
    const age = this.#deps.clock.monotonic() - this.#startedAt;
    return this.#signal.aborted || age >= this.#task.limits.maxLifetimeMs;
  }

  #isIdleSince(since: number | undefined): boolean {
    return since !== undefined && this.#deps.clock.monotonic() - since >= this.#task.limits.lingerMs;
  }

  /** Until the time is over or an open file has ended: while one is long, the other lanes take what comes. */
  async #wait(ms: number): Promise<void> {
    const woken = new AbortController();
    const signal = AbortSignal.any([this.#signal, woken.signal]);
    const slept = this.#deps.clock.sleep(ms, signal).catch(() => {});
    await Promise.race([slept, ...this.#open]);
    woken.abort();
  }

  #throwIfFailed(): void {
    if (this.#failure !== undefined) throw this.#failure.error;
  }

  /** Nothing is left but files that may not be read, and none was that may. */
  #throwIfOnlyDenied(): void {
    const { undecided } = this.#denials;
    if (undecided !== undefined && this.#open.size === 0) throw undecided.error;
  }

  #claim(): ReturnType<Claims['claim']> {
    const { claims, templateHash, claimant, slot, retry } = this.#deps;
    const { sourceId, limits } = this.#task;
    const limit = lanes - this.#open.size;
    const { maxAttempts } = limits;
    const place = slot === undefined ? {} : { slot };
    const request = { sourceId, templateHash, claimant, ...place, limit, leaseMs, maxAttempts };
    return retry(() => claims.claim(request), this.#signal);
  }

  async #take(files: readonly ClaimedFile[]): Promise<void> {
    for (const file of files) {
      const lost = this.held.hold(file.claim);
      // What a suspect file kills must not take other files' attempts with it.
      if (file.alone) await Promise.all(this.#open);
      const work = this.#import(file, lost).finally(() => this.#open.delete(work));
      this.#open.add(work);
      if (file.alone) await work;
    }
    if (this.#open.size >= lanes) await Promise.race(this.#open);
  }

  /** Never rejects: what went wrong is kept for the loop to throw. */
  async #import(file: ClaimedFile, lost: AbortSignal): Promise<void> {
    const log = this.#deps.log.child({ key: file.key });
    try {
      const outcome = await importFile(this.#task, file, this.#deps, AbortSignal.any([this.#signal, lost]));
      this.held.settle(file.claim);
      this.#count(outcome);
      this.#deps.metrics.fileEnded(outcome, file.size);
      if (outcome.kind === 'imported') {
        log.info('File imported', { ...outcome.records });
        for (const denied of this.#denials.imported(file)) await this.#failDenied(denied);
      } else log.warn('File failed', { error: outcome.error });
    } catch (error) {
      if (this.#signal.aborted && this.#failure === undefined && !lost.aborted) return;
      await this.#settleError(file, error, lost).catch((worse: unknown) => this.#fail(worse));
    }
  }

  async #settleError(file: ClaimedFile, error: unknown, lost: AbortSignal): Promise<void> {
    if (lost.aborted || reasonOf(error) === 'LeaseLost') {
      this.held.settle(file.claim);
      this.#deps.metrics.leaseLost();
      this.#deps.log.warn('Claim lost; another worker has the file', { key: file.key });
      return;
    }
    const denied = { file, error };
    const verdict = isDenial(error) ? await this.#denials.judge(denied, this.#signal) : 'everything';
    if (verdict === 'own') await this.#failDenied(denied);
    if (verdict === 'everything') this.#fail(error);
  }

  async #failDenied(denied: DeniedFile): Promise<void> {
    const { claims, retry, log, metrics } = this.#deps;
    const { file } = denied;
    const failure = failureOfDenied(denied, this.#task.limits.maxAttempts);
    try {
      await retry(() => claims.failFile(file.claim, failure), this.#signal);
    } catch (error) {
      if (reasonOf(error) !== 'LeaseLost') throw error;
    }
    this.held.settle(file.claim);
    const { error } = denied;
    const outcome = { kind: 'failed', error } as const;
    this.#count(outcome);
    metrics.fileEnded(outcome, file.size);
    log.warn('File failed: it may not be read, though others may', { key: file.key, error });
  }

  #fail(error: unknown): void {
    this.#failure ??= { error };
    this.#stop.abort(error);
  }

  #count(outcome: FileOutcome): void {
    this.#files += 1;
    if (outcome.kind === 'imported') this.#records = addCounts(this.#records, outcome.records);
  }
}
