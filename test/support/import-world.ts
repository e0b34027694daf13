import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { S3ImportSource } from '../../crds/generated/s3-import-source.ts';
import { createPodRunner, type PodRunner } from '../../cli/local/pod-runner.ts';
import { resourceTypes } from '../../operator/resource-types.ts';
import { createManager } from '../../operator/manager.ts';
import type { Job } from '../../operator/resources/worker-job.ts';
import { startControlPlane, type ControlPlane } from './control-plane/control-plane.ts';
import { waitUntil } from './control-plane/wait-until.ts';
import { connectionManifest, sourceManifest, storeManifest, type SpecChanges } from './manifests.ts';
import {
  readStatements,
  startMiniStack,
  testRegion,
  type MiniStack,
  type TestBucket,
  type TestUser,
} from './ministack.ts';
import { startPostgres, type PostgresServer, type TestDatabase } from './postgres.ts';
import { runtimeDeps, type RuntimeDeps } from './runtime-deps.ts';

/** Real servers, the operator in this process, and workers as processes: a cluster but for the kubelet. */
export interface ImportWorld {
  readonly controlPlane: ControlPlane;
  readonly s3: MiniStack;
  readonly postgres: PostgresServer;
  readonly pods: PodRunner;
  /** What the operator logged. */
  readonly operator: RuntimeDeps;
  /** An organisation of its own: namespace, database, bucket, and a connection and a store that are applied. */
  createTenant(options?: TenantOptions): Promise<Tenant>;
  /** Ends the operator in an orderly way, and starts it anew after `meanwhile`. */
  restartOperator(meanwhile?: () => Promise<void>): Promise<void>;
  stop(): Promise<void>;
}

export interface WorldOptions {
  /** False: the test starts operators of its own, as processes. */
  readonly operator?: boolean;
  /** Variables that every pod finds beside its own, as a cluster's webhooks add them. */
  readonly podEnvironment?: Readonly<Record<string, string>>;
}

export interface TenantOptions {
  readonly source?: SpecChanges;
  /** False: the source is not applied yet. */
  readonly applySource?: boolean;
  /** How operator and workers reach the database, e.g. through a proxy. */
  readonly databaseUrl?: (url: string) => string;
}

export interface Tenant {
  readonly namespace: string;
  readonly bucket: TestBucket;
  readonly database: TestDatabase;
  /** Of the user that may list and read the bucket. */
  readonly keys: TestUser;
  /** Every text in it must not turn up anywhere. */
  readonly secrets: readonly string[];
  apply(...manifests: readonly object[]): Promise<string>;
  applySource(changes?: SpecChanges): Promise<void>;
  source(name?: string): Promise<S3ImportSource>;
  /** As a person asks for a look now. */
  requestReconcile(kind: string, name: string): Promise<void>;
  jobs(): Promise<readonly Job[]>;
  /** Waits for a state of the source; what it is given is the object as the API server has it. */
  until(what: string, holds: (source: S3ImportSource) => boolean): Promise<S3ImportSource>;
  /** Until every file that was found is settled, and so many were found. */
  untilImported(files: number): Promise<S3ImportSource>;
  sql: TestDatabase['sql'];
}

const patienceMs = 180_000;

export async function startImportWorld(options: WorldOptions = {}): Promise<ImportWorld> {
  const folder = await mkdtemp(join(tmpdir(), 'millrace-world-'));
  const [controlPlane, postgres, s3] = await Promise.all([
    startControlPlane({ controllerManager: true, crds: ['crds'] }),
    startPostgres(),
    startMiniStack(),
  ]);
  const start = () =>
    options.operator === false ? absent : startOperator(controlPlane, deps, [s3.endpoint]);
  const deps = runtimeDeps();
  const podsStop = new AbortController();
  const variables = Object.entries(options.podEnvironment ?? {}).map(([name, value]) => `${name}=${value}`);
  const pods = createPodRunner(
    {
      stateDir: folder,
      command: (args) => [
        '/usr/bin/env',
        [...variables, process.execPath, 'worker/main.ts', ...args.slice(1)],
      ],
    },
    { ...deps, client: controlPlane.client },
  );
  const podsEnd = pods.run(podsStop.signal);
  let operator = start();
  return {
    controlPlane,
    s3,
    postgres,
    pods,
    operator: deps,
    createTenant: (tenant = {}) => createTenant({ controlPlane, postgres, s3 }, tenant),
    restartOperator: async (meanwhile) => {
      await operator.stop();
      await meanwhile?.();
      operator = start();
    },
    stop: async () => {
      await operator.stop();
      podsStop.abort();
      await podsEnd;
      await Promise.all([controlPlane.stop(), postgres.stop(), s3.stop()]);
      await rm(folder, { recursive: true, force: true });
    },
  };
}

const absent = { stop: () => Promise.resolve() };

