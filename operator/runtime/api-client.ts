import type { Clock } from '../../lib/clock.ts';
import { TransientError } from '../../lib/errors.ts';
import { isJsonObject } from '../../lib/json.ts';
import { apiReasons, errorOfAnswer, isNotFound } from './api-error.ts';
import {
  apiVersionOf,
  collectionPath,
  formatKey,
  keyOf,
  objectPath,
  type KubernetesObject,
  type ObjectKey,
  type ResourceType,
} from './objects.ts';
import { patchContentTypes, type ApiRequest, type ApiTransport } from './transport.ts';
import { readWatchEvents, type WatchEvent } from './watch-events.ts';

export interface CallOptions {
  readonly signal?: AbortSignal;
  readonly deadlineMs?: number;
}

export interface ListOptions extends CallOptions {
  /** All namespaces when empty or absent. */
  readonly namespace?: string;
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
  readonly limit?: number;
  /** The `continue` token of the page before. */
  readonly continueFrom?: string;
  readonly resourceVersion?: string;
}

export interface ListPage<T> {
  readonly items: readonly T[];
  readonly resourceVersion: string;
  /** Present when there are more pages. */
  readonly continueFrom?: string;
}

export interface WatchOptions extends CallOptions {
  readonly namespace?: string;
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
  readonly resourceVersion: string;
  readonly timeoutSeconds: number;
}

export interface ApplyOptions extends CallOptions {
  /** Take fields from other managers. Default true: a controller owns what it applies. */
  readonly force?: boolean;
}

export type PatchBody =
  | { readonly kind: 'merge'; readonly patch: unknown }
  | { readonly kind: 'json'; readonly operations: readonly unknown[] };

export interface PatchOptions extends CallOptions {
  readonly subresource?: string;
}

export interface DeleteOptions extends CallOptions {
  readonly propagation?: 'Background' | 'Foreground' | 'Orphan';
  /** Refused with a conflict unless the object is still this one. */
  readonly uid?: string;
  readonly resourceVersion?: string;
  readonly gracePeriodSeconds?: number;
}

/**
 * Typed calls on any resource. Every refusal is a TerminalError (asking again gives the same) or a TransientError,
 * whose cause is an ApiError; ask with `isNotFound`, `isConflict` and their like of `api-error.ts`.
 */
export interface ApiClient {
  get<T extends KubernetesObject>(type: ResourceType, key: ObjectKey, options?: CallOptions): Promise<T>;
  /** As get, but undefined where there is no such object. */
  find<T extends KubernetesObject>(
    type: ResourceType,
    key: ObjectKey,
    options?: CallOptions,
  ): Promise<T | undefined>;
  list<T extends KubernetesObject>(type: ResourceType, options?: ListOptions): Promise<ListPage<T>>;
  /** Throws ApiError classes if refused; the iteration ends when the server ends the watch. */
  watch<T extends KubernetesObject>(
    type: ResourceType,
    options: WatchOptions,
  ): Promise<AsyncIterable<WatchEvent<T>>>;
  create<T extends KubernetesObject>(type: ResourceType, object: T, options?: CallOptions): Promise<T>;
  /** PUT; refused with a conflict unless the object's resourceVersion is the stored one. */
  replace<T extends KubernetesObject>(type: ResourceType, object: T, options?: CallOptions): Promise<T>;
  /** Server-side apply under the client's field manager. */
  apply<T extends KubernetesObject>(type: ResourceType, object: T, options?: ApplyOptions): Promise<T>;
  /** Server-side apply of `/status` under a field manager of its own, `<fieldManager>-status`. */
  applyStatus<T extends KubernetesObject>(type: ResourceType, object: T, options?: ApplyOptions): Promise<T>;
  patch<T extends KubernetesObject>(
    type: ResourceType,
    key: ObjectKey,
    body: PatchBody,
    options?: PatchOptions,
  ): Promise<T>;
  /** False if there was no such object. */
  delete(type: ResourceType, key: ObjectKey, options?: DeleteOptions): Promise<boolean>;
  /** POST to a subresource, e.g. `token` of a ServiceAccount; the answer is the subresource's object. */
  createSubresource<T>(
    type: ResourceType,
    key: ObjectKey,
    subresource: { readonly name: string; readonly body: unknown },
    options?: CallOptions,
  ): Promise<T>;
}

