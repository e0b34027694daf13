import type { ApiTransport } from './transport.ts';

/**
 * Refuses to write once the guard throws. It is asked at once, and once more when the call is about to go onto the wire: a
 * leader that slept through the end of its lease writes nothing, neither what it begins then nor what waited for a
 * connection meanwhile. Below the retrying transport, so that each attempt is guarded.
 */
export function guardWrites(inner: ApiTransport, guard: () => void): ApiTransport {
  return {
    stream: (request) => inner.stream(request),
    request: async (request) => {
      if (request.method === 'GET') return inner.request(request);
      guard();
      return inner.request({ ...request, guard });
    },
  };
}
