import type { Clock } from '../../lib/clock.ts';
import type { Logger } from '../../lib/log.ts';
import type { Controller } from './controller.ts';
import type { EventRecorder } from './event-recorder.ts';
import type { ReadinessCheck } from './health.ts';
import type { LeaderElector, Leadership } from './leader-elector.ts';
import type { KubernetesObject } from './objects.ts';
import type { Reflector } from './reflector.ts';

/** What of a reflector the order of start and stop needs. */
type RunningReflector = Pick<
  Reflector<KubernetesObject>,
  'type' | 'hasSynced' | 'staleSince' | 'synced' | 'run'
>;

export interface RuntimeParts {
  readonly reflectors: readonly RunningReflector[];
  readonly controllers: readonly Controller[];
  /** Absent: this process is the only one, and leads from the start. */
  readonly elector?: LeaderElector;
  readonly recorder?: Pick<EventRecorder, 'flush'>;
  /**
   * Runs once the lease is held, before the controllers start; the place to take a fencing token. If it throws, the
   * process gives the lease back and ends.
   */
  readonly onLeading?: (leadership: Leadership) => Promise<void>;
  readonly clock: Pick<Clock, 'sleep'>;
  /** How long passes may take to end once they are asked to. Default 15 s. */
  readonly drainMs?: number;
  readonly log: Logger;
}

const DRAIN_MS = 15_000;
/** For the events that are not written yet. With the drain and the lease's return it stays below a pod's 30 s. */
const FLUSH_MS = 3_000;

/**
 * Starts and stops the parts in order, until the signal is aborted or the lease is lost:
 *
 *     reflectors ─▶ synced ─▶ lease ─▶ onLeading ─▶ controllers          (a follower's caches are warm)
 *     controllers end their passes ─▶ events flushed ─▶ lease given back ─▶ reflectors
 *
 * Each step of the stop has a time limit. A pass that does not end within its own is abandoned: what it still tries to
 * write is refused, as the lease is no longer this process's. So the process should end afterwards, whatever runs on; and
 * after `lost` too, to be started anew.
 */
export async function runRuntime(parts: RuntimeParts, signal: AbortSignal): Promise<'stopped' | 'lost'> {
  const reflecting = new AbortController();
  const reflectors = Promise.all(parts.reflectors.map((reflector) => reflector.run(reflecting.signal)));
  try {
    if (!(await cachesSynced(parts, signal))) return 'stopped';
    parts.log.info('caches synced', { resources: parts.reflectors.map(({ type }) => type.plural) });
    if (parts.elector !== undefined) return await parts.elector.run((held) => lead(parts, held), signal);
    await lead(parts, { signal, remainingMs: () => Infinity });
    return 'stopped';
  } finally {
    reflecting.abort();
    await reflectors;
  }
}

/** Ready to lead or to take over: all caches complete, and none of them silent for too long. */
export function readinessOf(
  reflectors: readonly RunningReflector[],
): Readonly<Record<string, ReadinessCheck>> {
  return {
    caches: () => {
      const missing = reflectors.filter(({ hasSynced }) => !hasSynced).map(({ type }) => type.plural);
      return missing.length === 0 ? undefined : `not yet listed: ${missing.join(', ')}`;
    },
    watches: () => reflectors.map((reflector) => reflector.staleSince()).find((stale) => stale !== undefined),
  };
}

async function cachesSynced(parts: RuntimeParts, signal: AbortSignal): Promise<boolean> {
  try {
    await Promise.all(parts.reflectors.map((reflector) => reflector.synced(signal)));
    return true;
  } catch (error) {
    if (signal.aborted) return false;
    throw error;
  }
}

async function lead(parts: RuntimeParts, leadership: Leadership): Promise<void> {
  await parts.onLeading?.(leadership);
  // Should one controller end with an error, the others end too before the lease is given back.
  const failed = new AbortController();
  const signal = AbortSignal.any([leadership.signal, failed.signal]);
  const running = new Set(parts.controllers);
  const runs = parts.controllers.map((controller) =>
    controller
      .run(signal)
      .catch((error: unknown) => failed.abort(error))
      .finally(() => running.delete(controller)),
  );
  parts.log.info('controllers started', { controllers: parts.controllers.map(({ name }) => name) });
  await allWithin(runs, signal, parts);
  if (running.size > 0) {
    parts.log.error('passes did not end in time, and are abandoned', {
      controllers: [...running].map(({ name }) => name),
    });
  }
  if (leadership.remainingMs() > 0) await parts.recorder?.flush(FLUSH_MS);
  failed.signal.throwIfAborted();
}

/** Resolves when all runs have ended, or when the drain's time is over after the signal. */
async function allWithin(
  runs: readonly Promise<void>[],
  signal: AbortSignal,
  { clock, drainMs = DRAIN_MS }: RuntimeParts,
): Promise<void> {
  const ended = new AbortController();
  const drained = Promise.withResolvers<void>();
  const drain = (): void => void clock.sleep(drainMs, ended.signal).then(drained.resolve, () => {});
  signal.addEventListener('abort', drain, { once: true });
  if (signal.aborted) drain();
  await Promise.race([Promise.all(runs), drained.promise]);
  ended.abort();
}
