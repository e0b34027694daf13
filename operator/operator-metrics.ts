import type { Condition } from '../crds/conditions.ts';
import type { S3ImportSource } from '../crds/generated/s3-import-source.ts';
import type { Kind } from '../crds/names.ts';
import type { Metrics } from '../lib/metrics.ts';
import type { ApiClient } from './runtime/api-client.ts';
import { isConflict } from './runtime/api-error.ts';
import type { Job } from './resources/worker-job.ts';
import { keyOf, type KubernetesObject } from './runtime/objects.ts';
import type { Store } from './runtime/store.ts';

/** The copies of our objects; what the metrics say is what stands in their status. */
export interface ObservedObjects {
  readonly S3Connection: Store<Observed>;
  readonly EventStore: Store<Observed>;
  readonly S3ImportSource: Store<S3ImportSource & KubernetesObject>;
}

interface Observed extends KubernetesObject {
  readonly spec: object;
  readonly status: { readonly conditions?: readonly Condition[] };
}

/** Series of single objects are given while there are no more of a kind than this. */
const mostObjects = 1_000;

const bound = `Left out beyond ${mostObjects} objects of a kind`;

/**
 * Gauges of all objects, set from the copies at each scrape. In every replica they say the same, since each has the
 * copies; a dashboard takes their maximum.
 */
export function observeObjects(
  objects: ObservedObjects,
  jobs: Pick<Store<Job>, 'list'>,
  metrics: Metrics,
): void {
  observeResources(objects, metrics);
  observeConditions(objects, metrics);
  observeSources(objects.S3ImportSource, metrics);
  observeWorkers(jobs, metrics);
}

function observeResources(objects: ObservedObjects, metrics: Metrics): void {
  const resources = metrics.gauge({
    name: 'millrace_resources',
    help: 'Objects by what their condition Ready says; its reasons are a closed list',
    labels: ['kind', 'ready', 'reason', 'stalled', 'suspended'] as const,
  });
  metrics.beforeRender(() => {
    resources.reset();
    for (const [kind, store] of Object.entries(objects) as readonly [Kind, Store<Observed>][]) {
      for (const object of store.list()) resources.add(describe(kind, object), 1);
    }
  });
}

function describe(kind: Kind, { spec, status }: Observed) {
  const find = (type: string) => status.conditions?.find((condition) => condition.type === type);
  const ready = find('Ready');
  return {
    kind,
    ready: ready?.status ?? 'Unknown',
    reason: ready?.reason ?? '',
    stalled: String(find('Stalled') !== undefined),
    suspended: String('suspend' in spec && spec.suspend === true),
  };
}

function observeConditions(objects: ObservedObjects, metrics: Metrics): void {
  const conditions = metrics.gauge({
    name: 'millrace_resource_condition',
    help: `1 for what each condition of an object says now. ${bound}`,
    labels: ['kind', 'namespace', 'name', 'type', 'status', 'reason'] as const,
  });
  metrics.beforeRender(() => {
    conditions.reset();
    for (const [kind, store] of Object.entries(objects) as readonly [Kind, Store<Observed>][]) {
      if (store.size > mostObjects) continue;
      for (const object of store.list()) {
        for (const { type, status, reason } of object.status.conditions ?? []) {
          conditions.set({ kind, ...keyOf(object), type, status, reason }, 1);
        }
      }
    }
  });
}

function observeWorkers(jobs: Pick<Store<Job>, 'list'>, metrics: Metrics): void {
  const pods = metrics.gauge({
    name: 'millrace_worker_pods',
    help: 'Pods of workers, as the Jobs that are there count them, by phase: starting, ready, terminating, succeeded, failed',
    labels: ['phase'] as const,
  });
  metrics.beforeRender(() => {
    for (const [phase, count] of Object.entries(countPods(jobs.list()))) pods.set({ phase }, count);
  });
}

function countPods(jobs: readonly Job[]): Readonly<Record<string, number>> {
  const sum = { starting: 0, ready: 0, terminating: 0, succeeded: 0, failed: 0 };
  for (const { status = {} } of jobs) {
    const { active = 0, ready = 0, terminating = 0, succeeded = 0, failed = 0 } = status;
    sum.starting += Math.max(0, active - ready);
    sum.ready += ready;
    sum.terminating += terminating;
    sum.succeeded += succeeded;
    sum.failed += failed;
  }
  return sum;
}

