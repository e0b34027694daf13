import { openIdentity } from '../lib/aws/open-identity.ts';
import { openS3 } from '../lib/aws/s3.ts';
import type { Clock } from '../lib/clock.ts';
import { addCounts, noRecords, type ShardReport } from '../lib/contract/report.ts';
import type { RateLimit } from '../lib/contract/task.ts';
import { TerminalError } from '../lib/errors.ts';
import type { JsonObject } from '../lib/json.ts';
import type { Logger } from '../lib/log.ts';
import { withRetry, type RetryPolicy } from '../lib/retry.ts';
import { openStore } from '../lib/store/open-store.ts';
import type { SeatRequest } from '../lib/store/sharing/seats.ts';
import type { Store } from '../lib/store/types.ts';
import { importShard } from './commands/import-shard.ts';
import type { WorkerConfig } from './config.ts';
import type { Conversion } from './conversions/conversion.ts';
import { openConversion } from './conversions/open-conversion.ts';
import type { Destination } from './destinations/destination.ts';
import { destinations } from './destinations/registry.ts';
import { planIdentity } from './plan-identity.ts';
import { accessOf, readRecords } from './formats/read-records.ts';
import { createMemoryPool } from './formats/memory-pool.ts';
import { createPace } from './pipeline/pace.ts';
import type { WorkerMetrics } from './worker-metrics.ts';
import { keepSeat, seatLeaseMs, seatSize, takeSeat, type SeatDeps } from './seat.ts';

export interface ProcessDeps {
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Logger;
  readonly metrics: WorkerMetrics;
}

/** A database or S3 that restarts is back within this; a longer outage ends the worker, and the Job starts another. */
const patience: RetryPolicy = { attempts: 20, baseMs: 200, capMs: 5_000, patienceMs: 60_000 };

/**
 * Takes its seat among the workers of the store, works, and leaves. A worker that has to give its seat up for another
 * source's waits in line again, and goes on when it has one.
 */
export async function runImportShard(
  config: WorkerConfig,
  deps: ProcessDeps,
  signal: AbortSignal,
): Promise<ShardReport> {
  const seatDeps = {
    ...deps,
    openStore: (connections: number) =>
      withRetry(() => openStoreOf(config, connections, deps), patience, deps, signal),
  };
  const request = seatRequestOf(config);
  let sum: Pick<ShardReport, 'files' | 'records'> = { files: 0, records: noRecords };
  for (;;) {
    const connections = await takeSeat(request, seatDeps, signal);
    const { report, gaveWay } = await runSeated(config, { ...seatDeps, connections, request }, signal);
    sum = { files: sum.files + report.files, records: addCounts(sum.records, report.records) };
    if (!gaveWay) return { ...report, ...sum };
    deps.log.info('Gave way to a source that has no worker yet');
  }
}

function seatRequestOf({ task, slot, claimant }: WorkerConfig): SeatRequest {
  const { sourceId, store } = task;
  const shared = { budget: store.maxConnections, leaseMs: seatLeaseMs, ...seatSize };
  return { holder: slot ?? claimant, sourceId, ...shared };
}

interface Seated extends SeatDeps {
  readonly connections: number;
  readonly request: SeatRequest;
  readonly metrics: WorkerMetrics;
}

async function runSeated(
  config: WorkerConfig,
  deps: Seated,
  signal: AbortSignal,
): Promise<{ readonly report: ShardReport; readonly gaveWay: boolean }> {
  const { request } = deps;
  const store = await deps.openStore(deps.connections);
  const [done, giveWay] = [new AbortController(), new AbortController()];
  const kept = keepSeat(store.seats, request, deps, done.signal).then((answer) => {
    if (answer !== 'ended') giveWay.abort(new Error('the seat is wanted'));
  });
  try {
    const report = await importOver(store, config, deps, AbortSignal.any([signal, giveWay.signal]));
    return { report, gaveWay: giveWay.signal.aborted && !signal.aborted };
  } finally {
    done.abort();
    await kept;
    await store.seats.leave(request.holder).catch((error: unknown) => {
      deps.log.warn('The seat could not be given up; it comes free by itself', { error });
    });
    await store.close();
  }
}

/** Opens what else the task needs, and works over the store. */
async function importOver(
  store: Store,
  config: WorkerConfig,
  deps: ProcessDeps,
  signal: AbortSignal,
): Promise<ShardReport> {
  const { task, templateHash, claimant, slot } = config;
  const retry = <T>(call: () => Promise<T>, until: AbortSignal) => withRetry(call, patience, deps, until);
  const paceOf = (buckets: readonly RateLimit[]) => createPace(buckets, { ...deps, rates: store.rates });
  const memory = createMemoryPool();
  const objects = openS3(s3OptionsOf(config, deps));
  try {
    return await importShard(
      task,
      {
        ...deps,
        templateHash,
        claimant,
        slot,
        objects,
        retry,
        claims: store.claims,
        sink: destinationNamed(task.destination.kind).open(task.destination, {
          store,
          storeSettings: task.store,
          projectId: task.projectId,
          maxRejectShare: task.limits.maxRejectShare,
        }),
        pace: { files: paceOf(task.limits.rates.files), events: paceOf(task.limits.rates.events) },
        conversionOf: memoize((generation) => loadConversion(store, task.sourceId, generation, deps)),
        access: accessOf(task.files.format),
        readRecords: (file, until, afterRow) => readRecords(file, task.files, until, { memory, afterRow }),
      },
      signal,
    );
  } finally {
    objects.close();
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

function openStoreOf(
  { task, store, claimant }: WorkerConfig,
  maxConnections: number,
  deps: ProcessDeps,
): Promise<Store> {
  const { url, caPem } = store;
  const { schema } = task.store;
  const applicationName = `millrace-worker ${claimant}`;
  const ca = caPem === undefined ? {} : { caPem };
  return openStore({ url, schema, maxConnections, applicationName, ...ca }, deps);
}

function s3OptionsOf(config: WorkerConfig, deps: ProcessDeps) {
  const { task, s3 } = config;
  const { caPem } = s3;
  const { credentials } = openIdentity(planIdentity(config), {
    clock: deps.clock,
    observer: deps.metrics.identity,
  });
  const observer = deps.metrics.s3;
  return { ...task.connection, ...(caPem === undefined ? {} : { caPem }), credentials, observer };
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
