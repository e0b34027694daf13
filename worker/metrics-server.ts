import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { messageOf } from '../lib/errors.ts';
import type { Metrics } from '../lib/metrics.ts';

export interface MetricsServer {
  readonly port: number;
  close(): Promise<void>;
}

/** Serves `/metrics` for Prometheus on all addresses, as scrapes come from elsewhere. Port 0 takes a free one. */
export async function serveMetrics(
  port: number,
  metrics: Pick<Metrics, 'render' | 'contentType'>,
): Promise<MetricsServer> {
  const server = createServer({ requestTimeout: 10_000 }, (request, response) => {
    const isAsked = request.method === 'GET' && request.url?.split('?', 1)[0] === '/metrics';
    const page = isAsked ? metrics.render() : Promise.reject(new Error('there is GET /metrics'));
    void page.then(
      (text) => response.writeHead(200, { 'content-type': metrics.contentType }).end(text),
      (error: unknown) => response.writeHead(isAsked ? 500 : 404).end(`${messageOf(error)}\n`),
    );
  });
  server.listen(port);
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    close: async () => {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}
