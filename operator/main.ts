import { randomBytes, randomUUID } from 'node:crypto';
import { tellBuild } from '../lib/build-info.ts';
import { systemClock } from '../lib/clock.ts';
import { createLogger, type Logger } from '../lib/log.ts';
import { createMetrics } from '../lib/metrics.ts';
import { createRedactor } from '../lib/redact.ts';
import { loadOperatorConfig, type OperatorConfig } from './config.ts';
import { createManager, type ManagerOptions } from './manager.ts';
import { loadClusterAccess, type ClusterAccess } from './runtime/cluster-access.ts';
import { startHealthServer } from './runtime/health.ts';
import { createHttpTransport } from './runtime/http-transport.ts';
import { createMeteredTransport } from './runtime/metered-transport.ts';
import { createRuntimeMetrics } from './runtime/runtime-metrics.ts';

/** The control plane process: `node operator/main.ts`. Ends with 0 when asked to stop, with 1 when it lost its lease. */
async function main(env: NodeJS.ProcessEnv): Promise<number> {
  const config = loadOperatorConfig(env);
  const clock = systemClock;
  const { redact } = createRedactor();
  const log = createLogger({ clock, write: (line) => process.stdout.write(`${line}\n`), redact });
  const metrics = createMetrics({ process: true });
  tellBuild(metrics);
  const access = await loadClusterAccess({
    clock,
    ...(config.kubeconfig === undefined ? {} : { path: config.kubeconfig }),
  });
  const http = createHttpTransport({ access, clock, userAgent: 'millrace-operator' });
  const runtimeMetrics = createRuntimeMetrics(metrics, 'millrace');
  const host = new URL(access.server).host;
  const transport = createMeteredTransport(http, { clock, metrics: runtimeMetrics, host });
  const deps = { clock, random: Math.random, newId: randomUUID, log, metrics: runtimeMetrics, redact };
  const manager = createManager(managerOptions(config, access), {
    ...deps,
    transport,
    registry: metrics,
  });
  const health = await startHealthServer({ port: config.port }, { checks: manager.readiness, metrics });
  log.info('started', { server: access.server, port: health.port });
  try {
    return (await manager.run(stopSignal(log))) === 'stopped' ? 0 : 1;
  } finally {
    await health.close();
    await http.close();
  }
}

function managerOptions(config: OperatorConfig, access: ClusterAccess): ManagerOptions {
  return {
    namespace: config.namespace ?? access.namespace,
    watchNamespaces: config.watchNamespaces,
    identity: `${config.hostName}-${randomBytes(4).toString('hex')}`,
    leaderElection: config.leaderElection,
    identityPolicy: {
      allowsAmbient: false,
      trustedEndpoints: config.trustedEndpoints,
    },
    worker: workersOf(config),
  };
}

function workersOf(config: OperatorConfig): ManagerOptions['worker'] {
  const {
    workerImage: image,
    workerImagePullPolicy: imagePullPolicy,
    workerMetricsPort: metricsPort,
  } = config;
  return {
    image,
    ...(imagePullPolicy === undefined ? {} : { imagePullPolicy }),
    ...(metricsPort === undefined ? {} : { metricsPort }),
  };
}

/** Each step of a stop has its own limit; this one is for what nobody foresaw, below the 30 s that a pod has. */
const STOP_LIMIT_MS = 28_000;

/** Kubernetes sends SIGTERM, a person SIGINT. */
function stopSignal(log: Logger): AbortSignal {
  const stop = new AbortController();
  const giveUp = (): void => {
    log.error('did not end in time');
    process.exit(1);
  };
  for (const name of ['SIGTERM', 'SIGINT'] as const) {
    process.once(name, () => {
      setTimeout(giveUp, STOP_LIMIT_MS).unref();
      stop.abort(new Error(`stopped by ${name}`));
    });
  }
  return stop.signal;
}

// Not by an empty event loop: work that was abandoned may still hold it.
process.exit(await main(process.env));
