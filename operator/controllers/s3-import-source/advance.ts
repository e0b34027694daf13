import { isStoreError } from '../../../lib/store/errors.ts';
import type { SourceCounts } from '../../../lib/store/types.ts';
import { viewJob } from '../../planning/job-view.ts';
import { addSample, ratesOf } from '../../planning/rates.ts';
import type { ObjectStores } from '../../object-stores.ts';
import type { OperatorCounters } from '../../operator-counters.ts';
import type { RunPlan } from '../../planning/run.ts';
import type { WorkerImage } from '../../resources/import-task.ts';
import type { ImportProgress } from './facts.ts';
import { findFiles, type FoundInto } from './find-files.ts';
import { keyOfConnection } from './gather.ts';
import { lookByPod } from './look-by-pod.ts';
import type { SourceMemory } from './memory.ts';
import { desiredShards, planImport } from './plan-import.ts';
import { probePermissions } from './probe-permissions.ts';
import type { ReadyFacts } from './ready-facts.ts';
import { runWorkers, type RunWorkersDeps } from './run-workers.ts';
import { sourceIdentityOf } from './source-identity.ts';

export interface AdvanceDeps extends RunWorkersDeps {
  readonly objectStores: Pick<ObjectStores, 'get'>;
  readonly worker: WorkerImage;
  readonly counters: OperatorCounters;
}

/** Of which the status tells. */
const shownRuns = 6;

/** Brings a source that may be worked on one step further: new files into the ledger, workers to the files. */
export async function advanceImport(
  facts: ReadyFacts,
  memory: SourceMemory,
  deps: AdvanceDeps,
  signal: AbortSignal,
): Promise<ImportProgress> {
  const { source, session, connection, newestConversion, jobs, nowMs } = facts;
  const { sources, status, runs: allRuns } = session.store;
  const sourceId = await sources.ensureSource(sourceIdentityOf(source, connection), session);
  const generation = await sources.recordConversion(sourceId, newestConversion, session);
  const into = { sourceId, generation, memory };
  const { listing, permissions } = source.spec.suspend
    ? { listing: undefined, permissions: [] }
    : await lookIntoBucket(facts, into, deps, signal);
  const counts = await status.sourceCounts(sourceId);
  const runsBefore = await allRuns.listRuns(sourceId, shownRuns);
  const [latestRun] = runsBefore;
  const surplusMs = noteSurplus(facts, counts, memory);
  const account = { sourceId, counts, latestRun, surplusMs, permissions };
  const { template, templateHash, plan, shards } = planImport(facts, account, deps.worker);
  const run = { source, sourceId, session, template, templateHash, latestRun, jobs, nowMs, memory };
  const workers = await runWorkers(plan, run, deps, signal);
  const runs = movesRun(plan) ? await allRuns.listRuns(sourceId, shownRuns) : runsBefore;
  memory.samples = addSample(memory.samples, sampleOf(counts, nowMs));
  const { digest } = newestConversion;
  const rates = ratesOf(memory.samples);
  return { generation, digest, permissions, listing, counts, runs, plan, workers, shards, rates };
}

/** What opens or ends a run is told by the pass that does it. */
function movesRun({ kind }: RunPlan): boolean {
  return kind === 'start' || kind === 'end' || kind === 'stop';
}

async function lookIntoBucket(
  facts: ReadyFacts,
  into: FoundInto,
  deps: AdvanceDeps,
  signal: AbortSignal,
): Promise<Pick<ImportProgress, 'listing' | 'permissions'>> {
  if (facts.access.plan === undefined) return await lookByPod(facts, into, deps, signal);
  try {
    const objects = deps.objectStores.get(keyOfConnection(facts.source), facts.access);
    const tell = deps.counters.probed;
    const permissions = await probePermissions(facts, into.memory, { objects, tell }, signal);
    const refused = permissions.find(
      (probe) => probe.action === 's3:ListBucket' && probe.error !== undefined,
    );
    const listing =
      refused === undefined ? await findFiles(facts, into, objects, signal) : { error: refused.error };
    return { permissions, listing };
  } catch (error) {
    signal.throwIfAborted();
    if (isStoreError(error)) throw error;
    return { permissions: [], listing: { error } };
  }
}

/** For how long there have been more workers than the backlog is worth. */
function noteSurplus(facts: ReadyFacts, counts: SourceCounts, memory: SourceMemory): number {
  const live = Math.max(0, ...facts.jobs.map((job) => viewJob(job).live.length));
  if (live <= desiredShards(facts, counts)) memory.surplusSince = undefined;
  else memory.surplusSince ??= facts.nowMs;
  return facts.nowMs - (memory.surplusSince ?? facts.nowMs);
}

function sampleOf({ files, records }: SourceCounts, atMs: number) {
  const { imported, duplicate, skipped, rejected } = records;
  return { atMs, files: files.done + files.failed, records: imported + duplicate + skipped + rejected };
}
