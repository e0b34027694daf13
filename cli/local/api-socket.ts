import { once } from 'node:events';
import { rm } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { connect } from 'node:net';
import { join, relative } from 'node:path';
import { messageOf, TerminalError } from '../../lib/errors.ts';
import type { JsonValue } from '../../lib/json.ts';
import type { HttpMethod } from '../../operator/runtime/transport.ts';
import type { Answer, ApiServer } from './api/api-server.ts';
import { badRequest, StatusError } from './api/status-error.ts';

const socketName = 'api.sock';

export interface ApiSocket {
  readonly path: string;
  close(): Promise<void>;
}

const maxBodyBytes = 4 * 1024 * 1024;

/** The API over a Unix socket that only the user can open, at the paths of a real API server. */
export async function serveApi(api: ApiServer, stateDir: string): Promise<ApiSocket> {
  const path = socketPathOf(stateDir);
  if (await answers(path)) {
    throw new TerminalError({
      reason: 'StateDirInUse',
      message: `Another millrace run uses ${stateDir}. Stop it, or name another folder with --state.`,
    });
  }
  await rm(path, { force: true });
  const server = createServer((request, response) => {
    answer(api, request, response).catch((error: unknown) => response.destroy(error as Error));
  });
  listenPrivately(server, path);
  await once(server, 'listening');
  return {
    path: join(stateDir, socketName),
    close: async () => {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

/** The socket is the user's alone from its first moment: it is made within this call, whatever the folder allows. */
function listenPrivately(server: Server, path: string): void {
  const usual = process.umask(0o177);
  try {
    server.listen(path);
  } finally {
    process.umask(usual);
  }
}

/** The shorter of two ways to name it, since the path of a socket may have some 100 bytes only. */
export function socketPathOf(stateDir: string): string {
  const path = join(stateDir, socketName);
  const near = relative('.', path);
  return near.length < path.length ? near : path;
}

/** A socket that a process left behind when it was killed does not answer. */
async function answers(path: string): Promise<boolean> {
  const socket = connect(path);
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}

async function answer(api: ApiServer, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const gone = new AbortController();
  response.once('close', () => gone.abort());
  const given = await handle(api, request, gone.signal);
  if (given.kind === 'document') {
    response.writeHead(given.status, given.headers);
    response.end(typeof given.body === 'string' ? given.body : JSON.stringify(given.body));
    return;
  }
  response.writeHead(200, { 'content-type': 'application/json' });
  response.flushHeaders();
  for await (const line of given.lines) {
    if (!response.write(`${line}\n`)) await once(response, 'drain', { signal: gone.signal });
  }
  response.end();
}

async function handle(api: ApiServer, request: IncomingMessage, signal: AbortSignal): Promise<Answer> {
  const url = new URL(request.url ?? '/', 'http://local');
  const body = await readBody(request);
  if (body instanceof StatusError) return refusal(body);
  return api.handle({
    method: (request.method ?? 'GET') as HttpMethod,
    path: url.pathname,
    query: Object.fromEntries(url.searchParams),
    headers: headersOf(request),
    signal,
    ...(body === undefined ? {} : { body }),
  });
}

function refusal(error: StatusError): Answer {
  const headers = { 'content-type': 'application/json' };
  return { kind: 'document', status: error.code, headers, body: error.toStatus() };
}

/** A body that is too large or no JSON is a refusal for the client, not an error of the server's. */
async function readBody(request: IncomingMessage): Promise<JsonValue | StatusError | undefined> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size <= maxBodyBytes) chunks.push(chunk);
  }
  if (size === 0) return undefined;
  if (size > maxBodyBytes) {
    const message = `Request entity too large: limit is ${String(maxBodyBytes)}`;
    return new StatusError({ code: 413, reason: 'RequestEntityTooLarge', message });
  }
  try {
    return JSON.parse(Buffer.concat(chunks).toString('utf8')) as JsonValue;
  } catch (error) {
    return badRequest(`error decoding JSON: ${messageOf(error)}`);
  }
}

function headersOf(request: IncomingMessage): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(request.headers).flatMap(([name, value]) =>
      typeof value === 'string' ? [[name, value]] : [],
    ),
  );
}
