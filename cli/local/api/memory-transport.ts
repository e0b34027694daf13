import { TransientError } from '../../../lib/errors.ts';
import type { JsonValue } from '../../../lib/json.ts';
import type { ApiRequest, ApiTransport } from '../../../operator/runtime/transport.ts';
import type { Answer, ApiServer } from './api-server.ts';

/**
 * Speaks to an API server of the same process. What goes in and out is copied as JSON, so that no caller ever holds,
 * or changes, an object of the server's.
 */
export function createMemoryTransport(server: ApiServer): ApiTransport {
  async function ask(request: ApiRequest): Promise<Answer> {
    request.signal?.throwIfAborted();
    // As over a wire, an answer never comes before the caller's next turn.
    await new Promise<void>((resolve) => setImmediate(resolve));
    request.signal?.throwIfAborted();
    const { body, ...rest } = request;
    return server.handle(body === undefined ? rest : { ...rest, body: copy(body) });
  }
  return {
    async request(request) {
      const answer = await ask(request);
      if (answer.kind === 'watch') {
        throw new TransientError({
          reason: 'ApiServerUnavailable',
          message: 'a watch was asked for as a single answer',
        });
      }
      const { status, headers, body } = answer;
      return { status, headers, body: copy(body) };
    },
    async stream(request) {
      const answer = await ask(request);
      if (answer.kind === 'watch') {
        const lines = untilAborted(answer.lines, request.signal);
        return { status: 200, headers: { 'content-type': 'application/json' }, lines };
      }
      return { status: answer.status, headers: answer.headers, lines: single(JSON.stringify(answer.body)) };
    },
  };
}

function copy(value: unknown): JsonValue {
  return JSON.parse(JSON.stringify(value)) as JsonValue;
}

async function* single(line: string): AsyncGenerator<string> {
  yield line;
}

async function* untilAborted(
  lines: AsyncIterable<string>,
  signal: AbortSignal | undefined,
): AsyncGenerator<string> {
  yield* lines;
  signal?.throwIfAborted();
}
