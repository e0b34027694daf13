import type { JsonObject } from '../../../lib/json.ts';
import { apiVersionOf } from '../../../operator/runtime/objects.ts';
import { revisionOf, selectorOf, type ListRequest } from './list-objects.ts';
import type { ObjectStore, StoreEvent } from './object-store.ts';
import { resourceKeyOf } from './resource-definition.ts';
import type { Selector } from './selectors.ts';
import { expired } from './status-error.ts';

export interface WatchRequest extends ListRequest {
  /** Empty or `0`: begins with what is there. */
  readonly resourceVersion: string;
  readonly bookmarks: boolean;
  readonly timeoutSeconds: number | undefined;
  readonly signal: AbortSignal | undefined;
}

export interface WatchOptions {
  /** Between bookmarks. */
  readonly bookmarkMs: number;
}

/** A client that reads nothing while so many events wait has to begin anew. */
const maxWaiting = 10_000;
const defaultTimeoutSeconds = 1800;

/**
 * The events of a watch, one JSON text each. Listening begins at the call, so that nothing between it and the first
 * read is lost; leaving the iteration, the signal, the time-out or too long a pause of the reader ends it.
 */
export function watchObjects(
  request: WatchRequest,
  store: ObjectStore,
  options: WatchOptions,
): AsyncIterable<string> {
  const matches = selectorOf(request);
  const since = request.resourceVersion === '' ? 0 : revisionOf(request.resourceVersion);
  const past = since === 0 ? undefined : store.eventsSince(since);
  if (since !== 0 && past === undefined) {
    const status = expired(
      `too old resource version: ${String(since)} (${String(store.revision())})`,
    ).toStatus();
    return ended([line('ERROR', status)]);
  }
  const resource = resourceKeyOf(request.definition);
  const initial =
    past === undefined
      ? store
          .list(resource)
          .filter(matches)
          .map((object) => line('ADDED', object))
      : past.filter((event) => event.resource === resource).flatMap((event) => seen(event, matches));
  return follow({ request, store, initial, matches, bookmarkMs: options.bookmarkMs });
}

async function* ended(lines: readonly string[]): AsyncGenerator<string> {
  yield* lines;
}

interface Following {
  readonly request: WatchRequest;
  readonly store: ObjectStore;
  readonly initial: readonly string[];
  readonly matches: Selector;
  readonly bookmarkMs: number;
}

function follow({ request, store, initial, matches, bookmarkMs }: Following): AsyncIterable<string> {
  const waiting = [...initial];
  const resource = resourceKeyOf(request.definition);
  let isOver = false;
  let wake: (() => void) | undefined;
  const push = (lines: readonly string[]) => {
    waiting.push(...lines);
    if (waiting.length > maxWaiting) stop();
    wake?.();
  };
  const bookmark = () => {
    if (request.bookmarks) push([line('BOOKMARK', bookmarkOf(request, store.revision()))]);
  };
  const unsubscribe = store.subscribe((event) => {
    if (event.resource === resource) push(seen(event, matches));
  });
  const bookmarks = setInterval(bookmark, bookmarkMs).unref();
  const end = setTimeout(
    () => {
      bookmark();
      stop();
    },
    (request.timeoutSeconds ?? defaultTimeoutSeconds) * 1000,
  ).unref();
  function stop(): void {
    isOver = true;
    unsubscribe();
    clearInterval(bookmarks);
    clearTimeout(end);
    request.signal?.removeEventListener('abort', stop);
    wake?.();
  }
  request.signal?.addEventListener('abort', stop, { once: true });
  if (request.signal?.aborted === true) stop();

  async function* lines(): AsyncGenerator<string> {
    try {
      for (;;) {
        const next = waiting.shift();
        if (next !== undefined) yield next;
        else if (isOver) return;
        else await new Promise<void>((resolve) => (wake = resolve));
      }
    } finally {
      stop();
    }
  }
  return lines();
}

/** A change as one watch sees it: an object that begins or ceases to match is added or deleted there. */
function seen(event: StoreEvent, matches: Selector): string[] {
  const isMatch = event.type !== 'DELETED' && matches(event.object);
  const wasMatch = event.previous !== undefined && matches(event.previous);
  if (isMatch) return [line(wasMatch ? 'MODIFIED' : 'ADDED', event.object)];
  return wasMatch ? [line('DELETED', event.object)] : [];
}

function bookmarkOf({ definition }: WatchRequest, revision: number): JsonObject {
  return {
    apiVersion: apiVersionOf(definition),
    kind: definition.kind,
    metadata: { resourceVersion: String(revision) },
  };
}

function line(type: string, object: JsonObject): string {
  return JSON.stringify({ type, object });
}
