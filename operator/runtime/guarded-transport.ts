import type { ApiTransport } from './transport.ts';

/**
 * Refuses to write once the guard throws. Asked right before each write, so that a leader which slept through the end of
 * its lease writes nothing, even before it has been told.
 */
export function guardWrites(inner: ApiTransport, guard: () => void): ApiTransport {
  return {
    stream: (request) => inner.stream(request),
    request: async (request) => {
      if (request.method !== 'GET') guard();
      return inner.request(request);
    },
  };
}
