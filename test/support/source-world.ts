import assert from 'node:assert/strict';
import type { EventStore } from '../../crds/generated/event-store.ts';
import type { S3Connection } from '../../crds/generated/s3-connection.ts';
import type { S3ImportSource } from '../../crds/generated/s3-import-source.ts';
import type { SourceMemory } from '../../operator/controllers/s3-import-source/memory.ts';
import { reconcileS3ImportSource } from '../../operator/controllers/s3-import-source/reconcile.ts';
import type { ObjectStore } from '../../lib/aws/object-store.ts';
import { createMetrics } from '../../lib/metrics.ts';
import { createOperatorCounters } from '../../operator/operator-counters.ts';
import { resourceTypes } from '../../operator/resource-types.ts';
import type { Job, JobStatus } from '../../operator/resources/worker-job.ts';
import { createApiClient, type ApiClient } from '../../operator/runtime/api-client.ts';
import type { EventRecorder } from '../../operator/runtime/event-recorder.ts';
import type { ReconcileResult } from '../../operator/runtime/controller.ts';
import type { KubernetesObject, ResourceType } from '../../operator/runtime/objects.ts';
import { createStore, type WritableStore } from '../../operator/runtime/store.ts';
import { errorOfAnswer } from '../../operator/runtime/api-error.ts';
import { eventType, type RecordedEvent } from '../../operator/runtime/event-object.ts';
import { storeSession } from './builders/import-facts.ts';
import { condition } from './builders/resources.ts';
import { workerPod, type PodChanges } from './builders/worker-pod.ts';
import { createBucket, type Bucket } from './doubles/bucket.ts';
import { createLedger, type MemoryLedger } from './doubles/ledger.ts';
import { lintConditions } from './lint-conditions.ts';
import { createManualClock, type ManualClock } from './manual-clock.ts';
import {
  connectionManifest,
  sourceManifest,
  storeManifest,
  type Manifest,
  type SpecChanges,
} from './manifests.ts';
import { startMemoryApi } from './memory-api.ts';

/** One source of a cluster in memory, its bucket and its ledger; nothing moves but by calls. */
export interface SourceWorld {
  readonly clock: ManualClock;
  readonly bucket: Bucket;
  readonly ledger: MemoryLedger;
  /** Whether this operator has opened the store. */
  isStoreOpen: boolean;
  readonly client: ApiClient;
  readonly recorder: EventRecorder;
  /** What was recorded. */
  readonly events: readonly RecordedEvent[];
  readonly namespace: string;
  /** One pass of the controller. */
  reconcile(options?: PassOptions): Promise<ReconcileResult>;
  /** As a user applies it. */
  applySource(changes?: SpecChanges, name?: string): Promise<void>;
  apply(manifest: Manifest): Promise<void>;
  source(name?: string): Promise<S3ImportSource>;
  jobs(): Promise<readonly Job[]>;
  /** Sets the status of a Job as the Job controller would. */
  setJobStatus(name: string, status: JobStatus): Promise<void>;
  /** A pod of the Job's index in this state. */
  addPod(job: string, pod: PodChanges): Promise<void>;
  /** What the Job controller tells when it cannot make a pod. */
  tellRefusal(job: Job, note: string): Promise<void>;
  /** Calls of the operator's that are refused, such as `list pods`, with the HTTP status of the answer. */
  readonly refused: Map<string, number>;
  stop(): Promise<void>;
}

export interface PassOptions {
  /** Over the Jobs and specs as they were at the pass before. */
  readonly stale?: boolean;
  /** Default `web-events`. */
  readonly name?: string;
}

export interface SourceWorldOptions {
  /** The bucket, in place of the one in memory. */
  readonly objects?: ObjectStore;
}

