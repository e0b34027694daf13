import type { EventStore } from '../crds/generated/event-store.ts';
import type { S3Connection } from '../crds/generated/s3-connection.ts';
import type { S3ImportSource } from '../crds/generated/s3-import-source.ts';
import { callerIdentity } from '../lib/aws/sts.ts';
import type { Clock } from '../lib/clock.ts';
import type { Logger } from '../lib/log.ts';
import type { IdentityObserver } from '../lib/aws/identity-plan.ts';
import { createS3Metrics } from '../lib/aws/s3-metrics.ts';
import { createStsMetrics } from '../lib/aws/sts-metrics.ts';
import type { Metrics } from '../lib/metrics.ts';
import { createEventStoreController } from './controllers/event-store/controller.ts';
import type { AccessDeps } from './controllers/s3-connection/gather.ts';
import { createS3ConnectionController } from './controllers/s3-connection/controller.ts';
import { createS3ImportSourceController } from './controllers/s3-import-source/controller.ts';
import { ensureExternalId, retireLostExternalIds } from './external-ids.ts';
import { ensureInstallationId } from './installation.ts';
import { resourceTypes } from './resource-types.ts';
import { createOperatorCounters, type OperatorCounters } from './operator-counters.ts';
import { meterStatusWrites, observeObjects } from './operator-metrics.ts';
import { ObjectStores } from './object-stores.ts';
import { labels, managedBy } from './resources/names.ts';
import type { WorkerImage } from './resources/import-task.ts';
import type { Job } from './resources/worker-job.ts';
import { createApiClient, type ApiClient } from './runtime/api-client.ts';
import { endsWithin } from './runtime/deadline.ts';
import { createEventRecorder } from './runtime/event-recorder.ts';
import { guardWrites } from './runtime/guarded-transport.ts';
import type { ReadinessCheck } from './runtime/health.ts';
import { createLeaderElector, type Leadership } from './runtime/leader-elector.ts';
import type { KubernetesObject, ResourceType } from './runtime/objects.ts';
import { createReflector, type Reflector } from './runtime/reflector.ts';
import { createRetryingTransport } from './runtime/retrying-transport.ts';
import { readinessOf, runRuntime } from './runtime/run.ts';
import type { RuntimeMetrics } from './runtime/runtime-metrics.ts';
import type { ApiTransport } from './runtime/transport.ts';
import { Stores } from './stores.ts';

export interface ManagerOptions {
  /** Of the operator itself: its Lease and the installation's Secret are there. */
  readonly namespace: string;
  /** Whose objects are looked after; empty: all. */
  readonly watchNamespaces: readonly string[];
  /** Of this process, unlike any other's. */
  readonly identity: string;
  /** False: no other replica can be there. */
  readonly leaderElection: boolean;
  readonly worker: WorkerImage;
  readonly identityPolicy: AccessDeps['identityPolicy'];
  /** How often a source's counters are written at most. Default 30 s. */
  readonly progressMs?: number;
}

export interface ManagerDeps {
  /** Repeats nothing: the manager does, where that is safe and this process leads. */
  readonly transport: ApiTransport;
  readonly clock: Clock;
  readonly random: () => number;
  readonly newId: () => string;
  readonly log: Logger;
  readonly metrics: RuntimeMetrics;
  /** Where the operator's own metrics go. */
  readonly registry: Metrics;
  readonly redact: (text: string) => string;
}

export interface Manager {
  readonly readiness: Readonly<Record<string, ReadinessCheck>>;
  /** Works until the signal is aborted or the lease is lost. To be called once. */
  run(signal: AbortSignal): Promise<'stopped' | 'lost'>;
}

/** Everything that the controllers share. */
export interface ControllerContext extends ManagerDeps, AccessDeps {
  /** Of the operator itself. */
  readonly namespace: string;
  readonly recorder: ReturnType<typeof createEventRecorder>;
  readonly reflectors: Reflectors;
  readonly stores: Stores;
  readonly objectStores: ObjectStores;
  readonly worker: WorkerImage;
  readonly counters: OperatorCounters;
  readonly identityObserver: IdentityObserver;
  readonly callerIdentity: typeof callerIdentity;
  /** Known once this process leads. */
  readonly installationId: () => string;
}

interface Reflectors {
  readonly connections: Reflector<S3Connection>;
  readonly eventStores: Reflector<EventStore>;
  readonly sources: Reflector<S3ImportSource>;
  readonly jobs: Reflector<Job>;
}

