import { annotations } from '../../../crds/names.ts';
import { digestOf } from '../../../lib/digest.ts';
import { parseDuration } from '../../../lib/duration.ts';
import { apiErrorOf, isForbidden } from '../../runtime/api-error.ts';
import type { ApiClient } from '../../runtime/api-client.ts';
import type { EventRecorder } from '../../runtime/event-recorder.ts';
import { failed, type Finding } from '../../conditions/finding.ts';
import { listObjects, type ListingResult } from '../../discovery/listing.ts';
import type { ObjectStores } from '../../object-stores.ts';
import { viewJob } from '../../planning/job-view.ts';
import { planRun, type JobView, type RunPlan } from '../../planning/run.ts';
import { planShards } from '../../planning/shards.ts';
import { buildImportTemplate, mostShards, type WorkerImage } from '../../resources/import-task.ts';
import { carryOutRun, type CarryOutInput } from './carry-out-run.ts';
import type { ImportProgress } from './facts.ts';
import { keyOfConnection } from './gather.ts';
import { observeWorkers } from './observe-workers.ts';
import type { ReadyFacts } from './ready-facts.ts';

export interface AdvanceDeps {
  readonly client: ApiClient;
  readonly objectStores: ObjectStores;
  readonly recorder: EventRecorder;
  readonly worker: WorkerImage;
}

/** Brings a source that may be worked on one step further: new files into the ledger, workers to the files. */
export async function advanceImport(
  facts: ReadyFacts,
  deps: AdvanceDeps,
  signal: AbortSignal,
): Promise<ImportProgress> {
  const { source, session, newestConversion } = facts;
  const { store } = session;
  const sourceId = await store.sources.ensureSource(identityOf(facts), session);
  const generation = await store.sources.recordConversion(sourceId, newestConversion, session);
  const listing = source.spec.suspend
    ? undefined
    : await tryListing(facts, { sourceId, generation }, deps, signal);
  const counts = await store.status.sourceCounts(sourceId);
  const [latestRun] = await store.runs.listRuns(sourceId, 1);
  const template = buildImportTemplate({
    ...facts,
    sourceId,
    secretsRevision: digestOf([facts.access.revision, session.revision]),
    worker: deps.worker,
    digest: (text) => digestOf([text]),
  });
  const templateHash = digestOf([JSON.stringify(template)]);
  const backlog = { files: counts.files.unfinished, bytes: counts.files.waitingBytes };
  const desired = planShards(backlog, mostShards(source, facts.eventStore));
  const jobs = facts.jobs.map(viewJob);
  const plan = planRun({
    suspended: source.spec.suspend,
    templateHash,
    shards: desired,
    jobs,
    latestRun: latestRun && {
      number: latestRun.number,
      open: latestRun.endedAt === undefined,
      endedAt: latestRun.endedAt,
      files: latestRun.files.done + latestRun.files.failed,
    },
    nowMs: facts.nowMs,
  });
  const input = { source, sourceId, session, template, templateHash, latestRun, counts };
  const workers = await tryRun(plan, input, { facts, deps }, signal);
  const shards = countShards(facts, jobs, desired);
  return {
    generation,
    digest: newestConversion.digest,
    listing,
    counts,
    run: latestRun,
    plan,
    workers,
    shards,
  };
}

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

/** A bucket that cannot be listed is a fact of the source; work that was found before goes on. */
async function tryListing(
  facts: ReadyFacts,
  { sourceId, generation }: { readonly sourceId: number; readonly generation: number },
  { objectStores }: AdvanceDeps,
  signal: AbortSignal,
): Promise<ListingResult | { readonly error: unknown }> {
  const { source, session, access, matches, nowMs } = facts;
  const requestedAt = source.metadata.annotations?.[annotations.requestedAt];
  const input = {
    sourceId,
    epoch: session.epoch,
    generation,
    bucket: source.spec.bucket,
    prefix: source.spec.prefix,
    matches,
    intervalMs: parseDuration(source.spec.discovery.interval) ?? 60_000,
    requested: requestedAt !== undefined && requestedAt !== source.status.lastHandledReconcileAt,
    nowMs,
  };
  const objects = objectStores.get(keyOfConnection(source), access.options);
  try {
    return await listObjects(input, { objects, discovery: session.store.discovery }, signal);
  } catch (error) {
    signal.throwIfAborted();
    return { error };
  }
}

/** Carries the plan out and sees how the workers stand; a refusal of the API server is a finding too. */
async function tryRun(
  plan: RunPlan,
  input: CarryOutInput,
  { facts, deps }: { readonly facts: ReadyFacts; readonly deps: AdvanceDeps },
  signal: AbortSignal,
): Promise<Finding> {
  const { store, epoch } = input.session;
  const wanted = facts.source.spec.suspend ? undefined : input.templateHash;
  await store.sources.setWantedTemplate(input.sourceId, wanted, { epoch });
  try {
    await carryOutRun(plan, input, deps, signal);
    return await observeWorkers(facts.jobs, plan, { client: deps.client, nowMs: facts.nowMs }, signal);
  } catch (error) {
    signal.throwIfAborted();
    const refusal = apiErrorOf(error);
    if (refusal === undefined) throw error;
    const reason = isForbidden(error) ? 'WorkerForbidden' : 'WorkerCreateFailed';
    return failed('WorkersAvailable', reason, `The Job of the workers was refused: ${refusal.message}`);
  }
}

function countShards(facts: ReadyFacts, jobs: readonly JobView[], desired: number) {
  const active = jobs.filter(({ state }) => state === 'active');
  const status = facts.jobs.find(({ metadata }) => metadata.name === active[0]?.name)?.status;
  return {
    desired: Math.max(desired, active[0]?.shards ?? 0),
    active: status?.active ?? 0,
    failed: countIndexes(status?.failedIndexes ?? ''),
  };
}

/** How many indexes a text such as `1,3-5` names. */
export function countIndexes(text: string): number {
  if (text === '') return 0;
  return text.split(',').reduce((sum, part) => {
    const [first = 0, last = first] = part.split('-').map(Number);
    return sum + last - first + 1;
  }, 0);
}