export interface ApiClientDeps {
  readonly transport: ApiTransport;
  readonly clock: Pick<Clock, 'now'>;
  /** Name under which writes are recorded in managedFields, e.g. `millrace`. */
  readonly fieldManager: string;
}

export function createApiClient(deps: ApiClientDeps): ApiClient {
  return new TransportClient(deps);
}

class TransportClient implements ApiClient {
  readonly #deps: ApiClientDeps;

  constructor(deps: ApiClientDeps) {
    this.#deps = deps;
  }

  get<T extends KubernetesObject>(type: ResourceType, key: ObjectKey, options: CallOptions = {}): Promise<T> {
    return this.#object(subjectOf('get', type, key), {
      ...options,
      method: 'GET',
      path: objectPath(type, key),
    });
  }

  async find<T extends KubernetesObject>(
    type: ResourceType,
    key: ObjectKey,
    options: CallOptions = {},
  ): Promise<T | undefined> {
    try {
      return await this.get<T>(type, key, options);
    } catch (error) {
      if (isNotFound(error)) return undefined;
      throw error;
    }
  }

  async list<T extends KubernetesObject>(
    type: ResourceType,
    options: ListOptions = {},
  ): Promise<ListPage<T>> {
    const { signal, deadlineMs, namespace = '' } = options;
    const subject = subjectOf('list', type, { namespace, name: '' });
    const body = await this.#object<RawList>(subject, {
      ...only({ signal, deadlineMs }),
      method: 'GET',
      path: collectionPath(type, namespace),
      query: only({
        labelSelector: options.labelSelector,
        fieldSelector: options.fieldSelector,
        limit: options.limit?.toString(),
        continue: options.continueFrom,
        resourceVersion: options.resourceVersion,
      }),
    });
    return pageOf(subject, type, body);
  }

  async watch<T extends KubernetesObject>(
    type: ResourceType,
    options: WatchOptions,
  ): Promise<AsyncIterable<WatchEvent<T>>> {
    const { signal, deadlineMs, namespace = '' } = options;
    const stream = await this.#deps.transport.stream({
      ...only({ signal, deadlineMs }),
      method: 'GET',
      path: collectionPath(type, namespace),
      query: only({
        watch: 'true',
        allowWatchBookmarks: 'true',
        resourceVersion: options.resourceVersion,
        timeoutSeconds: String(options.timeoutSeconds),
        labelSelector: options.labelSelector,
        fieldSelector: options.fieldSelector,
      }),
    });
    return readWatchEvents(subjectOf('watch', type, { namespace, name: '' }), stream, this.#deps.clock.now());
  }

  create<T extends KubernetesObject>(type: ResourceType, object: T, options: CallOptions = {}): Promise<T> {
    return this.#object(subjectOf('create', type, keyOf(object)), {
      ...options,
      method: 'POST',
      path: collectionPath(type, keyOf(object).namespace),
      query: this.#writeQuery,
      body: typed(type, object),
    });
  }

  replace<T extends KubernetesObject>(type: ResourceType, object: T, options: CallOptions = {}): Promise<T> {
    return this.#object(subjectOf('replace', type, keyOf(object)), {
      ...options,
      method: 'PUT',
      path: objectPath(type, keyOf(object)),
      query: this.#writeQuery,
      body: typed(type, object),
    });
  }

  apply<T extends KubernetesObject>(type: ResourceType, object: T, options: ApplyOptions = {}): Promise<T> {
    return this.#apply({ type, subresource: '', fieldManager: this.#deps.fieldManager }, object, options);
  }

  applyStatus<T extends KubernetesObject>(
    type: ResourceType,
    object: T,
    options: ApplyOptions = {},
  ): Promise<T> {
    const fieldManager = `${this.#deps.fieldManager}-status`;
    return this.#apply({ type, subresource: 'status', fieldManager }, object, options);
  }

  patch<T extends KubernetesObject>(
    type: ResourceType,
    key: ObjectKey,
    body: PatchBody,
    { subresource = '', ...options }: PatchOptions = {},
  ): Promise<T> {
    return this.#object(subjectOf('patch', type, key), {
      ...options,
      method: 'PATCH',
      path: objectPath(type, key, subresource),
      query: this.#writeQuery,
      headers: { 'content-type': patchContentTypes[body.kind] },
      body: body.kind === 'merge' ? body.patch : body.operations,
    });
  }

  async delete(type: ResourceType, key: ObjectKey, options: DeleteOptions = {}): Promise<boolean> {
    const { propagation = 'Background', uid, resourceVersion, gracePeriodSeconds, ...rest } = options;
    const body = {
      apiVersion: 'v1',
      kind: 'DeleteOptions',
      propagationPolicy: propagation,
      ...only({ gracePeriodSeconds }),
      preconditions: only({ uid, resourceVersion }),
    };
    try {
      await this.#call(subjectOf('delete', type, key), {
        ...rest,
        method: 'DELETE',
        path: objectPath(type, key),
        body,
      });
      return true;
    } catch (error) {
      if (isNotFound(error)) return false;
      throw error;
    }
  }

  createSubresource<T>(
    type: ResourceType,
    key: ObjectKey,
    { name, body }: { readonly name: string; readonly body: unknown },
    options: CallOptions = {},
  ): Promise<T> {
    return this.#object(subjectOf(`create ${name} of`, type, key), {
      ...options,
      method: 'POST',
      path: objectPath(type, key, name),
      body,
    });
  }

  get #writeQuery() {
    return { fieldManager: this.#deps.fieldManager, fieldValidation: 'Strict' };
  }

  #apply<T extends KubernetesObject>(
    target: { readonly type: ResourceType; readonly subresource: string; readonly fieldManager: string },
    object: T,
    { force = true, ...options }: ApplyOptions,
  ): Promise<T> {
    const { type, subresource, fieldManager } = target;
    const verb = subresource === '' ? 'apply' : `apply ${subresource} of`;
    return this.#object(subjectOf(verb, type, keyOf(object)), {
      ...options,
      method: 'PATCH',
      path: objectPath(type, keyOf(object), subresource),
      query: { fieldManager, force: String(force), fieldValidation: 'Strict' },
      headers: { 'content-type': patchContentTypes.apply },
      body: typed(type, object),
    });
  }

  async #object<T>(subject: string, request: ApiRequest): Promise<T> {
    const body = await this.#call(subject, request);
    if (!isJsonObject(body)) throw notWhatWasAsked(subject, 'a JSON object');
    return body as T;
  }

  /** The body of a 2xx answer; throws on any other. */
  async #call(subject: string, request: ApiRequest): Promise<unknown> {
    const answer = await this.#deps.transport.request(request);
    if (answer.status >= 300) throw errorOfAnswer(subject, answer, this.#deps.clock.now());
    return answer.body;
  }
}

