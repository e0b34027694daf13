import type { Clock } from '../../lib/clock.ts';
import { reasonOf, TerminalError, TransientError } from '../../lib/errors.ts';
import type { Logger } from '../../lib/log.ts';
import { withDeadline } from './deadline.ts';
import { formatKey, parseKey, type ObjectKey } from './objects.ts';
import type { RuntimeMetrics } from './runtime-metrics.ts';
import type { Watch } from './watches.ts';
import { createWorkQueue, type WorkQueue, type WorkQueueOptions } from './work-queue.ts';

/** Waiting is a result, not an error. */
export interface ReconcileResult {
  /** Look again after so long, at the latest. Absent: only when something changes. */
  readonly requeueAfterMs?: number;
  /** Of a closed list: what is wrong that trying again would not mend. Counted with the errors that were thrown. */
  readonly failure?: string;
}

/** Makes the world of one object as its spec says. By level: it is not told what woke it. */
export type Reconcile = (key: ObjectKey, signal: AbortSignal) => Promise<ReconcileResult>;

export interface ControllerOptions {
  /** In logs and metrics, e.g. `s3importsource`. */
  readonly name: string;
  readonly reconcile: Reconcile;
  readonly watches: readonly Watch[];
  /** Passes that may run at once, each for another key. Default 4. */
  readonly workers?: number;
  /** A pass is aborted after so long. Default 2 min. */
  readonly timeLimitMs?: number;
  readonly backoff?: WorkQueueOptions['backoff'];
  /**
   * Told when a pass threw, so that it can stand in the object's status too. What it throws itself is logged only.
   * Not told of aborts.
   */
  readonly reportFailure?: (key: ObjectKey, error: unknown, signal: AbortSignal) => Promise<void>;
}

export interface ControllerDeps {
  readonly clock: Clock;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  readonly log: Logger;
  readonly metrics: RuntimeMetrics;
}

export interface Controller {
  readonly name: string;
  /**
   * Wakes a key from outside, e.g. because a message of a queue concerns it. Does nothing while the controller does not
   * run: it looks at every key when it begins to.
   */
  enqueue(key: ObjectKey): void;
  /** Works until the signal is aborted; resolves when the passes under way have ended. May be called again. */
  run(signal: AbortSignal): Promise<void>;
}

const RECONCILIATION_TIMEOUT = 'ReconciliationTimeout';

/**
 * Turns changes into passes of `reconcile`, and is the one place where their errors end:
 *
 * | thrown           | what follows                                                                        |
 * | TerminalError    | logged and counted; the key rests until something that it watches changes           |
 * | TransientError   | again after a back-off of the key's own, or after the time that the other side asked |
 * | anything else    | as transient, counted apart and logged with its stack: it is a bug                  |
 * | after an abort   | nothing: whoever leads next looks at every key                                      |
 */
export function createController(options: ControllerOptions, deps: ControllerDeps): Controller {
  let queue: WorkQueue | undefined;

  async function run(signal: AbortSignal): Promise<void> {
    if (!(await allSynced(options.watches, signal))) return;
    const keys = createWorkQueue(
      { name: options.name, ...(options.backoff === undefined ? {} : { backoff: options.backoff }) },
      deps,
    );
    queue = keys;
    const unsubscribes = options.watches.map((watch) => watch.subscribe((key) => keys.add(formatKey(key))));
    const workers = options.workers ?? 4;
    deps.metrics.reconcileWorkers.set({ controller: options.name }, workers);
    const stop = (): void => void keys.shutDown();
    signal.addEventListener('abort', stop, { once: true });
    if (signal.aborted) stop();
    try {
      await Promise.all(Array.from({ length: workers }, () => work({ options, deps, keys, signal })));
    } finally {
      signal.removeEventListener('abort', stop);
      for (const unsubscribe of unsubscribes) unsubscribe();
      queue = undefined;
    }
  }

  return { name: options.name, run, enqueue: (key) => queue?.add(formatKey(key)) };
}

/** False if the signal was aborted before. */
async function allSynced(watches: readonly Watch[], signal: AbortSignal): Promise<boolean> {
  try {
    for (const watch of watches) await watch.synced(signal);
    return true;
  } catch (error) {
    if (signal.aborted) return false;
    throw error;
  }
}

