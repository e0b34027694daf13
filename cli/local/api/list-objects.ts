import { randomUUID } from 'node:crypto';

import type { Clock } from '../../../lib/clock.ts';
import type { JsonObject } from '../../../lib/json.ts';
import { apiVersionOf } from '../../../operator/runtime/objects.ts';
import { metadataOf, textAt } from './object-fields.ts';
import type { ObjectStore } from './object-store.ts';
import { resourceKeyOf, type ResourceDefinition } from './resource-definition.ts';
import { fieldSelector, labelSelector, type Selector } from './selectors.ts';
import { badRequest, expired, StatusError } from './status-error.ts';

export interface ListRequest {
  readonly definition: ResourceDefinition;
  /** All namespaces when empty. */
  readonly namespace: string;
  readonly labelSelector: string;
  readonly fieldSelector: string;
}

export interface ListPageRequest extends ListRequest {
  readonly limit: number | undefined;
  readonly continueToken: string;
  readonly resourceVersion: string;
}

/** The rest of a list that was begun, as it stood when it began. */
interface Continuation {
  readonly items: readonly JsonObject[];
  readonly revision: number;
  readonly expiresAt: number;
}

/** So long a page may be followed by the next; a real server's etcd forgets after five minutes too. */
const continuationMs = 300_000;
const maxContinuations = 100;

export interface Lister {
  list(request: ListPageRequest): JsonObject;
}

export function createLister(deps: {
  readonly store: ObjectStore;
  readonly clock: Pick<Clock, 'monotonic'>;
}): Lister {
  const { store, clock } = deps;
  const continuations = new Map<string, Continuation>();

  function begin(request: ListPageRequest): Continuation {
    refuseFuture(request.resourceVersion, store);
    const matches = selectorOf(request);
    const items = store.list(resourceKeyOf(request.definition)).filter(matches);
    return { items, revision: store.revision(), expiresAt: clock.monotonic() + continuationMs };
  }

  function resume(token: string): Continuation {
    const found = continuations.get(token);
    continuations.delete(token);
    if (found !== undefined && found.expiresAt > clock.monotonic()) return found;
    throw expired(
      'The provided continue parameter is too old to display a consistent list result. You must start a new list without the continue parameter.',
    );
  }

  function remember(rest: Continuation): string {
    const token = randomUUID();
    continuations.set(token, rest);
    const [oldest] = continuations.keys();
    if (continuations.size > maxContinuations && oldest !== undefined) continuations.delete(oldest);
    return token;
  }

  return {
    list(request) {
      const whole = request.continueToken === '' ? begin(request) : resume(request.continueToken);
      const size = request.limit ?? whole.items.length;
      const rest = whole.items.slice(size);
      const more =
        rest.length === 0
          ? {}
          : { continue: remember({ ...whole, items: rest }), remainingItemCount: rest.length };
      return {
        apiVersion: apiVersionOf(request.definition),
        kind: `${request.definition.kind}List`,
        metadata: { resourceVersion: String(whole.revision), ...more },
        items: whole.items.slice(0, size),
      };
    },
  };
}

/** Whether an object is one that a list or watch asks for. */
export function selectorOf(request: ListRequest): Selector {
  const byLabel = labelSelector(request.labelSelector);
  const byField = fieldSelector(request.fieldSelector, request.definition);
  return (object) => {
    const isHere = request.namespace === '' || textAt(metadataOf(object), 'namespace') === request.namespace;
    return isHere && byLabel(object) && byField(object);
  };
}

function refuseFuture(resourceVersion: string, store: ObjectStore): void {
  if (resourceVersion === '') return;
  const wanted = revisionOf(resourceVersion);
  if (wanted <= store.revision()) return;
  throw new StatusError({
    code: 504,
    reason: 'Timeout',
    message: `Timeout: Too large resource version: ${resourceVersion}, current: ${String(store.revision())}`,
    details: {
      retryAfterSeconds: 1,
      causes: [{ reason: 'ResourceVersionTooLarge', message: 'Too large resource version' }],
    },
  });
}

export function revisionOf(resourceVersion: string): number {
  if (!/^\d+$/u.test(resourceVersion))
    throw badRequest(`invalid resource version: ${JSON.stringify(resourceVersion)}`);
  return Number(resourceVersion);
}
