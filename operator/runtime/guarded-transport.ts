import { TransientError } from '../../lib/errors.ts';
import { LEADERSHIP_LOST } from './leader-elector.ts';
import type { ApiTransport } from './transport.ts';

/** A write that names no deadline of its own has at most so long. */
const WRITE_DEADLINE_MS = 30_000;

/**
 * Lets only a leader write, for as long as nobody else can lead. A write is refused when it begins and again when it is
 * about to go onto the wire, so that a leader which slept through the end of its lease sends neither what it begins then
 * nor what waited for a connection meanwhile; and a call whose answer does not come is given up, its connection closed,
 * when the lease ends. Below the retrying transport, so that each attempt is guarded.
 *
 * @param remainingMs of the lease, see `Leadership`
 */
export function guardWrites(inner: ApiTransport, remainingMs: () => number): ApiTransport {
  function guard(): void {
    if (remainingMs() > 0) return;
    const message = 'this process does not lead; nothing is written';
    throw new TransientError({ reason: LEADERSHIP_LOST, message });
  }

  return {
    stream: (request) => inner.stream(request),
    request: async (request) => {
      if (request.method === 'GET') return inner.request(request);
      guard();
      const deadlineMs = Math.min(request.deadlineMs ?? WRITE_DEADLINE_MS, Math.ceil(remainingMs()));
      return inner.request({ ...request, deadlineMs, guard });
    },
  };
}
