import type { ReadyFacts } from './ready-facts.ts';
import type { ImportProgress } from './facts.ts';
import { findFiles, type FindFilesDeps } from './find-files.ts';
import { planImport } from './plan-import.ts';
import { runWorkers, type RunWorkersDeps } from './run-workers.ts';
import type { WorkerImage } from '../../resources/import-task.ts';

export interface AdvanceDeps extends FindFilesDeps, RunWorkersDeps {
  readonly worker: WorkerImage;
}

/** Brings a source that may be worked on one step further: new files into the ledger, workers to the files. */
export async function advanceImport(
  facts: ReadyFacts,
  deps: AdvanceDeps,
  signal: AbortSignal,
): Promise<ImportProgress> {
  const { source, session, newestConversion } = facts;
  const { sources, status, runs } = session.store;
  const sourceId = await sources.ensureSource(identityOf(facts), session);
  const generation = await sources.recordConversion(sourceId, newestConversion, session);
  const listing = source.spec.suspend
    ? undefined
    : await findFiles(facts, { sourceId, generation }, deps, signal);
  const counts = await status.sourceCounts(sourceId);
  const [latestRun] = await runs.listRuns(sourceId, 1);
  const { template, templateHash, plan, shards } = planImport(
    facts,
    { sourceId, counts, latestRun },
    deps.worker,
  );
  const run = { source, sourceId, session, template, templateHash, latestRun };
  const workers = await runWorkers(plan, { ...run, jobs: facts.jobs, nowMs: facts.nowMs }, deps, signal);
  const { digest } = newestConversion;
  return { generation, digest, listing, counts, run: latestRun, plan, workers, shards };
}

/** What a person must not change for the ledger to stay the same one. */
function identityOf({ source, connection }: ReadyFacts) {
  const { metadata, spec } = source;
  return {
    namespace: metadata.namespace,
    ledgerName: spec.ledgerName ?? metadata.name,
    endpoint: connection.spec.endpoint ?? '',
    bucket: spec.bucket,
    prefix: spec.prefix,
    projectId: spec.projectID,
    destination: 'eventStore',
  };
}
