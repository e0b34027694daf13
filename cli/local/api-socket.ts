import { once } from 'node:events';
import { chmod, rm } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { connect } from 'node:net';
import { join } from 'node:path';
import { TerminalError } from '../../lib/errors.ts';
import type { JsonValue } from '../../lib/json.ts';
import type { HttpMethod } from '../../operator/runtime/transport.ts';
import type { ApiServer } from './api/api-server.ts';

export const socketName = 'api.sock';

export interface ApiSocket {
  readonly path: string;
  close(): Promise<void>;
}

const maxBodyBytes = 4 * 1024 * 1024;

/** The API over a Unix socket that only the user can open, at the paths of a real API server. */
export async function serveApi(api: ApiServer, stateDir: string): Promise<ApiSocket> {
  const path = join(stateDir, socketName);
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
  server.listen(path);
  await once(server, 'listening');
  await chmod(path, 0o600);
  return {
    path,
    close: async () => {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
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
  const url = new URL(request.url ?? '/', 'http://local');
  const gone = new AbortController();
  response.once('close', () => gone.abort());
  const body = await readBody(request);
  const given = api.handle({
    method: (request.method ?? 'GET') as HttpMethod,
    path: url.pathname,
    query: Object.fromEntries(url.searchParams),
    headers: headersOf(request),
    signal: gone.signal,
    ...(body === undefined ? {} : { body }),
  });
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

async function readBody(request: IncomingMessage): Promise<JsonValue | undefined> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > maxBodyBytes) throw new Error('the body of a request is too large');
    chunks.push(chunk);
  }
  return size === 0 ? undefined : (JSON.parse(Buffer.concat(chunks).toString('utf8')) as JsonValue);
}

function headersOf(request: IncomingMessage): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(request.headers).flatMap(([name, value]) =>
      typeof value === 'string' ? [[name, value]] : [],
    ),
  );
}
