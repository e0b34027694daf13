import { Agent, ProxyAgent, type Dispatcher } from 'undici';
import type { Clock } from '../../lib/clock.ts';
import { TerminalError, TransientError } from '../../lib/errors.ts';
import { apiReasons } from './api-error.ts';
import type { ClusterAccess, Connection } from './cluster-access.ts';
import { withDeadline } from './deadline.ts';
import { limitedLines, readLimited } from './read-limited.ts';
import type { ApiRequest, ApiResponse, ApiStream, ApiTransport } from './transport.ts';

export interface HttpTransportDeps {
  readonly access: ClusterAccess;
  readonly clock: Clock;
  /** Name and version, e.g. `millrace/0.1.0`. */
  readonly userAgent: string;
  /** For a call that names none. Default 30 s. */
  readonly deadlineMs?: number;
}

export interface HttpTransport extends ApiTransport {
  /** Closes all connections; calls under way fail. */
  close(): Promise<void>;
}

/** A LIST page of 500 objects stays far below; what is above would not fit the operator's memory. */
const MAX_BODY_BYTES = 128 * 2 ** 20;
/** An object is at most 1.5 MiB in etcd by default; as JSON it may be somewhat more. */
const MAX_LINE_BYTES = 16 * 2 ** 20;
/** Calls share so many connections; watches, which each hold one for minutes, have an agent of their own. */
const CALL_CONNECTIONS = 32;

interface Agents {
  /** Which TLS material they were made with. */
  readonly connection: Connection;
  readonly calls: Dispatcher;
  readonly watches: Dispatcher;
}

/**
 * HTTP/1.1 over connections that are kept: client-node makes an agent, and so a TLS handshake, for each call. Without
 * HTTP/2, since one lost packet or one dead connection would then stall all watches at once.
 */
export function createHttpTransport(deps: HttpTransportDeps): HttpTransport {
  let agents: Agents | undefined;

  function agentsFor(connection: Connection): Agents {
    if (agents !== undefined && sameConnection(agents.connection, connection)) return agents;
    const old = agents;
    agents = {
      connection,
      calls: createAgent(connection, { connections: CALL_CONNECTIONS }),
      watches: createAgent(connection, {}),
    };
    void old?.calls.close();
    void old?.watches.close();
    return agents;
  }

  async function send(request: ApiRequest, kind: 'calls' | 'watches', signal: AbortSignal) {
    const first = await attempt(request, kind, signal);
    if (first.statusCode !== 401 || !(await deps.access.refresh())) return first;
    await first.body.dump();
    return attempt(request, kind, signal);
  }

  async function attempt(request: ApiRequest, kind: 'calls' | 'watches', signal: AbortSignal) {
    const connection = await deps.access.connection();
    const hasBody = request.body !== undefined;
    return agentsFor(connection)[kind].request({
      origin: new URL(deps.access.server).origin,
      path: pathOf(deps.access.server, request),
      method: request.method,
      headers: {
        accept: 'application/json',
        'user-agent': deps.userAgent,
        ...(hasBody ? { 'content-type': 'application/json' } : {}),
        ...request.headers,
        ...connection.headers,
      },
      body: hasBody ? JSON.stringify(request.body) : null,
      signal,
      headersTimeout: 0,
      bodyTimeout: 0,
    });
  }

  function deadlineOf(request: ApiRequest) {
    const ms = request.deadlineMs ?? deps.deadlineMs ?? 30_000;
    const error = () =>
      unavailable(deps.access.server, `no answer to ${request.method} ${request.path} within ${ms} ms`);
    return { ms, clock: deps.clock, signal: request.signal, error };
  }

  return {
    request: (request) =>
      withDeadline(deadlineOf(request), async (signal) => {
        try {
          return await readAnswer(await send(request, 'calls', signal));
        } catch (error) {
          throw foreignError(deps.access.server, error, signal);
        }
      }),
    stream: (request) =>
      openStream(request, deadlineOf(request), (signal) => send(request, 'watches', signal)),
    close: async () => {
      await Promise.all([agents?.calls.destroy(), agents?.watches.destroy()]);
      agents = undefined;
    },
  };

  /** The deadline holds for the head; the signal for the whole of it. */
  async function openStream(
    request: ApiRequest,
    deadline: ReturnType<typeof deadlineOf>,
    open: (signal: AbortSignal) => Promise<Dispatcher.ResponseData>,
  ): Promise<ApiStream> {
    const whole = new AbortController();
    const abort = (): void => whole.abort(request.signal?.reason);
    request.signal?.addEventListener('abort', abort, { once: true });
    const release = (): void => request.signal?.removeEventListener('abort', abort);
    try {
      const response = await withDeadline(deadline, (head) => {
        const giveUp = (): void => whole.abort(head.reason);
        head.addEventListener('abort', giveUp, { once: true });
        return open(whole.signal).finally(() => head.removeEventListener('abort', giveUp));
      });
      return {
        status: response.statusCode,
        headers: headersOf(response),
        lines: linesOf(response, { server: deps.access.server, signal: whole.signal, release }),
      };
    } catch (error) {
      release();
      throw foreignError(deps.access.server, error, whole.signal);
    }
  }
}

