import type { KubernetesObject, ObjectKey, ResourceType } from './objects.ts';

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

/** `Bookmark` carries only a resourceVersion; `Error` the server's Status (410 when the version is too old). */
export type WatchEvent<T> =
  | { readonly kind: 'Added' | 'Modified' | 'Deleted'; readonly object: T }
  | { readonly kind: 'Bookmark'; readonly resourceVersion: string }
  | { readonly kind: 'Error'; readonly error: Error };

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
  readonly transport: import('./transport.ts').ApiTransport;
  /** Name under which writes are recorded in managedFields, e.g. `millrace`. */
  readonly fieldManager: string;
}