const fieldManager = 'millrace';

/** A database that hangs does not keep the process. */
const closeLimitMs = 3_000;

/** Wires the operator: the same over a real API server and over the API of the local mode. */
export function createManager(options: ManagerOptions, deps: ManagerDeps): Manager {
  const lead: Lead = { leadership: undefined, installationId: '' };
  const context = createContext(options, deps, lead);
  const reflectors = Object.values(context.reflectors);
  const { connections, eventStores, sources, jobs } = context.reflectors;
  observeObjects(
    { S3Connection: connections.store, EventStore: eventStores.store, S3ImportSource: sources.store },
    jobs.store,
    deps.registry,
  );
  const parts = {
    reflectors,
    controllers: [
      createEventStoreController(context),
      createS3ConnectionController(context),
      createS3ImportSourceController(context),
    ],
    ...(options.leaderElection ? { elector: createElector(options, deps) } : {}),
    recorder: context.recorder,
    onLeading: async (leadership: Leadership) => {
      lead.leadership = leadership;
      const { client } = context;
      const { signal } = leadership;
      lead.installationId = await ensureInstallationId(client, options.namespace, deps.newId, signal);
      await retireLostExternalIds({ client, namespace: options.namespace }, signal);
    },
    clock: deps.clock,
    log: deps.log,
  };
  return {
    readiness: readinessOf(reflectors),
    run: async (signal) => {
      try {
        return await runRuntime(parts, signal);
      } finally {
        await endsWithin(closeLimitMs, deps.clock, context.stores.closeAll());
        context.objectStores.closeAll();
      }
    },
  };
}

/** What this process knows once it leads. */
interface Lead {
  leadership: Leadership | undefined;
  installationId: string;
}

function createContext(options: ManagerOptions, deps: ManagerDeps, lead: Lead): ControllerContext {
  const guarded = guardWrites(deps.transport, {
    remainingMs: () => lead.leadership?.remainingMs() ?? 0,
    clock: deps.clock,
  });
  const transport = createRetryingTransport(guarded, deps);
  const client = meterStatusWrites(
    createApiClient({ transport, fieldManager, clock: deps.clock }),
    deps.registry,
  );
  const identityObserver = createStsMetrics(deps.registry, 'operator');
  const counters = createOperatorCounters(deps.registry);
  const source = { controller: 'millrace.dev/operator', instance: options.identity };
  return {
    ...deps,
    client,
    namespace: options.namespace,
    identityPolicy: options.identityPolicy,
    externalIdOf: ({ metadata }, signal) =>
      ensureExternalId(metadata, { ...deps, client, namespace: options.namespace }, signal),
    recorder: createEventRecorder(source, { ...deps, client }),
    reflectors: createReflectors(options, { ...deps, client }),
    stores: new Stores({ ...deps, leader: options.identity }),
    objectStores: new ObjectStores({
      ...deps,
      observer: createS3Metrics(deps.registry, 'operator'),
      identityObserver,
      counters,
    }),
    counters,
    identityObserver,
    worker: options.worker,
    ...(options.progressMs === undefined ? {} : { progressMs: options.progressMs }),
    callerIdentity,
    installationId: () => lead.installationId,
  };
}

function createElector(options: ManagerOptions, deps: ManagerDeps) {
  const key = { namespace: options.namespace, name: 'millrace-operator' };
  const client = createApiClient({ transport: deps.transport, fieldManager, clock: deps.clock });
  return createLeaderElector({ key, identity: options.identity }, { ...deps, client });
}

function createReflectors(
  { watchNamespaces }: ManagerOptions,
  deps: ManagerDeps & { readonly client: ApiClient },
): Reflectors {
  const reflect = <T extends KubernetesObject>(type: ResourceType, labelSelector?: string) =>
    createReflector<T>(
      {
        type,
        ...(watchNamespaces.length === 0 ? {} : { namespaces: watchNamespaces }),
        ...(labelSelector === undefined ? {} : { labelSelector }),
      },
      deps,
    );
  return {
    connections: reflect<S3Connection>(resourceTypes.s3Connections),
    eventStores: reflect<EventStore>(resourceTypes.eventStores),
    sources: reflect<S3ImportSource>(resourceTypes.s3ImportSources),
    jobs: reflect<Job>(resourceTypes.jobs, `${labels.managedBy}=${managedBy}`),
  };
}
