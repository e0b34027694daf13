import type { Counter, Gauge, Histogram, Metrics } from '../../lib/metrics.ts';

/** All metrics of the runtime: those of controller-runtime and client-go under their names, so that dashboards fit. */
export interface RuntimeMetrics {
  readonly queueDepth: Gauge<'name'>;
  readonly queueAdds: Counter<'name'>;
  readonly queueRetries: Counter<'name'>;
  readonly queueWaitSeconds: Histogram<'name'>;
  readonly queueWorkSeconds: Histogram<'name'>;
  readonly queueUnfinishedSeconds: Gauge<'name'>;
  readonly queueLongestSeconds: Gauge<'name'>;
  readonly reconciles: Counter<'controller' | 'result'>;
  readonly reconcileErrors: Counter<'controller'>;
  readonly reconcileTerminalErrors: Counter<'controller'>;
  /** Errors that nobody foresaw: what a panic is to controller-runtime. */
  readonly reconcilePanics: Counter<'controller'>;
  /** Passes after which an object is not as its spec says, for a cause that is more than waiting. */
  readonly reconcileFailures: Counter<'controller' | 'reason'>;
  readonly reconcileSeconds: Histogram<'controller'>;
  readonly reconcileWorkers: Gauge<'controller'>;
  readonly reconcileActive: Gauge<'controller'>;
  readonly apiRequests: Counter<'code' | 'method' | 'host'>;
  readonly apiSeconds: Histogram<'verb' | 'host'>;
  readonly leader: Gauge<'name'>;
  readonly watchConnected: Gauge<'resource'>;
  readonly watchLastEvent: Gauge<'resource'>;
  readonly watchRestarts: Counter<'resource' | 'cause'>;
  readonly watchRelists: Counter<'resource'>;
  readonly cacheObjects: Gauge<'resource'>;
  readonly eventsEmitted: Counter<'type' | 'reason'>;
  readonly eventsDropped: Counter<'type' | 'reason'>;
  /** See Metrics.beforeRender. */
  readonly beforeRender: (collect: () => void) => () => void;
}

const QUEUE_BUCKETS = [1e-4, 1e-3, 1e-2, 0.1, 1, 10, 60, 300, 900];
const RECONCILE_BUCKETS = [0.005, 0.025, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300];
const REQUEST_BUCKETS = [0.005, 0.025, 0.1, 0.25, 0.5, 1, 2, 4, 8, 15, 30];

/** @param prefix of the metrics that have no standard name, e.g. `millrace` */
export function createRuntimeMetrics(metrics: Metrics, prefix: string): RuntimeMetrics {
  return {
    ...queueMetrics(metrics),
    ...controllerMetrics(metrics, prefix),
    ...clientMetrics(metrics),
    ...watchMetrics(metrics, prefix),
    beforeRender: (collect) => metrics.beforeRender(collect),
  };
}

function queueMetrics(metrics: Metrics) {
  const labels = ['name'] as const;
  const buckets = QUEUE_BUCKETS;
  return {
    queueDepth: metrics.gauge({ name: 'workqueue_depth', help: 'Keys that wait for a worker', labels }),
    queueAdds: metrics.counter({ name: 'workqueue_adds_total', help: 'Keys put into the queue', labels }),
    queueRetries: metrics.counter({
      name: 'workqueue_retries_total',
      help: 'Keys put back after an error',
      labels,
    }),
    queueWaitSeconds: metrics.histogram({
      name: 'workqueue_queue_duration_seconds',
      help: 'How long keys waited for a worker',
      labels,
      buckets,
    }),
    queueWorkSeconds: metrics.histogram({
      name: 'workqueue_work_duration_seconds',
      help: 'How long keys were worked on',
      labels,
      buckets,
    }),
    queueUnfinishedSeconds: metrics.gauge({
      name: 'workqueue_unfinished_work_seconds',
      help: 'Time spent so far on keys that are being worked on, added up',
      labels,
    }),
    queueLongestSeconds: metrics.gauge({
      name: 'workqueue_longest_running_processor_seconds',
      help: 'Time spent so far on the key that has been worked on longest',
      labels,
    }),
  };
}

