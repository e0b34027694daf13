/**
 * LIST and WATCH of one resource in one scope, for ever.
 *
 *            ┌── 410: too old; versions go back; silence from the ──┐
 *            │   first moment on                                    │
 *            ▼                                                      │
 *         listing ── all pages, version V ──▶ watching from V ──────┤
 *            ▲                                 ▲            │       │
 *   error: back off                            └────────────┘       │
 *                       server's time-out: again at once, from the  │
 *                       last version seen; error, silence, or an    │
 *                       end too soon: again after a back-off ───────┘
 *
 * The version is taken from lists, events and bookmarks, and given back. Within a watch it grows. Should it go back, then
 * something between the server and here mixes up the order, or the server was set back to a backup, and changes may have
 * been missed on the way: only a new list tells. The same holds for a watch in which not even a bookmark was heard: a server
 * that was set back to a backup is silent on versions that it has yet to reach.
 */

import type { Clock } from '../../lib/clock.ts';
import { TransientError, type ErrorDetails } from '../../lib/errors.ts';
import type { Logger } from '../../lib/log.ts';
import { backoffMs } from '../../lib/retry.ts';
import type { ApiClient } from './api-client.ts';
import { apiReasons, isExpired } from './api-error.ts';
import type { KubernetesObject, ResourceType } from './objects.ts';
import { isOlderVersion } from './resource-version.ts';
import type { RuntimeMetrics } from './runtime-metrics.ts';
import type { WatchEvent } from './watch-events.ts';

export interface WatchTiming {
  readonly minTimeoutSeconds: number;
  readonly maxTimeoutSeconds: number;
  /** Silence, in milliseconds, after which a watch is given up. Must be above the pace of the server's bookmarks. */
  readonly idleLimitMs: number;
  /** How long after its own time-out the server may still take to end a watch. */
  readonly graceMs: number;
  /** For one page of a list. */
  readonly listDeadlineMs: number;
  readonly backoff: { readonly baseMs: number; readonly capMs: number };
}

export interface WatchScope {
  readonly type: ResourceType;
  /** `jobs.batch`, for people. */
  readonly resource: string;
  /** Empty: all. */
  readonly namespace: string;
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
  readonly pageSize?: number;
  readonly timing: WatchTiming;
}

/** Where what is seen goes to. */
export interface WatchTarget<T> {
  /** These are all the objects there are. */
  replaced(objects: readonly T[]): void;
  changed(object: T): void;
  deleted(object: T): void;
  /** The server was heard, with or without news. */
  heard(): void;
}

export interface WatchDeps {
  readonly client: Pick<ApiClient, 'list' | 'watch'>;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Logger;
  readonly metrics: RuntimeMetrics;
}

const PAGE_SIZE = 500;
/** A watch that ended by itself within this time without any news counts as failed, else it would spin. */
const SHORTEST_WATCH_MS = 1_000;
/** A server ends a watch at the time it was asked to, or a little before. */
const TIMEOUT_TOLERANCE_MS = 1_000;
/** A server that asks for more patience does not get it: the copy would be old for too long. */
const MAX_ASKED_MS = 60_000;

/** Why a watch ended; values of the metric. */
type Cause = 'timeout' | 'eof' | 'idle' | 'expired' | 'disorder' | 'error';

interface Loop<T> {
  readonly scope: WatchScope;
  readonly target: WatchTarget<T>;
  readonly deps: WatchDeps;
  readonly signal: AbortSignal;
  /** Undefined: list first. */
  version: string | undefined;
  /** In a row, without news in between. */
  failures: number;
  /** Whether a line came in the watch that is open, or was the last. */
  heardLines: boolean;
  /** Set after a page token expired in the middle of a list: ask for all at once. */
  unpaged: boolean;
}

export async function watchScope<T extends KubernetesObject>(
  scope: WatchScope,
  target: WatchTarget<T>,
  deps: WatchDeps,
  signal: AbortSignal,
): Promise<void> {
  const loop: Loop<T> = {
    scope,
    target,
    deps,
    signal,
    version: undefined,
    failures: 0,
    heardLines: false,
    unpaged: false,
  };
  while (!signal.aborted) {
    try {
      if (loop.version === undefined) await list(loop);
      await watch(loop);
    } catch (error) {
      if (signal.aborted) return;
      await recover(loop, error);
    }
  }
}

async function list<T extends KubernetesObject>(loop: Loop<T>): Promise<void> {
  const { scope, target, deps } = loop;
  deps.metrics.watchRelists.inc({ resource: scope.resource });
  const objects: T[] = [];
  let continueFrom: string | undefined;
  let version = '';
  do {
    const page = await deps.client.list<T>(scope.type, {
      ...selectorsOf(scope),
      ...(loop.unpaged ? {} : { limit: scope.pageSize ?? PAGE_SIZE }),
      ...(continueFrom === undefined ? {} : { continueFrom }),
      deadlineMs: scope.timing.listDeadlineMs,
      signal: loop.signal,
    });
    target.heard();
    objects.push(...page.items);
    version = page.resourceVersion;
    ({ continueFrom } = page);
  } while (continueFrom !== undefined);
  loop.unpaged = false;
  target.replaced(objects);
  loop.version = version;
}

