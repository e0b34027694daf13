/**
 * A proxy before a real API server that does to calls what networks, load balancers and servers do: see `faults.ts`.
 * HTTPS on both sides. Whoever comes through it counts as the user of the proxy, who may do all.
 */

import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { Agent, createServer, request as callServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ClusterAccess, Connection } from '../../../operator/runtime/cluster-access.ts';
import type { ControlPlane } from '../control-plane/control-plane.ts';
import type { ApiFault, ProxiedRequest } from './faults.ts';
import { faultyLines, type Emission } from './watch-lines.ts';

export interface ApiProxy {
  readonly url: string;
  readonly access: ClusterAccess;
  readonly kubeconfigPath: string;
  /** All calls that came so far. */
  readonly requests: readonly ProxiedRequest[];
  /** From now on asked for each call; undefined lets it pass. */
  inject(faultFor: (request: ProxiedRequest) => ApiFault | undefined): void;
  /** From now on, and on all connections, no byte passes in either direction, and none is reset. */
  freeze(): void;
  /** What was held goes on, where its connection is still there. */
  thaw(): void;
  /** All connections are reset, and new ones are refused, until `restore`. */
  cut(): Promise<void>;
  restore(): Promise<void>;
  stop(): Promise<void>;
}

export async function startApiProxy(plane: ControlPlane): Promise<ApiProxy> {
  const [cert, key] = await Promise.all(
    ['server.crt', 'server.key'].map((name) => readFile(join(plane.folder, name), 'utf8')),
  );
  const proxy = new FaultyProxy({ cert, key }, new URL(plane.url), (await plane.access.connection()).connect);
  await proxy.listen(0);
  const kubeconfigPath = join(plane.folder, `proxy-${proxy.port}.kubeconfig`);
  const kubeconfig = await readFile(plane.kubeconfigPath, 'utf8');
  await writeFile(kubeconfigPath, kubeconfig.replaceAll(plane.url, proxy.url), { mode: 0o600 });
  return Object.assign(proxy, { kubeconfigPath, access: { ...plane.access, server: proxy.url } });
}

class FaultyProxy {
  readonly requests: ProxiedRequest[] = [];
  readonly #server;
  readonly #upstream: URL;
  readonly #agent: Agent;
  readonly #sockets = new Set<Socket>();
  #port = 0;
  #faultFor: (request: ProxiedRequest) => ApiFault | undefined = () => undefined;
  /** Resolved while bytes pass. */
  #gate = Promise.withResolvers<void>();

