import { tellBuild } from '../../lib/build-info.ts';
import { systemClock } from '../../lib/clock.ts';
import { createLogger } from '../../lib/log.ts';
import { createMetrics, type DescribedMetric, type Metrics } from '../../lib/metrics.ts';
import { createManager } from '../../operator/manager.ts';
import { createRuntimeMetrics } from '../../operator/runtime/runtime-metrics.ts';
import type { ApiTransport } from '../../operator/runtime/transport.ts';
import { createWorkerMetrics } from '../../worker/worker-metrics.ts';
import { code, table } from './markdown.ts';

/** `docs/reference/metrics.md`, from the registries of an operator and of a worker that are made and never run. */
export function renderMetricsPage(): string {
  return [
    '<!-- Generated from the registries of operator and worker by `make generate`. Do not edit. -->',
    '# Metrics',
    'The operator serves them at `/metrics` of the port `MILLRACE_PORT` (8080), beside `/livez` and `/readyz`; workers at ' +
      '`/metrics` of the port `MILLRACE_WORKER_METRICS_PORT` of the operator’s environment, if that is set. Both also ' +
      'tell memory, CPU, event loop and garbage collection of their process, as `process_…` and `nodejs_…`.',
    'Labels are bounded: kinds, reasons ([the table](reasons.md)), operations and outcomes are closed lists. Series of ' +
      'single objects carry `namespace` and `name`, and are left out where that would be too many. Metrics of controllers, ' +
      'queues, calls of the API and the lease have the names that controller-runtime and client-go give them, so that ' +
      'dashboards for those fit.',
    '## Operator',
    metricsTable(operatorMetrics()),
    '## Workers',
    'A worker may end between two scrapes: the operator tells what must not be missed, from the ledger.',
    metricsTable(workerMetrics()),
  ].join('\n\n');
}

function operatorMetrics(): Metrics {
  const registry = createMetrics();
  tellBuild(registry);
  const options = {
    namespace: '',
    watchNamespaces: [],
    identity: '',
    leaderElection: true,
    worker: { image: '' },
    identityPolicy: { allowsAmbient: false, trustedEndpoints: [] },
  };
  const redact = (text: string): string => text;
  createManager(options, {
    transport: noTransport,
    clock: systemClock,
    random: () => 0,
    newId: () => '',
    log: createLogger({ clock: systemClock, write: () => {}, redact }),
    metrics: createRuntimeMetrics(registry, 'millrace'),
    registry,
    redact,
  });
  return registry;
}

const refuse = () => Promise.reject(new Error('nothing runs here'));
const noTransport: ApiTransport = { request: refuse, stream: refuse };

function workerMetrics(): Metrics {
  const registry = createMetrics();
  tellBuild(registry);
  createWorkerMetrics(registry);
  return registry;
}

function metricsTable(metrics: Metrics): string {
  return table(['Metric', 'Type', 'Labels', 'Meaning'], metrics.describe().map(metricRow));
}

function metricRow({ name, kind, labels, help }: DescribedMetric): readonly string[] {
  return [code(name), kind, labels.map(code).join(', '), help.replaceAll('<', '\\<')];
}
