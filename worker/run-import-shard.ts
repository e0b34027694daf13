import { openS3 } from '../lib/aws/s3.ts';
import type { Clock } from '../lib/clock.ts';
import type { ShardReport } from '../lib/contract/report.ts';
import { TerminalError } from '../lib/errors.ts';
import type { JsonObject } from '../lib/json.ts';
import type { Logger } from '../lib/log.ts';
import { withRetry, type RetryPolicy } from '../lib/retry.ts';
import { openStore } from '../lib/store/open-store.ts';
import type { Store } from '../lib/store/types.ts';
import { importShard } from './commands/import-shard.ts';
import type { WorkerConfig } from './config.ts';
import type { Conversion } from './conversions/conversion.ts';
import { openConversion } from './conversions/open-conversion.ts';
import type { Destination } from './destinations/destination.ts';
import { destinations } from './destinations/registry.ts';
import { readRecords } from './formats/read-records.ts';

export interface ProcessDeps {
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Logger;
}

/** A database or S3 that restarts is back within this; a longer outage ends the worker, and the Job starts another. */
const patience: RetryPolicy = { attempts: 20, baseMs: 200, capMs: 5_000, patienceMs: 60_000 };

/** Opens what the task needs, runs it, closes it again. */
export async function runImportShard(
  config: WorkerConfig,
  deps: ProcessDeps,
  signal: AbortSignal,
): Promise<ShardReport> {
  const { task, templateHash, claimant } = config;
  const retry = <T>(call: () => Promise<T>, until: AbortSignal) => withRetry(call, patience, deps, until);
  const store = await retry(() => openStoreOf(config, deps), signal);
  const objects = openS3(s3OptionsOf(config));
  try {
    return await importShard(
      task,
      {
        ...deps,
        templateHash,
        claimant,
        objects,
        retry,
        claims: store.claims,
        sink: destinationNamed(task.destination.kind).open(task.destination, {
          store,
          storeSettings: task.store,
          projectId: task.projectId,
        }),
        conversionOf: memoize((generation) => loadConversion(store, task.sourceId, generation, deps)),
        readRecords: (object, until) => readRecords(object, task.files, until),
      },
      signal,
    );
  } finally {
    objects.close();
    await store.close();
  }
}

function destinationNamed(kind: string): Destination {
  const known: Readonly<Record<string, Destination>> = destinations;
  if (Object.hasOwn(known, kind)) return known[kind] as Destination;
  throw new TerminalError({
    reason: 'WorkerConfigInvalid',
    message: `There is no destination ${kind}; there is ${Object.keys(destinations).join(', ')}.`,
  });
}

function openStoreOf({ task, store, claimant }: WorkerConfig, deps: ProcessDeps): Promise<Store> {
  const { url, caPem } = store;
  const { schema, maxConnections } = task.store;
  const applicationName = `millrace-worker ${claimant}`;
  const ca = caPem === undefined ? {} : { caPem };
  return openStore({ url, schema, maxConnections, applicationName, ...ca }, deps);
}

function s3OptionsOf({ task, s3 }: WorkerConfig) {
  const { caPem, accessKeyId, secretAccessKey, sessionToken } = s3;
  return {
    ...task.connection,
    ...(caPem === undefined ? {} : { caPem }),
    credentials: { accessKeyId, secretAccessKey, ...(sessionToken === undefined ? {} : { sessionToken }) },
  };
}

/** Each file is converted by the generation that it was found under. */
async function loadConversion(
  store: Store,
  sourceId: number,
  generation: number,
  { clock }: ProcessDeps,
): Promise<Conversion> {
  const recorded = await store.sources.conversion(sourceId, generation);
  if (recorded === undefined) {
    throw new TerminalError({
      reason: 'ConversionMissing',
      message: `The ledger has no conversion of generation ${generation} for source ${sourceId}.`,
    });
  }
  return openConversion(recorded.kind, JSON.parse(recorded.document) as JsonObject, { clock });
}

/** One load for a generation, however many files ask for it; a load that failed is tried again. */
function memoize<T>(load: (generation: number) => Promise<T>): (generation: number) => Promise<T> {
  const loaded = new Map<number, Promise<T>>();
  return (generation) => {
    const known = loaded.get(generation) ?? load(generation);
    loaded.set(generation, known);
    known.catch(() => loaded.delete(generation));
    return known;
  };
}
