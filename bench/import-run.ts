import { systemClock } from '../lib/clock.ts';
import { workerMemoryEnvironment } from '../lib/contract/worker-memory.ts';
import { workerEnvironment, type ImportTask } from '../lib/contract/task.ts';
import { digestOf } from '../lib/digest.ts';
import type { JsonObject } from '../lib/json.ts';
import { openS3 } from '../lib/aws/s3.ts';
import { migrateStore } from '../lib/store/migrate-store.ts';
import { openStore } from '../lib/store/open-store.ts';
import type { Store } from '../lib/store/types.ts';
import { databaseCpuMs } from './measure/database-cpu.ts';
import { runMeasured, type Usage } from './measure/run-measured.ts';
import { bucket, type BenchWorld } from './world/bench-world.ts';

export const storeDeps = { clock: systemClock, random: Math.random };
export const projectId = '168342';
export const deduplicationWindowMs = 7 * 24 * 3_600_000;
const template = 'bench';

export interface ImportInput {
  /** A schema of its own for each run, so that each begins on empty tables. */
  readonly schema: string;
  readonly prefix: string;
  readonly format: 'JSONLines' | 'CSV';
  readonly converter: JsonObject;
  /** Of the worker; one of them is kept for heartbeats, the others load. */
  readonly connections: number;
}

export interface ImportResult {
  readonly usage: Usage;
  readonly events: number;
  readonly files: number;
  readonly databaseCpuMs: number | undefined;
}

/** One worker takes in all that is under the prefix, exactly as a pod would. */
export async function importAll(world: BenchWorld, input: ImportInput): Promise<ImportResult> {
  const options = {
    url: world.databaseUrl,
    schema: input.schema,
    maxConnections: 2,
    applicationName: 'millrace-bench',
  };
  await migrateStore(options, storeDeps);
  const store = await openStore(options, storeDeps);
  try {
    const sourceId = await findFiles(world, input, store);
    const before = await databaseCpuMs(world.databaseFolder);
    const usage = await runMeasured({
      program: 'worker/main.ts',
      args: ['import-shard'],
      env: workerEnv(world, input, sourceId),
      folder: world.folder,
    });
    const after = await databaseCpuMs(world.databaseFolder);
    const { records, files } = await store.status.sourceCounts(sourceId);
    return {
      usage,
      events: records.imported,
      files: files.done,
      databaseCpuMs: before === undefined || after === undefined ? undefined : after - before,
    };
  } finally {
    await store.close();
  }
}

async function findFiles(world: BenchWorld, input: ImportInput, store: Store): Promise<number> {
  const epoch = await store.ownership.takeEpoch('bench');
  const { prefix } = input;
  const identity = {
    namespace: 'bench',
    ledgerName: input.schema,
    endpoint: world.endpoint,
    bucket,
    prefix,
    projectId,
    destination: 'eventStore',
  };
  const sourceId = await store.sources.ensureSource(identity, { epoch });
  await store.sources.setWantedTemplate(sourceId, template, { epoch });
  const document = JSON.stringify(input.converter);
  const generation = await store.sources.recordConversion(
    sourceId,
    { digest: digestOf(['amplitude', document]), kind: 'amplitude', document },
    { epoch },
  );
  const objects = openS3({
    region: 'us-east-1',
    endpoint: world.endpoint,
    forcePathStyle: true,
    credentials: { accessKeyId: 'bench', secretAccessKey: 'bench-secret' },
  });
  const signal = new AbortController().signal;
  for (let startAfter: string | undefined, more = true; more;) {
    const page = await objects.listPage({ bucket, prefix, startAfter }, signal);
    await store.discovery.recordFound(sourceId, {
      epoch,
      objects: page.objects,
      generation,
      foundBy: 'listing',
    });
    startAfter = page.nextStartAfter;
    more = page.truncated;
  }
  objects.close();
  return sourceId;
}

function workerEnv(
  world: BenchWorld,
  input: ImportInput,
  sourceId: number,
): Readonly<Record<string, string>> {
  const task: ImportTask = {
    kind: 'import-shard',
    namespace: 'bench',
    name: input.schema,
    sourceId,
    bucket,
    prefix: input.prefix,
    connection: {
      region: 'us-east-1',
      endpoint: world.endpoint,
      forcePathStyle: true,
    },
    store: {
      schema: input.schema,
      maxConnections: input.connections,
      deduplicationWindowMs,
    },
    projectId,
    files: { format: input.format, compression: 'Gzip', options: {} },
    destination: { kind: 'eventStore', options: {} },
    identity: { base: { kind: 'keys' }, sessionName: 'bench' },
    limits: {
      rates: { files: [], events: [] },
      maxAttempts: 1,
      lingerMs: 0,
      maxLifetimeMs: 24 * 3_600_000,
    },
  };
  const names = workerEnvironment;
  return {
    ...workerMemoryEnvironment,
    [names.task]: JSON.stringify(task),
    [names.templateHash]: template,
    [names.storeUrl]: world.databaseUrl,
    [names.accessKeyId]: 'bench',
    [names.secretAccessKey]: 'bench-secret',
  };
}
