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
  readonly log: Logger;
}

/**
 * Starts and stops the parts in order, until the signal is aborted or the lease is lost:
 *
 *     reflectors ─▶ synced ─▶ lease ─▶ onLeading ─▶ controllers          (a follower's caches are warm)
 *     controllers end their passes ─▶ lease given back ─▶ reflectors ─▶ events flushed
 *
 * After `lost` the process should end, and be started anew.
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
    await parts.recorder?.flush();
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
  const runs = parts.controllers.map((controller) =>
    controller.run(signal).catch((error: unknown) => failed.abort(error)),
  );
  await Promise.all(runs);
  failed.signal.throwIfAborted();
}