export async function createSourceWorld({ objects }: SourceWorldOptions = {}): Promise<SourceWorld> {
  const api = startMemoryApi();
  const clock = createManualClock(Date.now());
  const client = createApiClient({ transport: api.transport, fieldManager: 'millrace', clock });
  const world = new WorldInMemory(client, clock, await api.createNamespace('acme'), {
    stop: () => api.stop(),
    objects,
  });
  await world.begin();
  return world;
}

class WorldInMemory implements SourceWorld {
  readonly client: ApiClient;
  readonly clock: ManualClock;
  readonly namespace: string;
  readonly stop: () => Promise<void>;
  readonly bucket = createBucket();
  isStoreOpen = true;
  readonly events: RecordedEvent[] = [];
  readonly recorder: EventRecorder = {
    record: (event) => void this.events.push(event),
    flush: () => Promise.resolve(),
  };
  readonly ledger: MemoryLedger;
  readonly #caches = {
    sources: createStore<S3ImportSource>(),
    connections: createStore<S3Connection>(),
    eventStores: createStore<EventStore>(),
    jobs: createStore<Job>(),
  };
  readonly #memories = new Map<string, SourceMemory>();
  readonly refused = new Map<string, number>();
  #pods = 0;

  readonly #objects: ObjectStore;

  constructor(
    client: ApiClient,
    clock: ManualClock,
    namespace: string,
    { stop, objects }: { readonly stop: () => Promise<void>; readonly objects: ObjectStore | undefined },
  ) {
    this.client = client;
    this.clock = clock;
    this.namespace = namespace;
    this.stop = stop;
    this.#objects = objects ?? this.bucket;
    this.ledger = createLedger(() => clock.now());
  }

  /** A connection and a store that are Ready, their Secrets, and the source. */
  async begin(): Promise<void> {
    const { namespace } = this;
    const stringData = { accessKeyID: 'AKIDEXAMPLE', secretAccessKey: 'not to be seen anywhere' };
    const secret = {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: 'lake-keys', namespace },
      stringData,
    };
    await this.client.create(resourceTypes.secrets, secret);
    await this.apply(connectionManifest());
    await this.apply(storeManifest());
    for (const [type, name] of [
      [resourceTypes.s3Connections, 'lake'],
      [resourceTypes.eventStores, 'analytics'],
    ] as const) {
      const status = { observedGeneration: 1, conditions: [condition('Ready')] };
      const body = {
        apiVersion: 'millrace.dev/v1alpha1',
        kind: type.kind,
        metadata: { name, namespace },
        status,
      };
      await this.client.applyStatus(type, body);
    }
    await this.applySource();
  }

  async reconcile({ stale = false, name = 'web-events' }: PassOptions = {}): Promise<ReconcileResult> {
    if (!stale) await this.#look();
    const session = storeSession({ store: this.ledger.store });
    const pass = reconcileS3ImportSource(
      { namespace: this.namespace, name },
      {
        ...this.#caches,
        client: this.#granted,
        identityPolicy: { allowsAmbient: false, trustedEndpoints: [] },
        externalIdOf: () => Promise.resolve('mr-test'),
        clock: this.clock,
        stores: { get: () => (this.isStoreOpen ? session : undefined) },
        objectStores: { get: () => this.#objects },
        recorder: this.recorder,
        worker: { image: 'registry.example/millrace:1' },
        memories: this.#memories,
        counters: createOperatorCounters(createMetrics()),
      },
      new AbortController().signal,
    );
    try {
      return await pass;
    } finally {
      await this.#lint(name);
    }
  }

  async applySource(changes: SpecChanges = {}, name = 'web-events'): Promise<void> {
    await this.apply(sourceManifest(changes, { name }));
  }

  async apply(manifest: Manifest): Promise<void> {
    const type = Object.values(resourceTypes).find(({ kind }) => kind === manifest.kind) as ResourceType;
    const metadata = { ...manifest.metadata, namespace: this.namespace };
    await this.client.apply(type, { ...manifest, metadata });
  }

  source(name = 'web-events'): Promise<S3ImportSource> {
    const key = { namespace: this.namespace, name };
    return this.client.get<S3ImportSource & KubernetesObject>(resourceTypes.s3ImportSources, key);
  }

  async jobs(): Promise<readonly Job[]> {
    return (await this.client.list<Job>(resourceTypes.jobs, { namespace: this.namespace })).items;
  }

  async setJobStatus(name: string, status: JobStatus): Promise<void> {
    const metadata = { name, namespace: this.namespace };
    const body = { apiVersion: 'batch/v1', kind: 'Job', metadata, status };
    await this.client.applyStatus(resourceTypes.jobs, body);
  }

  async addPod(job: string, changes: PodChanges): Promise<void> {
    const { metadata, status } = workerPod(changes);
    const name = `${job}-${metadata.labels?.['batch.kubernetes.io/job-completion-index']}-${(this.#pods += 1)}`;
    const labels = { ...metadata.labels, 'batch.kubernetes.io/job-name': job };
    const pod = { apiVersion: 'v1', kind: 'Pod', metadata: { name, namespace: this.namespace, labels } };
    const containers = [{ name: 'worker', image: 'registry.example/millrace:1' }];
    await this.client.create(resourceTypes.pods, { ...pod, spec: { containers } } as KubernetesObject);
    const containerStatuses = status?.containerStatuses?.map((one) => ({
      name: 'worker',
      restartCount: 0,
      imageID: '',
      ...one,
    }));
    const shown = { ...status, ...(containerStatuses === undefined ? {} : { containerStatuses }) };
    await this.client.applyStatus(resourceTypes.pods, { ...pod, status: shown } as KubernetesObject);
  }

  async tellRefusal({ metadata }: Job, note: string): Promise<void> {
    const { namespace, name, uid } = metadata;
    await this.client.create(eventType, {
      apiVersion: 'events.k8s.io/v1',
      kind: 'Event',
      metadata: { name: `${name}.1`, namespace },
      eventTime: new Date(this.clock.now()).toISOString().replace('Z', '000Z'),
      reportingController: 'job-controller',
      reportingInstance: 'test',
      action: 'Create',
      type: 'Warning',
      reason: 'FailedCreate',
      note,
      regarding: { apiVersion: 'batch/v1', kind: 'Job', namespace, name, uid },
    } as KubernetesObject);
  }

  /** As the operator may use it. */
  get #granted(): ApiClient {
    return new Proxy(this.client, {
      get: (target, name: keyof ApiClient) => {
        const call = target[name] as (type: ResourceType, ...rest: unknown[]) => Promise<unknown>;
        return async (type: ResourceType, ...rest: unknown[]) => {
          const asked = `${name} ${type.plural}`;
          const status = this.refused.get(asked);
          if (status === undefined) return await call.call(target, type, ...rest);
          throw errorOfAnswer(asked, { status, headers: {}, body: { message: `${asked} is refused` } }, 0);
        };
      },
    });
  }

  /** Whatever a pass met, its conditions are as tools rely on. */
  async #lint(name: string): Promise<void> {
    const key = { namespace: this.namespace, name };
    const source = await this.client.find<S3ImportSource & KubernetesObject>(
      resourceTypes.s3ImportSources,
      key,
    );
    if (source?.status.conditions === undefined) return;
    assert.deepEqual(lintConditions(source), []);
  }

  async #look(): Promise<void> {
    const { namespace } = this;
    const fill = async <T extends KubernetesObject>(cache: WritableStore<T>, type: ResourceType) =>
      cache.replace('', (await this.client.list<T>(type, { namespace })).items);
    await fill(this.#caches.sources, resourceTypes.s3ImportSources);
    await fill(this.#caches.connections, resourceTypes.s3Connections);
    await fill(this.#caches.eventStores, resourceTypes.eventStores);
    await fill(this.#caches.jobs, resourceTypes.jobs);
  }
}
