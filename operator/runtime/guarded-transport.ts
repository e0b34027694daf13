import type { Clock } from '../../lib/clock.ts';
import { TransientError } from '../../lib/errors.ts';
import { withDeadline } from './deadline.ts';
import { LEADERSHIP_LOST } from './leader-elector.ts';
import type { ApiTransport } from './transport.ts';

export interface GuardDeps {
  /** Of the lease, see `Leadership`. */
  readonly remainingMs: () => number;
  readonly clock: Pick<Clock, 'sleep'>;
}

/** A lease without an end is looked at so often all the same. */
const longestLookMs = 30_000;

/**
 * Lets only a leader write, for as long as nobody else can lead. A write is refused when it begins and again when it is
 * about to go onto the wire, so that a leader which slept through the end of its lease sends neither what it begins then
 * nor what waited for a connection meanwhile; and a call whose answer does not come is given up, its connection closed,
 * when the lease ends; a server that is slower than a lease is waited for while that is renewed. Below the retrying
 * transport, so that each attempt is guarded.
 */
export function guardWrites(inner: ApiTransport, { remainingMs, clock }: GuardDeps): ApiTransport {
  const leftMs = (): number => Math.min(longestLookMs, Math.ceil(remainingMs()));

  function guard(): void {
    if (remainingMs() <= 0) throw lost('this process does not lead; nothing is written');
  }

  return {
    stream: (request) => inner.stream(request),
    request: async (request) => {
      if (request.method === 'GET') return inner.request(request);
      guard();
      const error = () => lost(`${request.method} ${request.path} is given up: this process no longer leads`);
      const lease = { ms: leftMs(), more: leftMs, clock, signal: request.signal, error };
      return withDeadline(lease, (signal) => inner.request({ ...request, signal, guard }));
    },
  };
}

function lost(message: string): TransientError {
  return new TransientError({ reason: LEADERSHIP_LOST, message });
}
