import { Readable } from 'node:stream';
import { Agent, ProxyAgent, type Dispatcher } from 'undici';
import type { Clock } from '../../lib/clock.ts';
import { TerminalError, TransientError } from '../../lib/errors.ts';
import { apiReasons } from './api-error.ts';
import type { ClusterAccess, Connection } from './cluster-access.ts';
import { orAbort, withDeadline, type Deadline } from './deadline.ts';
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
/** Calls share so many. */
const CALL_CONNECTIONS = 32;

/**
 * Connections of their own: watches, so that they never wait for calls, nor calls for them; and leases, so that a leader
 * whose other calls all hang can still renew.
 */
const lanes = ['calls', 'leases', 'watches'] as const;
type Lane = (typeof lanes)[number];

interface Agents extends Readonly<Record<Lane, Dispatcher>> {
  /** Which TLS material they were made with. */
  readonly connection: Connection;
}

/**
 * HTTP/1.1 over connections that are kept: client-node makes an agent, and so a TLS handshake, for each call. Without
 * HTTP/2, since one lost packet or one dead connection would then stall all watches at once.
 */
export function createHttpTransport(deps: HttpTransportDeps): HttpTransport {
  return new UndiciTransport(deps);
}

class UndiciTransport implements HttpTransport {
  readonly #deps: HttpTransportDeps;
  #agents: Agents | undefined;

  constructor(deps: HttpTransportDeps) {
    this.#deps = deps;
  }

  request(request: ApiRequest): Promise<ApiResponse> {
    return withDeadline(this.#deadlineOf(request), async (signal) => {
      try {
        return await readAnswer(await this.#send(request, laneOf(request), signal));
      } catch (error) {
        throw foreignError(this.#deps.access.server, error, signal);
      }
    });
  }

  /** The deadline holds for the head; the signal for the whole of it. */
  async stream(request: ApiRequest): Promise<ApiStream> {
    const { server } = this.#deps.access;
    const whole = new AbortController();
    const abort = (): void => whole.abort(request.signal?.reason);
    request.signal?.addEventListener('abort', abort, { once: true });
    const release = (): void => request.signal?.removeEventListener('abort', abort);
    try {
      const response = await withDeadline(this.#deadlineOf(request), (head) => {
        const giveUp = (): void => whole.abort(head.reason);
        head.addEventListener('abort', giveUp, { once: true });
        return this.#send(request, 'watches', whole.signal).finally(() =>
          head.removeEventListener('abort', giveUp),
        );
      });
      const lines = linesOf(response, { server, signal: whole.signal, release });
      return { status: response.statusCode, headers: headersOf(response), lines };
    } catch (error) {
      release();
      throw foreignError(server, error, whole.signal);
    }
  }

  async close(): Promise<void> {
    const agents = this.#agents;
    this.#agents = undefined;
    await Promise.all(lanes.map(async (lane) => await agents?.[lane].destroy()));
  }

  /** Once more, with credentials read anew, where the server does not accept the ones it got. */
  async #send(request: ApiRequest, lane: Lane, signal: AbortSignal): Promise<Dispatcher.ResponseData> {
    const first = await this.#attempt(request, lane, signal);
    if (first.statusCode !== 401 || !(await this.#deps.access.refresh())) return first;
    await first.body.dump();
    return this.#attempt(request, lane, signal);
  }

  async #attempt(request: ApiRequest, lane: Lane, signal: AbortSignal): Promise<Dispatcher.ResponseData> {
    const { access, userAgent } = this.#deps;
    // A plugin that gives credentials may hang; no call may hang with it.
    const connection = await orAbort(access.connection(), signal);
    const body = bodyOf(request);
    return this.#agentsFor(connection)[lane].request({
      origin: new URL(access.server).origin,
      path: pathOf(access.server, request),
      method: request.method,
      headers: {
        accept: 'application/json',
        'user-agent': userAgent,
        ...body?.headers,
        ...request.headers,
        ...connection.headers,
      },
      body: body?.content ?? null,
      signal,
      headersTimeout: 0,
      bodyTimeout: 0,
    });
  }

  /** New ones when the certificates have changed; calls under way end on the old ones. */
  #agentsFor(connection: Connection): Agents {
    if (this.#agents !== undefined && sameConnection(this.#agents.connection, connection))
      return this.#agents;
    for (const lane of lanes) void this.#agents?.[lane].close();
    this.#agents = {
      connection,
      calls: createAgent(connection, { connections: CALL_CONNECTIONS }),
      leases: createAgent(connection, { connections: 2 }),
      watches: createAgent(connection, {}),
    };
    return this.#agents;
  }

  #deadlineOf(request: ApiRequest): Deadline {
    const { access, clock, deadlineMs } = this.#deps;
    const ms = request.deadlineMs ?? deadlineMs ?? 30_000;
    const what = `no answer to ${request.method} ${request.path} within ${ms} ms`;
    return { ms, clock, signal: request.signal, error: () => unavailable(access.server, what) };
  }
}

function laneOf({ path }: ApiRequest): Lane {
  return path.startsWith('/apis/coordination.k8s.io/') ? 'leases' : 'calls';
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

interface Body {
  readonly headers: Readonly<Record<string, string>>;
  readonly content: string | Readable;
}

/** With a guard, a body that asks it when undici takes the first byte: no byte of the call is on the wire before that. */
function bodyOf({ body, guard, method }: ApiRequest): Body | undefined {
  if (body === undefined && (guard === undefined || method === 'GET')) return undefined;
  const text = body === undefined ? '' : JSON.stringify(body);
  const headers = { 'content-type': 'application/json', 'content-length': String(Buffer.byteLength(text)) };
  return { headers, content: guard === undefined ? text : Readable.from(guarded(text, guard)) };
}

async function* guarded(text: string, guard: () => void): AsyncGenerator<Uint8Array> {
  guard();
  yield Buffer.from(text);
}

async function readAnswer(response: Dispatcher.ResponseData): Promise<ApiResponse> {
  const text = await readLimited(response.body, MAX_BODY_BYTES);
  const headers = headersOf(response);
  return { status: response.statusCode, headers, body: parseBody(text, headers['content-type']) };
}

function parseBody(text: string, contentType = ''): unknown {
  if (text === '') return undefined;
  if (!contentType.includes('json')) return text;
  try {
    return JSON.parse(text) as unknown;
  } catch {
    // The parser's own words quote the text, and that may be a Secret's.
    throw new Error(`the answer of ${text.length} characters is cut short, or is no JSON`);
  }
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