function startOperator(
  { transport }: ControlPlane,
  deps: RuntimeDeps,
  trustedEndpoints: readonly string[],
): { stop(): Promise<void> } {
  const stop = new AbortController();
  const startManager = () =>
    createManager(
      {
        namespace: 'default',
        watchNamespaces: [],
        identity: `test-${randomUUID()}`,
        leaderElection: true,
        worker: { image: 'millrace:test' },
        identityPolicy: { allowsAmbient: false, trustedEndpoints },
      },
      { ...deps, transport, newId: randomUUID, redact: (text) => text },
    );
  /** As the kubelet does it: a process that lost its lease is started anew. */
  const end = (async () => {
    while ((await startManager().run(stop.signal)) === 'lost');
  })();
  return {
    stop: async () => {
      stop.abort();
      await end;
    },
  };
}

interface Servers {
  readonly controlPlane: ControlPlane;
  readonly postgres: PostgresServer;
  readonly s3: MiniStack;
}

async function createTenant(servers: Servers, options: TenantOptions): Promise<Tenant> {
  const { controlPlane, postgres, s3 } = servers;
  const namespace = await controlPlane.createNamespace('acme');
  const database = await postgres.createDatabase();
  const bucket = await s3.createBucket();
  const user = await s3.createUser(readStatements(bucket.name));
  const apply = async (...manifests: readonly object[]) =>
    await controlPlane.kubectl(['apply', '-n', namespace, '-f', '-'], {
      input: manifests.map((manifest) => JSON.stringify(manifest)).join('\n---\n'),
    });
  await apply(
    secretManifest('lake-keys', { accessKeyID: user.accessKeyId, secretAccessKey: user.secretAccessKey }),
    secretManifest('analytics-db', { url: options.databaseUrl?.(database.url) ?? database.url }),
    connectionManifest({
      region: testRegion,
      endpoint: s3.endpoint,
      stsEndpoint: s3.endpoint,
      forcePathStyle: true,
    }),
    storeManifest(),
  );
  const tenant = describeTenant({ namespace, bucket, database, apply }, controlPlane);
  if (options.applySource !== false) await tenant.applySource(options.source);
  return { ...tenant, keys: user, secrets: [user.secretAccessKey, database.url] };
}

export function secretManifest(name: string, stringData: Readonly<Record<string, string>>): object {
  return { apiVersion: 'v1', kind: 'Secret', metadata: { name }, stringData };
}

/** Quick to notice and quick to end: tests wait for it. */
const quickSource: SpecChanges = {
  discovery: { interval: '5s' },
  workers: { max: 2, lingerSeconds: 1 },
};

function describeTenant(
  parts: Pick<Tenant, 'namespace' | 'bucket' | 'database' | 'apply'>,
  { client, kubectl }: ControlPlane,
): Omit<Tenant, 'secrets' | 'keys'> {
  const { namespace, bucket, database, apply } = parts;
  const source = (name = 'web-events') =>
    client.get<S3ImportSource>(resourceTypes.s3ImportSources, { namespace, name });
  const until: Tenant['until'] = async (what, holds) => {
    let seen = await source();
    await waitUntil(what, patienceMs, async () => {
      seen = await source();
      return holds(seen);
    }).catch((error: unknown) => {
      throw new Error(`${String(error)}; its status: ${JSON.stringify(seen.status)}`, { cause: error });
    });
    return seen;
  };
  return {
    ...parts,
    sql: database.sql,
    applySource: async (changes = {}) => {
      await apply(sourceManifest({ bucket: bucket.name, ...quickSource, ...changes }));
    },
    source,
    requestReconcile: async (kind, name) => {
      const value = `millrace.dev/requestedAt=${randomUUID()}`;
      await kubectl(['annotate', kind, name, '-n', namespace, '--overwrite', value]);
    },
    until,
    untilImported: (files) =>
      until(`${files} files are imported`, ({ status }) => {
        const { found = 0, pending = 1 } = status.files ?? {};
        return found >= files && pending === 0 && holds(status.conditions, 'CaughtUp');
      }),
    jobs: async () => (await client.list<Job>(resourceTypes.jobs, { namespace })).items,
  };
}

type Conditions = S3ImportSource['status']['conditions'];

/** Whether a condition is True. */
export function holds(conditions: Conditions, type: string): boolean {
  return conditionOf(conditions, type)?.status === 'True';
}

export function conditionOf(conditions: Conditions, type: string) {
  return conditions?.find((condition) => condition.type === type);
}

/** `True/Succeeded` of the Ready condition, for one line of an assertion. */
export function readyOf({ status }: { readonly status: { readonly conditions?: Conditions } }): string {
  const ready = conditionOf(status.conditions, 'Ready');
  return `${ready?.status}/${ready?.reason}`;
}

export async function waitFor(what: string, condition: () => boolean | Promise<boolean>): Promise<void> {
  await waitUntil(what, patienceMs, condition);
}
