import { randomBytes, randomUUID } from 'node:crypto';
import { systemClock } from '../lib/clock.ts';
import { createLogger } from '../lib/log.ts';
import { createMetrics } from '../lib/metrics.ts';
import { createRedactor } from '../lib/redact.ts';
import { loadOperatorConfig } from './config.ts';
import { createManager } from './manager.ts';
import { loadClusterAccess } from './runtime/cluster-access.ts';
import { startHealthServer } from './runtime/health.ts';
import { createHttpTransport } from './runtime/http-transport.ts';
import { createMeteredTransport } from './runtime/metered-transport.ts';
import { createRetryingTransport } from './runtime/retrying-transport.ts';
import { createRuntimeMetrics } from './runtime/runtime-metrics.ts';

/** The control plane process: `node operator/main.ts`. Ends with 0 when asked to stop, with 1 when it lost its lease. */
async function main(env: NodeJS.ProcessEnv): Promise<number> {
  const { redact } = createRedactor();
  const write = (line: string) => process.stdout.write(`${line}\n`);
  const log = createLogger({ clock: systemClock, write, redact });
  const config = loadOperatorConfig(env);
  const clock = systemClock;
  const random = Math.random;
  const metrics = createMetrics({ process: true });
  const runtimeMetrics = createRuntimeMetrics(metrics, 'millrace');
  const access = await loadClusterAccess({
    clock,
    ...(config.kubeconfig === undefined ? {} : { path: config.kubeconfig }),
  });
  const http = createHttpTransport({ access, clock, userAgent: 'millrace-operator' });
  const host = new URL(access.server).host;
  const leaseTransport = createMeteredTransport(http, { clock, metrics: runtimeMetrics, host });
  const manager = createManager(
    {
      namespace: config.namespace ?? access.namespace,
      watchNamespaces: config.watchNamespaces,
      identity: `${config.hostName}-${randomBytes(4).toString('hex')}`,
      leaderElection: config.leaderElection,
      worker: {
        image: config.workerImage,
        ...(config.workerImagePullPolicy === undefined
          ? {}
          : { imagePullPolicy: config.workerImagePullPolicy }),
      },
    },
    {
      transport: createRetryingTransport(leaseTransport, { clock, random }),
      leaseTransport,
      clock,
      random,
      newId: randomUUID,
      log,
      metrics: runtimeMetrics,
      redact,
    },
  );
  const stop = new AbortController();
  for (const name of ['SIGTERM', 'SIGINT'] as const) {
    process.once(name, () => stop.abort(new Error(`stopped by ${name}`)));
  }
  const health = await startHealthServer({ port: config.port }, { checks: manager.readiness, metrics });
  log.info('started', { server: access.server, port: health.port });
  try {
    return (await manager.run(stop.signal)) === 'stopped' ? 0 : 1;
  } finally {
    await health.close();
    await http.close();
  }
}

process.exitCode = await main(process.env);
