import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { messageOf } from '../../lib/errors.ts';
import type { Metrics } from '../../lib/metrics.ts';

/** Undefined when all is well, else what is not, in a few words. Must be quick and must not throw. */
export type ReadinessCheck = () => string | undefined;

export interface HealthOptions {
  /** Default: all addresses, as probes come from the node. */
  readonly host?: string;
  /** 0 takes a free one. */
  readonly port: number;
}

export interface HealthDeps {
  readonly checks: Readonly<Record<string, ReadinessCheck>>;
  readonly metrics: Pick<Metrics, 'render' | 'contentType'>;
}

export interface HealthServer {
  readonly port: number;
  close(): Promise<void>;
}

interface Page {
  readonly status: number;
  readonly type: string;
  readonly text: string;
}

/**
 * - `/livez`: 200 whenever it can answer at all. A process whose event loop stands still cannot, the probe runs into its
 *   time limit, and a restart is the cure. Nothing else belongs here: no restart mends an API server or a database.
 * - `/readyz`: 200, or 503 with the checks that fail, one a line.
 * - `/metrics`: for Prometheus.
 */
export async function startHealthServer(options: HealthOptions, deps: HealthDeps): Promise<HealthServer> {
  const server = createServer({ requestTimeout: 10_000 }, (request, response) => {
    void answer(request, response, deps);
  });
  server.listen({ port: options.port, ...(options.host === undefined ? {} : { host: options.host }) });
  await once(server, 'listening');
  // Null only for a server that is not listening, or that listens on a pipe.
  const { port } = server.address() as AddressInfo;
  return {
    port,
    close: async () => {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

async function answer(request: IncomingMessage, response: ServerResponse, deps: HealthDeps): Promise<void> {
  const page = await pageFor(request, deps).catch((error: unknown) => plain(500, messageOf(error)));
  response.writeHead(page.status, { 'content-type': page.type, 'cache-control': 'no-store' });
  response.end(request.method === 'HEAD' ? '' : page.text);
}

async function pageFor(request: IncomingMessage, deps: HealthDeps): Promise<Page> {
  if (request.method !== 'GET' && request.method !== 'HEAD') return plain(405, 'only GET and HEAD');
  const path = (request.url ?? '').split('?', 1)[0];
  switch (path) {
    case '/livez':
      return plain(200, 'ok');
    case '/readyz':
      return readiness(deps.checks);
    case '/metrics':
      return { status: 200, type: deps.metrics.contentType, text: await deps.metrics.render() };
    default:
      return plain(404, 'there are /livez, /readyz and /metrics');
  }
}

function readiness(checks: HealthDeps['checks']): Page {
  const failures = Object.entries(checks).flatMap(([name, check]) => {
    const failure = check();
    return failure === undefined ? [] : [`${name}: ${failure}`];
  });
  return failures.length === 0 ? plain(200, 'ok') : plain(503, failures.join('\n'));
}

function plain(status: number, text: string): Page {
  return { status, type: 'text/plain; charset=utf-8', text: `${text}\n` };
}
