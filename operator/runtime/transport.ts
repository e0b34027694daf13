/**
 * The one door to a Kubernetes API. Everything of the runtime speaks through it, so that the same controllers run
 * against an API server, an API in memory, or either of them behind a fault injector.
 */

export type HttpMethod = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

/** How the body of a PATCH is read. */
export const patchContentTypes = {
  apply: 'application/apply-patch+yaml',
  merge: 'application/merge-patch+json',
  json: 'application/json-patch+json',
} as const;

export interface ApiRequest {
  readonly method: HttpMethod;
  /** Absolute path without query, e.g. `/apis/batch/v1/namespaces/acme/jobs`. Segments are already percent-encoded. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string>>;
  /** Lower-case names. `content-type` decides how a PATCH body is read. */
  readonly headers?: Readonly<Record<string, string>>;
  /** A JSON value; the transport serialises it. */
  readonly body?: unknown;
  /** Milliseconds until the answer must be there; for a stream, until its head must be. Default: the transport's. */
  readonly deadlineMs?: number;
  readonly signal?: AbortSignal;
  /**
   * Asked at the last moment before the call leaves this process, after all waiting for a connection. What it throws is
   * thrown, and the server does not see the call.
   */
  readonly guard?: () => void;
}

export interface ApiResponse {
  readonly status: number;
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string>>;
  /** The parsed JSON body; a string if the server did not send JSON; undefined if the body is empty. */
  readonly body: unknown;
}

export interface ApiStream {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /**
   * One JSON document a line, without the line end. Ends when the server closes the stream; throws TransientError when
   * the connection breaks, the signal's reason when it is aborted. Leaving the loop early closes the stream.
   * If `status` is not 2xx, the one line is the body of the refusal.
   */
  readonly lines: AsyncIterable<string>;
}

/**
 * Resolves with whatever the server answered, 4xx and 5xx too; `api-client.ts` turns those into errors.
 * Throws TransientError if there is no answer (connection, deadline), the signal's reason if it was aborted.
 */
export interface ApiTransport {
  request(request: ApiRequest): Promise<ApiResponse>;
  stream(request: ApiRequest): Promise<ApiStream>;
}