interface RawList {
  readonly metadata?: { readonly resourceVersion?: string; readonly continue?: string };
  /** Null where a server encodes an empty list so. */
  readonly items?: readonly unknown[] | null;
}

/** Whoever takes this for a list believes that what is not in it is gone: anything that is none is refused. */
function pageOf<T extends KubernetesObject>(subject: string, type: ResourceType, body: RawList): ListPage<T> {
  const { resourceVersion = '', continue: next = '' } = body.metadata ?? {};
  if (body.items === undefined || resourceVersion === '') throw notWhatWasAsked(subject, 'a list');
  return {
    items: (body.items ?? []).map((item) => typed(type, item as T)),
    resourceVersion,
    ...(next === '' ? {} : { continueFrom: next }),
  };
}

/** The items of a list come without their type, and builders need not repeat it. */
function typed<T extends KubernetesObject>(type: ResourceType, object: T): T {
  return { ...object, apiVersion: apiVersionOf(type), kind: type.kind };
}

/** E.g. `apply jobs.batch acme/web-1`. */
function subjectOf(verb: string, type: ResourceType, key: ObjectKey): string {
  const resource = type.group === '' ? type.plural : `${type.plural}.${type.group}`;
  const where = key.name === '' ? key.namespace && `in ${key.namespace}` : formatKey(key);
  return `${verb} ${resource} ${where}`.trim();
}

function notWhatWasAsked(subject: string, what: string): TransientError {
  const message = `${subject}: the Kubernetes API sent something other than ${what}; is there a proxy in between?`;
  return new TransientError({ reason: apiReasons.unavailable, message });
}

/** Leaves out what is undefined. */
function only<T extends object>(fields: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]: Exclude<T[K], undefined>;
  };
}