  constructor(
    serving: { readonly cert: string | undefined; readonly key: string | undefined },
    upstream: URL,
    connect: Connection['connect'],
  ) {
    this.#upstream = upstream;
    this.#agent = new Agent({ keepAlive: true, maxSockets: 256, ...connect });
    this.#gate.resolve();
    this.#server = createServer({ ...serving, requestTimeout: 0 }, (request, response) => {
      this.#pass(request, response).catch(() => reset(response));
    });
    this.#server.on('connection', (socket: Socket) => {
      this.#sockets.add(socket);
      socket.on('error', () => {});
      socket.once('close', () => this.#sockets.delete(socket));
    });
    this.#server.on('tlsClientError', () => {});
  }

  get port(): number {
    return this.#port;
  }

  get url(): string {
    return `https://127.0.0.1:${this.#port}`;
  }

  async listen(port: number): Promise<void> {
    this.#server.listen(port, '127.0.0.1');
    await once(this.#server, 'listening');
    this.#port = (this.#server.address() as AddressInfo).port;
  }

  inject(faultFor: (request: ProxiedRequest) => ApiFault | undefined): void {
    this.#faultFor = faultFor;
  }

  freeze(): void {
    this.#gate = Promise.withResolvers();
  }

  thaw(): void {
    this.#gate.resolve();
  }

  async cut(): Promise<void> {
    const closed = once(this.#server, 'close');
    this.#server.close();
    for (const socket of this.#sockets) socket.resetAndDestroy();
    await closed;
  }

  async restore(): Promise<void> {
    await this.listen(this.#port);
  }

  async stop(): Promise<void> {
    this.thaw();
    if (this.#server.listening) await this.cut();
    this.#agent.destroy();
  }

  async #pass(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const proxied = describe(request, this.requests.length);
    this.requests.push(proxied);
    const fault = this.#faultFor(proxied);
    const body = await wholeOf(request);
    await this.#gate.promise;
    if (response.destroyed || request.socket.destroyed) return;
    switch (fault?.kind) {
      case 'Answer':
        return answer(response, fault);
      case 'Refuse':
        return reset(response);
      case 'Silence':
        return;
      default: {
        if (fault?.kind === 'Slow') await sleep(fault.ms);
        const reply = await this.#ask(request, body, response);
        if (fault?.kind === 'LoseAnswer') return reset(response);
        response.writeHead(reply.statusCode ?? 502, headersOf(reply));
        // So that a watch without news is open all the same.
        response.flushHeaders();
        await this.#send(emissionsOf(reply, fault), response);
      }
    }
  }

  async #ask(request: IncomingMessage, body: Buffer, response: ServerResponse): Promise<IncomingMessage> {
    const { hostname, port } = this.#upstream;
    const call = callServer({
      hostname,
      port,
      agent: this.#agent,
      method: request.method,
      path: request.url,
      headers: { ...request.headers, host: this.#upstream.host, connection: 'keep-alive' },
    });
    response.once('close', () => call.destroy());
    call.end(body);
    const [reply] = (await once(call, 'response')) as [IncomingMessage];
    // An end that comes too early reaches whoever reads; nobody may be reading.
    reply.on('error', () => {});
    call.on('error', () => {});
    return reply;
  }

  async #send(emissions: AsyncIterable<Emission>, response: ServerResponse): Promise<void> {
    for await (const emission of emissions) {
      await this.#gate.promise;
      if (response.destroyed) return;
      if (emission.kind === 'Send') response.write(emission.text);
      else if (emission.how === 'reset') return reset(response);
      else if (emission.how === 'silence') return;
      else break;
    }
    response.end();
  }
}

function describe(request: IncomingMessage, at: number): ProxiedRequest {
  const { pathname: path, searchParams: query } = new URL(request.url ?? '/', 'https://proxy');
  const method = request.method ?? '';
  return { method, path, query, verb: verbOf(method, path, query), at };
}

function verbOf(method: string, path: string, query: URLSearchParams): ProxiedRequest['verb'] {
  if (method !== 'GET') return 'write';
  if (query.has('watch')) return 'watch';
  // /api/v1[/namespaces/n]/things has an odd number of parts after the version, an object one more.
  const parts = path.replace(/^\/(api|apis\/[^/]+)\/[^/]+\//, '').split('/');
  return parts.length % 2 === 1 ? 'list' : 'get';
}

async function wholeOf(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

function answer(response: ServerResponse, fault: Extract<ApiFault, { kind: 'Answer' }>): void {
  response.writeHead(fault.status, { 'content-type': 'application/json', ...fault.headers });
  response.end(fault.body === undefined ? '' : JSON.stringify(fault.body));
}

/** With an RST, where the connection is still there. */
function reset(response: ServerResponse): void {
  response.socket?.destroy();
}

/** The length is what is sent, in chunks: a body that is cut ends as if it were whole. */
function headersOf(reply: IncomingMessage) {
  const {
    'content-length': _length,
    'transfer-encoding': _encoding,
    connection: _,
    ...headers
  } = reply.headers;
  return headers;
}

async function* emissionsOf(reply: IncomingMessage, fault: ApiFault | undefined): AsyncGenerator<Emission> {
  if (fault?.kind === 'Watch') {
    yield* faultyLines(reply, fault);
    return;
  }
  reply.setEncoding('utf8');
  let sent = 0;
  for await (const chunk of reply) {
    const text = String(chunk);
    if (fault?.kind === 'CutAnswer' && sent + text.length > fault.bytes) {
      yield { kind: 'Send', text: text.slice(0, fault.bytes - sent) };
      yield { kind: 'Stop', how: fault.how };
      return;
    }
    sent += text.length;
    yield* piecesOf(text, fault);
  }
}

async function* piecesOf(text: string, fault: ApiFault | undefined): AsyncGenerator<Emission> {
  const size = fault?.kind === 'Slow' ? (fault.pieceBytes ?? text.length) : text.length;
  for (let from = 0; from < text.length; from += size) {
    yield { kind: 'Send', text: text.slice(from, from + size) };
    if (fault?.kind === 'Slow' && from + size < text.length) await sleep(fault.ms);
  }
}