function createAgent(connection: Connection, options: { readonly connections?: number }): Dispatcher {
  const shared = { ...options, allowH2: false, keepAliveTimeout: 30_000 };
  if (connection.proxy !== undefined) {
    return new ProxyAgent({ ...shared, uri: connection.proxy, requestTls: { ...connection.connect } });
  }
  return new Agent({
    ...shared,
    connect: { keepAliveInitialDelay: 30_000, timeout: 10_000, ...connection.connect },
  });
}

function sameConnection(a: Connection, b: Connection): boolean {
  const parts = ['ca', 'cert', 'key', 'servername', 'rejectUnauthorized', 'socketPath'] as const;
  return a.proxy === b.proxy && parts.every((part) => String(a.connect[part]) === String(b.connect[part]));
}

function pathOf(server: string, request: ApiRequest): string {
  const prefix = new URL(server).pathname.replace(/\/$/, '');
  const query = new URLSearchParams(request.query).toString();
  return `${prefix}${request.path}${query === '' ? '' : `?${query}`}`;
}

async function readAnswer(response: Dispatcher.ResponseData): Promise<ApiResponse> {
  const text = await readLimited(response.body, MAX_BODY_BYTES);
  const headers = headersOf(response);
  return { status: response.statusCode, headers, body: parseBody(text, headers['content-type']) };
}

function parseBody(text: string, contentType = ''): unknown {
  if (text === '') return undefined;
  return contentType.includes('json') ? (JSON.parse(text) as unknown) : text;
}

function headersOf(response: Dispatcher.ResponseData): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(response.headers)) {
    if (value !== undefined) headers[name] = Array.isArray(value) ? value.join(', ') : value;
  }
  return headers;
}

interface OpenStream {
  readonly server: string;
  readonly signal: AbortSignal;
  readonly release: () => void;
}

async function* linesOf(response: Dispatcher.ResponseData, stream: OpenStream): AsyncGenerator<string> {
  const refused = response.statusCode >= 300;
  try {
    if (refused) yield await readLimited(response.body, MAX_LINE_BYTES);
    else yield* limitedLines(response.body, MAX_LINE_BYTES);
  } catch (error) {
    throw foreignError(stream.server, error, stream.signal);
  } finally {
    stream.release();
    response.body.destroy();
  }
}

/** An abort stays what it is; errors of ours too; all else means that no whole answer came. */
function foreignError(server: string, error: unknown, signal: AbortSignal): unknown {
  if (signal.aborted) return signal.reason;
  if (error instanceof TransientError || error instanceof TerminalError) return error;
  return unavailable(server, describe(error), error);
}

function unavailable(server: string, what: string, cause?: unknown): TransientError {
  const message = `the Kubernetes API at ${new URL(server).host} cannot be reached: ${what}`;
  return new TransientError({ reason: apiReasons.unavailable, message, cause });
}

/** The code of a connection error is more telling, and more stable, than its text. */
function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  return code === '' ? error.message : `${code}${error.message === '' ? '' : ` (${error.message})`}`;
}
