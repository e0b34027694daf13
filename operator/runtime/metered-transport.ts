import type { Clock } from '../../lib/clock.ts';
import type { RuntimeMetrics } from './runtime-metrics.ts';
import type { ApiRequest, ApiTransport } from './transport.ts';

export interface MeteredTransportDeps {
  readonly clock: Pick<Clock, 'monotonic'>;
  readonly metrics: Pick<RuntimeMetrics, 'apiRequests' | 'apiSeconds'>;
  /** Host and port of the API server, as a label. */
  readonly host: string;
}

/** Counts and times each call; below the retrying transport, so that each attempt counts. */
export function createMeteredTransport(inner: ApiTransport, deps: MeteredTransportDeps): ApiTransport {
  const { host, metrics } = deps;

  async function metered<T extends { readonly status: number }>(
    request: ApiRequest,
    verb: string,
    call: () => Promise<T>,
  ): Promise<T> {
    const begun = deps.clock.monotonic();
    let code = '<error>';
    try {
      const answer = await call();
      code = String(answer.status);
      return answer;
    } finally {
      metrics.apiRequests.inc({ code, method: request.method, host });
      metrics.apiSeconds.observe({ verb, host }, (deps.clock.monotonic() - begun) / 1000);
    }
  }

  return {
    request: (request) => metered(request, request.method, () => inner.request(request)),
    stream: (request) => metered(request, 'WATCH', () => inner.stream(request)),
  };
}
