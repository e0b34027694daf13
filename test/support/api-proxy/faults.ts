/** What the network or the server does to one call. Data, so that a law can draw it and print it. */
export type ApiFault =
  /** Answered here; the server never sees the call. */
  | {
      readonly kind: 'Answer';
      readonly status: number;
      readonly headers?: Readonly<Record<string, string>>;
      readonly body?: unknown;
    }
  /** The connection is reset before the server sees the call. */
  | { readonly kind: 'Refuse' }
  /** The server does what it is asked, and the connection is reset instead of an answer. */
  | { readonly kind: 'LoseAnswer' }
  /** Half-open: the connection stays, the server never sees the call, and no byte ever comes. */
  | { readonly kind: 'Silence' }
  /** The answer begins so much later, and then comes in pieces of so many bytes, each as much later again. */
  | { readonly kind: 'Slow'; readonly ms: number; readonly pieceBytes?: number }
  /** The body of the answer stops after so many bytes, as if it were whole (`end`) or with a reset. */
  | { readonly kind: 'CutAnswer'; readonly bytes: number; readonly how: 'end' | 'reset' }
  /** So many lines of a watch pass; then this. */
  | { readonly kind: 'Watch'; readonly lines: number; readonly effect: WatchFault };

export type WatchFault =
  /** The stream ends as the server ends it. */
  | 'end'
  | 'reset'
  /** The connection stays, and nothing comes any more. */
  | 'silence'
  /** Half of the next line, then the end. */
  | 'truncate'
  /** An ERROR event: 410, the version is too old. */
  | 'expired'
  /** An ERROR event: 500. */
  | 'error'
  /** A line that is no JSON. */
  | 'garbage'
  /** The next line comes twice. */
  | 'duplicate'
  /** The next two lines come in the other order. */
  | 'swap'
  /** After the next line, all that came before it come again. */
  | 'replay';

export interface ProxiedRequest {
  readonly method: string;
  /** Without the query. */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly verb: 'list' | 'watch' | 'get' | 'write';
  /** Of calls that reached the proxy, from 0. */
  readonly at: number;
}

export const tooOld: ApiFault = {
  kind: 'Answer',
  status: 410,
  body: {
    kind: 'Status',
    apiVersion: 'v1',
    status: 'Failure',
    reason: 'Expired',
    code: 410,
    message: 'too old',
  },
};

export function tooBusy(retryAfterSeconds: number): ApiFault {
  return {
    kind: 'Answer',
    status: 429,
    headers: { 'retry-after': String(retryAfterSeconds) },
    body: {
      kind: 'Status',
      apiVersion: 'v1',
      status: 'Failure',
      reason: 'TooManyRequests',
      code: 429,
      message: 'too many requests, please try again later',
    },
  };
}