interface Worker {
  readonly options: ControllerOptions;
  readonly deps: ControllerDeps;
  readonly keys: WorkQueue;
  readonly signal: AbortSignal;
}

async function work(worker: Worker): Promise<void> {
  const { deps, keys, options } = worker;
  const label = { controller: options.name };
  for (let text = await keys.take(); text !== undefined; text = await keys.take()) {
    const begunAt = deps.clock.monotonic();
    deps.metrics.reconcileActive.add(label, 1);
    try {
      await pass(worker, text);
    } finally {
      deps.metrics.reconcileActive.add(label, -1);
      deps.metrics.reconcileSeconds.observe(label, (deps.clock.monotonic() - begunAt) / 1000);
      keys.done(text);
    }
  }
}

type Outcome = 'success' | 'requeue_after' | 'error' | 'terminal_error' | 'aborted';

/** Never throws. */
async function pass(worker: Worker, text: string): Promise<void> {
  const { deps, options } = worker;
  const key = parseKey(text);
  const log = deps.log.child({ controller: options.name, namespace: key.namespace, name: key.name });
  const result = await attempt(worker, key, log);
  deps.metrics.reconciles.inc({ controller: options.name, result });
}

async function attempt(worker: Worker, key: ObjectKey, log: Logger): Promise<Outcome> {
  const { deps, keys, options, signal } = worker;
  try {
    const deadline = {
      ms: options.timeLimitMs ?? 120_000,
      clock: deps.clock,
      signal,
      error: () => tooSlow(worker),
    };
    const { requeueAfterMs, failure } = await withDeadline(deadline, (limited) =>
      options.reconcile(key, limited),
    );
    if (failure !== undefined) countFailure(worker, failure);
    keys.forget(formatKey(key));
    if (requeueAfterMs === undefined) return 'success';
    keys.addAfter(formatKey(key), requeueAfterMs);
    return 'requeue_after';
  } catch (error) {
    if (signal.aborted) return 'aborted';
    const outcome = settle(worker, { key, error, log });
    await report(worker, { key, error, log });
    return outcome;
  }
}

interface Failure {
  readonly key: ObjectKey;
  readonly error: unknown;
  readonly log: Logger;
}

function settle({ deps, keys, options }: Worker, { key, error, log }: Failure): Outcome {
  const label = { controller: options.name };
  deps.metrics.reconcileErrors.inc(label);
  countFailure({ deps, options }, reasonOf(error));
  const text = formatKey(key);
  if (error instanceof TerminalError) {
    deps.metrics.reconcileTerminalErrors.inc(label);
    keys.forget(text);
    log.error('pass failed; not tried again until something changes', { error, reason: error.reason });
    return 'terminal_error';
  }
  const foreseen = error instanceof TransientError;
  if (!foreseen) deps.metrics.reconcilePanics.inc(label);
  const waitMs = Math.round(keys.addAfterFailure(text, foreseen ? error.retryAfterMs : undefined));
  const fields = { error, reason: reasonOf(error), waitMs, failures: keys.failuresOf(text) };
  if (foreseen) log.warn('pass failed; tried again', fields);
  else log.error('pass failed in a way that nobody foresaw; tried again', fields);
  return 'error';
}

function countFailure({ deps, options }: Pick<Worker, 'deps' | 'options'>, reason: string): void {
  deps.metrics.reconcileFailures.inc({ controller: options.name, reason });
}

/** Within a time limit of its own: the pass may have used up its own. */
async function report({ options, deps, signal }: Worker, { key, error, log }: Failure): Promise<void> {
  if (options.reportFailure === undefined) return;
  const { reportFailure } = options;
  const timeout = (): Error => new Error('reporting the failure took too long');
  try {
    await withDeadline({ ms: 30_000, clock: deps.clock, signal, error: timeout }, (limited) =>
      reportFailure(key, error, limited),
    );
  } catch (second) {
    if (!signal.aborted) log.warn('failure not reported', { error: second });
  }
}

function tooSlow({ options }: Worker): TransientError {
  const seconds = Math.round((options.timeLimitMs ?? 120_000) / 1000);
  const message = `a pass of the ${options.name} controller took more than ${seconds} s and was stopped`;
  return new TransientError({ reason: RECONCILIATION_TIMEOUT, message });
}