const sourceLabels = ['namespace', 'name'] as const;

function observeSources(sources: Store<S3ImportSource & KubernetesObject>, metrics: Metrics): void {
  const gauges = sourceGauges(metrics);
  metrics.beforeRender(() => {
    for (const gauge of Object.values(gauges)) gauge.reset();
    if (sources.size > mostObjects) return;
    for (const source of sources.list()) {
      observeSource(source, gauges);
    }
  });
}

function observeSource(source: S3ImportSource & KubernetesObject, gauges: SourceGauges): void {
  const { files = {}, records = {}, shards = {}, lagSeconds = 0 } = source.status;
  const at = keyOf(source);
  gauges.lag.set(at, lagSeconds);
  for (const [state, count] of Object.entries(files)) gauges.files.set({ ...at, state }, count);
  for (const [outcome, count] of Object.entries(records)) gauges.records.set({ ...at, outcome }, count);
  for (const [state, count] of Object.entries(shards)) gauges.shards.set({ ...at, state }, count);
  observePermissions(source, gauges);
  observeLatency(source, gauges);
}

function observeLatency(
  source: S3ImportSource & KubernetesObject,
  { latency }: Pick<SourceGauges, 'latency'>,
): void {
  const measured = source.status.latency;
  if (measured === undefined) return;
  latency.set({ ...keyOf(source), quantile: '0.5' }, measured.medianSeconds);
  latency.set({ ...keyOf(source), quantile: '0.99' }, measured.p99Seconds);
}

function observePermissions(
  source: S3ImportSource & KubernetesObject,
  { denied }: Pick<SourceGauges, 'denied'>,
): void {
  for (const { action, result } of source.status.permissions ?? []) {
    denied.set({ ...keyOf(source), action }, result === 'Denied' ? 1 : 0);
  }
}

type SourceGauges = ReturnType<typeof sourceGauges>;

function sourceGauges(metrics: Metrics) {
  return {
    lag: metrics.gauge({
      name: 'millrace_import_lag_seconds',
      help: `Age of the oldest file that is pending, in steps. ${bound}`,
      labels: sourceLabels,
    }),
    files: metrics.gauge({
      name: 'millrace_import_files',
      help: `Files of a source by state, since its beginning; as in its status. ${bound}`,
      labels: [...sourceLabels, 'state'] as const,
    }),
    records: metrics.gauge({
      name: 'millrace_import_records',
      help: `Records of a source by outcome, since its beginning; as in its status. ${bound}`,
      labels: [...sourceLabels, 'outcome'] as const,
    }),
    latency: metrics.gauge({
      name: 'millrace_import_latency_seconds',
      help: `From the upload of a file to its events in the table, over the last files; as in its status. ${bound}`,
      labels: [...sourceLabels, 'quantile'] as const,
    }),
    denied: metrics.gauge({
      name: 'millrace_permission_denied',
      help: `1 for an action that the source needs and was refused, else 0. ${bound}`,
      labels: [...sourceLabels, 'action'] as const,
    }),
    shards: metrics.gauge({
      name: 'millrace_import_shards',
      help: `Workers of a source by state; as in its status. ${bound}`,
      labels: [...sourceLabels, 'state'] as const,
    }),
  };
}

/** The client, counting what it writes into statuses: many writes where nothing happens are a loop. */
export function meterStatusWrites(client: ApiClient, metrics: Metrics): ApiClient {
  const writes = metrics.counter({
    name: 'millrace_status_writes_total',
    help: 'Statuses written, by kind and outcome: written, conflict, failed',
    labels: ['kind', 'outcome'] as const,
  });
  const applyStatus: ApiClient['applyStatus'] = async (type, object, options) => {
    const { kind } = type;
    try {
      const written = await client.applyStatus(type, object, options);
      writes.inc({ kind, outcome: 'written' });
      return written;
    } catch (error) {
      writes.inc({ kind, outcome: isConflict(error) ? 'conflict' : 'failed' });
      throw error;
    }
  };
  return new Proxy(client, {
    get: (target, name: keyof ApiClient) =>
      name === 'applyStatus' ? applyStatus : target[name].bind(target),
  });
}