async function watch<T extends KubernetesObject>(loop: Loop<T>): Promise<void> {
  const { scope, deps, target } = loop;
  const { minTimeoutSeconds: min, maxTimeoutSeconds: max } = scope.timing;
  const timeoutSeconds = Math.round(min + deps.random() * (max - min));
  const guard = guardWatch(loop, timeoutSeconds);
  const begunAt = deps.clock.monotonic();
  loop.heardLines = false;
  try {
    const events = await deps.client.watch<T>(scope.type, {
      ...selectorsOf(scope),
      resourceVersion: loop.version ?? '',
      timeoutSeconds,
      signal: guard.signal,
    });
    target.heard();
    deps.metrics.watchConnected.add({ resource: scope.resource }, 1);
    try {
      for await (const event of events) {
        take(loop, event);
        guard.heard();
        target.heard();
      }
    } finally {
      deps.metrics.watchConnected.add({ resource: scope.resource }, -1);
    }
  } finally {
    guard.release();
  }
  const lastedMs = deps.clock.monotonic() - begunAt;
  if (!loop.heardLines && lastedMs < SHORTEST_WATCH_MS) throw new WatchEndedError(endedTooSoon(scope));
  target.heard();
  loop.failures = 0;
  countRestart(loop, lastedMs < timeoutSeconds * 1000 - TIMEOUT_TOLERANCE_MS ? 'eof' : 'timeout');
}

function take<T extends KubernetesObject>(loop: Loop<T>, event: WatchEvent<T>): void {
  if (isOlderVersion(event.version, loop.version ?? '')) throw new WatchDisorderError(disorder(loop, event));
  loop.failures = 0;
  loop.heardLines = true;
  switch (event.kind) {
    case 'Bookmark':
      break;
    case 'Deleted':
      loop.target.deleted(event.object);
      break;
    case 'Added':
    case 'Modified':
      loop.target.changed(event.object);
  }
  loop.version = event.version;
}

interface Guard {
  readonly signal: AbortSignal;
  heard(): void;
  release(): void;
}

class WatchIdleError extends TransientError {}
class WatchEndedError extends TransientError {}
class WatchDisorderError extends TransientError {}

/** Ends the watch when it is silent for too long, or goes on for much longer than the server was asked to let it. */
function guardWatch<T>(loop: Loop<T>, timeoutSeconds: number): Guard {
  const { deps, scope, signal } = loop;
  const { idleLimitMs, graceMs } = scope.timing;
  const abandoned = new AbortController();
  const abort = (): void => abandoned.abort(signal.reason);
  signal.addEventListener('abort', abort, { once: true });
  const begunAt = deps.clock.monotonic();
  const lastEnd = begunAt + timeoutSeconds * 1000 + graceMs;
  let heardAt = begunAt;

  void (async () => {
    while (!abandoned.signal.aborted) {
      const end = Math.min(heardAt + idleLimitMs, lastEnd);
      const restMs = end - deps.clock.monotonic();
      if (restMs <= 0) abandoned.abort(silent(scope, deps.clock.monotonic() - heardAt));
      else await deps.clock.sleep(restMs, abandoned.signal).catch(() => {});
    }
  })();

  return {
    signal: abandoned.signal,
    heard: () => (heardAt = deps.clock.monotonic()),
    release: () => {
      signal.removeEventListener('abort', abort);
      abandoned.abort();
    },
  };
}

async function recover<T>(loop: Loop<T>, error: unknown): Promise<void> {
  const { deps, scope } = loop;
  const cause = causeOf(error);
  if (cause === 'expired') loop.unpaged = loop.version === undefined;
  if (cause === 'expired' || cause === 'disorder' || (cause === 'idle' && !loop.heardLines)) {
    loop.version = undefined;
  }
  countRestart(loop, cause);
  loop.failures += 1;
  const asked = error instanceof TransientError ? Math.min(error.retryAfterMs ?? 0, MAX_ASKED_MS) : 0;
  const waitMs = asked + backoffMs(loop.failures, scope.timing.backoff, deps.random);
  const level = cause === 'expired' || loop.failures === 1 ? 'info' : 'warn';
  deps.log[level]('watch interrupted', { resource: scope.resource, error, waitMs, failures: loop.failures });
  await deps.clock.sleep(waitMs, loop.signal).catch(() => {});
}

function causeOf(error: unknown): Cause {
  if (isExpired(error)) return 'expired';
  if (error instanceof WatchIdleError) return 'idle';
  if (error instanceof WatchEndedError) return 'eof';
  return error instanceof WatchDisorderError ? 'disorder' : 'error';
}

function countRestart<T>({ deps, scope }: Loop<T>, cause: Cause): void {
  deps.metrics.watchRestarts.inc({ resource: scope.resource, cause });
}

function selectorsOf({ namespace, labelSelector, fieldSelector }: WatchScope) {
  return {
    namespace,
    ...(labelSelector === undefined ? {} : { labelSelector }),
    ...(fieldSelector === undefined ? {} : { fieldSelector }),
  };
}

function silent(scope: WatchScope, ms: number): WatchIdleError {
  const message = `watch ${scope.resource}: nothing was heard for ${Math.round(ms / 1000)} s; the connection is taken for dead`;
  return new WatchIdleError({ reason: apiReasons.unavailable, message });
}

function endedTooSoon(scope: WatchScope): ErrorDetails {
  const message = `watch ${scope.resource}: the server ended it at once and without news`;
  return { reason: apiReasons.unavailable, message };
}

function disorder<T>({ scope, version }: Loop<T>, event: WatchEvent<T>): ErrorDetails {
  const message = `watch ${scope.resource}: version ${event.version} came after ${version}; listed anew, as changes may be missing`;
  return { reason: apiReasons.unavailable, message };
}
