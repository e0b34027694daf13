import type { S3Client } from '@aws-sdk/client-s3';
import type { STSClient } from '@aws-sdk/client-sts';

/** Told of every request to S3, or to STS, that was answered or failed, those that the SDK repeats by itself among them. */
export interface RequestObserver {
  answered(request: ObservedRequest): void;
  /** Bytes of bodies that have arrived. */
  received(bytes: number): void;
}

export interface ObservedRequest {
  /** As AWS names it, e.g. `GetObject`. */
  readonly operation: string;
  /** The HTTP status, or `none` where no answer came. */
  readonly code: string;
  /** Until the answer began. */
  readonly seconds: number;
  /** Not the first try of its call. */
  readonly repeated: boolean;
}

/** Has the client tell the observer. */
export function observeRequests(
  { middlewareStack }: S3Client | STSClient,
  observer: RequestObserver,
  now: () => number,
): void {
  (middlewareStack as S3Client['middlewareStack']).add(
    (next, context) => async (args) => {
      const begun = now();
      const tell = (code: string): void => {
        const operation = (context.commandName ?? 'Unknown').replace(/Command$/, '');
        observer.answered({
          operation,
          code,
          seconds: (now() - begun) / 1000,
          repeated: isRepeated(args.request),
        });
      };
      try {
        const result = await next(args);
        tell(statusOf(result.response) ?? '200');
        return result;
      } catch (error) {
        tell(statusOf((error as { readonly $response?: unknown }).$response) ?? 'none');
        throw error;
      }
    },
    // Around what reads the answer: an error of the store is told apart from none.
    { step: 'deserialize', name: 'millraceObserver', priority: 'high' },
  );
}

/** The SDK numbers its tries: `attempt=2; max=3`. */
function isRepeated(request: unknown): boolean {
  const { headers } = request as { readonly headers?: Readonly<Record<string, string>> };
  return /attempt=(?!1\b)\d+/.test(headers?.['amz-sdk-request'] ?? '');
}

function statusOf(response: unknown): string | undefined {
  const { statusCode } = (response ?? {}) as { readonly statusCode?: unknown };
  return typeof statusCode === 'number' ? String(statusCode) : undefined;
}