function controllerMetrics(metrics: Metrics, prefix: string) {
  const labels = ['controller'] as const;
  return {
    reconciles: metrics.counter({
      name: 'controller_runtime_reconcile_total',
      help: 'Passes by result: success, requeue_after, error, terminal_error, aborted',
      labels: ['controller', 'result'] as const,
    }),
    reconcileErrors: metrics.counter({
      name: 'controller_runtime_reconcile_errors_total',
      help: 'Passes that ended with an error',
      labels,
    }),
    reconcileTerminalErrors: metrics.counter({
      name: 'controller_runtime_terminal_reconcile_errors_total',
      help: 'Passes that ended with an error that is not tried again',
      labels,
    }),
    reconcilePanics: metrics.counter({
      name: 'controller_runtime_reconcile_panics_total',
      help: 'Passes that ended with an error that nobody foresaw',
      labels,
    }),
    reconcileFailures: metrics.counter({
      name: `${prefix}_reconcile_failures_total`,
      help: 'Passes that met something wrong, by reason; those that only wait are not counted',
      labels: ['controller', 'reason'] as const,
    }),
    reconcileSeconds: metrics.histogram({
      name: 'controller_runtime_reconcile_time_seconds',
      help: 'Duration of passes',
      labels,
      buckets: RECONCILE_BUCKETS,
    }),
    reconcileWorkers: metrics.gauge({
      name: 'controller_runtime_max_concurrent_reconciles',
      help: 'Passes that may run at once',
      labels,
    }),
    reconcileActive: metrics.gauge({
      name: 'controller_runtime_active_workers',
      help: 'Passes that are running',
      labels,
    }),
  };
}

function clientMetrics(metrics: Metrics) {
  return {
    apiRequests: metrics.counter({
      name: 'rest_client_requests_total',
      help: 'Calls of the Kubernetes API by answer; <error> if there was none',
      labels: ['code', 'method', 'host'] as const,
    }),
    apiSeconds: metrics.histogram({
      name: 'rest_client_request_duration_seconds',
      help: 'Duration of calls of the Kubernetes API; of watches until their beginning',
      labels: ['verb', 'host'] as const,
      buckets: REQUEST_BUCKETS,
    }),
    leader: metrics.gauge({
      name: 'leader_election_master_status',
      help: '1 in the replica that leads, else 0',
      labels: ['name'] as const,
    }),
  };
}

function watchMetrics(metrics: Metrics, prefix: string) {
  const labels = ['resource'] as const;
  const eventLabels = ['type', 'reason'] as const;
  return {
    watchConnected: metrics.gauge({
      name: `${prefix}_watch_connected`,
      help: 'Watches that are open',
      labels,
    }),
    watchLastEvent: metrics.gauge({
      name: `${prefix}_watch_last_event_timestamp_seconds`,
      help: 'When the API server was last heard; bookmarks count',
      labels,
    }),
    watchRestarts: metrics.counter({
      name: `${prefix}_watch_restarts_total`,
      help: 'Watches that ended, by cause: timeout, idle, expired, error',
      labels: ['resource', 'cause'] as const,
    }),
    watchRelists: metrics.counter({ name: `${prefix}_watch_relists_total`, help: 'Full lists', labels }),
    cacheObjects: metrics.gauge({ name: `${prefix}_cache_objects`, help: 'Objects held in memory', labels }),
    eventsEmitted: metrics.counter({
      name: `${prefix}_events_emitted_total`,
      help: 'Events written, a series counting as often as it was written',
      labels: eventLabels,
    }),
    eventsDropped: metrics.counter({
      name: `${prefix}_events_dropped_total`,
      help: 'Events not written: too many on one object, or refused',
      labels: eventLabels,
    }),
  };
}
