import { annotations as asked, apiVersion, storeSecretCAKey } from '../../../crds/names.ts';
import { parseDiscoverReport } from '../../../lib/contract/discover-report.ts';
import { digestOf } from '../../../lib/digest.ts';
import type { ListingResult } from '../../../lib/discovery/listing.ts';
import { parseDuration } from '../../../lib/duration.ts';
import { TransientError } from '../../../lib/errors.ts';
import { askPod, type AskPodDeps } from '../../ask-pod.ts';
import type { WorkerImage } from '../../resources/import-task.ts';
import { probeJobName } from '../../resources/names.ts';
import { buildProbeJob, discoverComponent } from '../../resources/probe-job.ts';
import type { Job } from '../../resources/worker-job.ts';
import type { ImportProgress } from './facts.ts';
import { askedLook, type FoundInto } from './find-files.ts';
import type { ReadyFacts } from './ready-facts.ts';

interface LookByPodDeps extends Omit<AskPodDeps, 'clock'> {
  readonly worker: WorkerImage;
}

/** A pod that is under way is waited for by a watch; this is for what a watch does not tell. */
const waitMs = 15_000;

/**
 * What a pod of the connection's ServiceAccount sees of the bucket, where only such a pod can look: it tries what an
 * import needs, and records what it finds in the ledger. Its report says what it was denied.
 */
export async function lookByPod(
  facts: ReadyFacts,
  into: FoundInto,
  deps: LookByPodDeps,
  signal: AbortSignal,
): Promise<Pick<ImportProgress, 'listing' | 'permissions'>> {
  const { source, session, access, looks, nowMs } = facts;
  const { uid, generation, annotations } = source.metadata;
  const about = [uid, String(generation), String(into.generation), access.revision, deps.worker.image];
  const probed = digestOf(about).slice(0, 32);
  const occasion = { probed, requestedAt: annotations?.[asked.requestedAt] ?? '' };
  const look = askedLook(source, into.memory);
  const intervalMs = parseDuration(source.spec.discovery.interval) ?? 60_000;
  const { report, givenAt, trouble, awaited } = await askPod(
    {
      jobs: looks,
      occasion,
      parse: parseDiscoverReport,
      goodForMs: () => intervalMs,
      build: (hash) =>
        discoverJob(facts, into, { hash, intervalMs, isAsked: look !== undefined, ...occasion }, deps),
    },
    { ...deps, clock: { now: () => nowMs } },
    signal,
  );
  if (report === undefined) return { permissions: [], listing: { error: describeSilence(facts, trouble) } };
  if (look !== undefined && !awaited) into.memory.look = { ...look, asked: undefined };
  if (report.error !== undefined) return { permissions: report.probes, listing: { error: report.error } };
  const state = await session.store.discovery.listingState(into.sourceId);
  const dueMs = givenAt + intervalMs - nowMs;
  const listing: ListingResult = { state, nextInMs: dueMs > 0 ? dueMs : waitMs, asked: undefined };
  return { permissions: report.probes, listing };
}

function describeSilence({ connection }: ReadyFacts, trouble: string | undefined): TransientError {
  const { serviceAccountName = '' } = connection.spec.credentials;
  return trouble === undefined
    ? new TransientError({
        reason: 'DiscoveryPending',
        message: `A pod of ServiceAccount ${serviceAccountName} looks at the bucket; only its pods may.`,
      })
    : new TransientError({
        reason: 'DiscoveryFailed',
        message: `No pod of ServiceAccount ${serviceAccountName} could look at the bucket. ${trouble}`,
      });
}

interface Asked {
  readonly hash: string;
  readonly intervalMs: number;
  readonly isAsked: boolean;
  readonly probed: string;
  readonly requestedAt: string;
}

function discoverJob(
  { source, connection, eventStore, session, access, patterns }: ReadyFacts,
  { sourceId, generation }: FoundInto,
  { hash, intervalMs, isAsked, ...occasion }: Asked,
  { worker }: Pick<LookByPodDeps, 'worker'>,
): Job {
  const { namespace, name, uid } = source.metadata;
  const { bucket, prefix } = source.spec;
  const { region, endpoint, forcePathStyle, credentials, caBundleRef } = connection.spec;
  const { secretRef, schema } = eventStore.spec.postgres;
  const { account } = connection.status;
  return buildProbeJob({
    namespace,
    name: probeJobName('discover', name, hash),
    component: discoverComponent,
    owner: { apiVersion, kind: 'S3ImportSource', name, uid, controller: true, blockOwnerDeletion: true },
    worker,
    task: {
      kind: 'discover',
      namespace,
      name,
      sourceId,
      epoch: session.epoch,
      generation,
      bucket,
      prefix,
      patterns,
      intervalMs,
      isAsked,
      ...(account === undefined ? {} : { account }),
      connection: { region, forcePathStyle, ...(endpoint === undefined ? {} : { endpoint }) },
      identity: access.identity,
      schema,
    },
    serviceAccountName: credentials.serviceAccountName ?? '',
    s3Ca: caBundleRef,
    store: { url: secretRef, ca: { name: secretRef.name, key: storeSecretCAKey } },
    ...occasion,
  });
}
