import type { EventStore } from '../../crds/generated/event-store.ts';
import type { S3Connection } from '../../crds/generated/s3-connection.ts';
import type { S3ImportSource } from '../../crds/generated/s3-import-source.ts';
import type { SourceMemory } from '../../operator/controllers/s3-import-source/memory.ts';
import { reconcileS3ImportSource } from '../../operator/controllers/s3-import-source/reconcile.ts';
import { resourceTypes } from '../../operator/resource-types.ts';
import type { Job, JobStatus } from '../../operator/resources/worker-job.ts';
import { createApiClient, type ApiClient } from '../../operator/runtime/api-client.ts';
import type { EventRecorder } from '../../operator/runtime/event-recorder.ts';
import type { RecordedEvent } from '../../operator/runtime/event-object.ts';
import type { ReconcileResult } from '../../operator/runtime/controller.ts';
import type { KubernetesObject, ResourceType } from '../../operator/runtime/objects.ts';
import { createStore, type WritableStore } from '../../operator/runtime/store.ts';
import { storeSession } from './builders/import-facts.ts';
import { condition } from './builders/resources.ts';
import { createBucket, type Bucket } from './doubles/bucket.ts';
import { createLedger, type MemoryLedger } from './doubles/ledger.ts';
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
  /** A pod of the Job that has ended so. */
  addEndedPod(job: string, ending: { readonly exitCode: number; readonly message?: string }): Promise<void>;
  stop(): Promise<void>;
}

export interface PassOptions {
  /** Over the Jobs and specs as they were at the pass before. */
  readonly stale?: boolean;
  /** Default `web-events`. */
  readonly name?: string;
}

export async function createSourceWorld(): Promise<SourceWorld> {
  const api = startMemoryApi();
  const clock = createManualClock(Date.now());
  const client = createApiClient({ transport: api.transport, fieldManager: 'millrace', clock });
  const world = new WorldInMemory(client, clock, await api.createNamespace('acme'), () => api.stop());
  await world.begin();
  return world;
}

class WorldInMemory implements SourceWorld {
  readonly client: ApiClient;
  readonly clock: ManualClock;
  readonly namespace: string;
  readonly stop: () => Promise<void>;
  readonly bucket = createBucket();
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
  #pods = 0;

  constructor(client: ApiClient, clock: ManualClock, namespace: string, stop: () => Promise<void>) {
    this.client = client;
    this.clock = clock;
    this.namespace = namespace;
    this.stop = stop;
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
    return await reconcileS3ImportSource(
      { namespace: this.namespace, name },
      {
        ...this.#caches,
        client: this.client,
        identityPolicy: { ambientNamespaces: [], trustedEndpoints: [] },
        sharesEnvironment: false,
        externalIdOf: () => Promise.resolve('mr-test'),
        clock: this.clock,
        stores: { get: () => session },
        objectStores: { get: () => this.bucket },
        recorder: this.recorder,
        worker: { image: 'registry.example/millrace:1' },
        memories: this.#memories,
      },
      new AbortController().signal,
    );
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

  async addEndedPod(
    job: string,
    { exitCode, message = '' }: { readonly exitCode: number; readonly message?: string },
  ): Promise<void> {
    this.#pods += 1;
    const metadata = {
      name: `${job}-${this.#pods}`,
      namespace: this.namespace,
      labels: { 'batch.kubernetes.io/job-name': job },
    };
    const pod = { apiVersion: 'v1', kind: 'Pod', metadata };
    const containers = [{ name: 'worker', image: 'registry.example/millrace:1' }];
    await this.client.create(resourceTypes.pods, { ...pod, spec: { containers } } as KubernetesObject);
    const state = { terminated: { exitCode, message } };
    const status = {
      phase: 'Failed',
      containerStatuses: [{ name: 'worker', ready: false, restartCount: 0, image: '', imageID: '', state }],
    };
    await this.client.applyStatus(resourceTypes.pods, { ...pod, status } as KubernetesObject);
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
