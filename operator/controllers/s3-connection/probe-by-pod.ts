import type { S3Connection } from '../../../crds/generated/s3-connection.ts';
import { annotations as asked, apiVersion } from '../../../crds/names.ts';
import type { Clock } from '../../../lib/clock.ts';
import { parseProbeReport, type ProbeReport } from '../../../lib/contract/probe-report.ts';
import { digestOf } from '../../../lib/digest.ts';
import {
  newestProbe,
  planProbe,
  requestOf,
  type ProbeOccasion,
  type ProbePlan,
} from '../../planning/probe.ts';
import { troubleOf } from '../../planning/pod-trouble.ts';
import { resourceTypes } from '../../resource-types.ts';
import type { WorkerImage } from '../../resources/import-task.ts';
import { labels, probeJobName } from '../../resources/names.ts';
import { buildProbeJob, probeComponent } from '../../resources/probe-job.ts';
import type { Job } from '../../resources/worker-job.ts';
import { podLabels, type WorkerPod } from '../../resources/worker-pod.ts';
import type { ApiClient } from '../../runtime/api-client.ts';
import { isAlreadyExists } from '../../runtime/api-error.ts';
import { controllerOf, keyOf } from '../../runtime/objects.ts';
import type { Store as Cache } from '../../runtime/store.ts';
import type { S3Access } from './gather.ts';

export interface ProbeByPodDeps {
  readonly client: ApiClient;
  readonly jobs: Pick<Cache<Job>, 'list'>;
  readonly worker: WorkerImage;
  readonly clock: Pick<Clock, 'now'>;
}

type PodAnswer = ProbeReport | { readonly outcome: 'pending'; readonly message: string };

export interface ProbedByPod {
  readonly answer: PodAnswer;
  /** The answer is of before a person's request, which a pod is answering now. */
  readonly awaited: boolean;
}

/** An association that was taken away is also told by the workers; this is for all the others. */
const provenMs = 15 * 60_000;

/** What a person may be mending just now. */
const openMs = 60_000;

/** A store of one's own may have no STS. */
export function canAskSts({ spec: { endpoint, stsEndpoint } }: S3Connection): boolean {
  return endpoint === undefined || stsEndpoint !== undefined;
}

/**
 * Who a pod of the connection's ServiceAccount is, as one said that was started to say it. Its Job keeps the answer,
 * so that an operator that is started anew asks nobody again; while a newer one is asked, the answer before it holds.
 */
export async function probeByPod(
  connection: S3Connection,
  access: S3Access,
  deps: ProbeByPodDeps,
  signal: AbortSignal,
): Promise<ProbedByPod> {
  const { namespace, uid, generation, annotations } = connection.metadata;
  const jobs = deps.jobs.list(namespace).filter((job) => isProbeOf(job, uid));
  const { image } = deps.worker;
  const probed = digestOf([uid, String(generation), access.revision, image]).slice(0, 32);
  const occasion = { probed, requestedAt: annotations?.[asked.requestedAt] ?? '' };
  const last = newestProbe(jobs, probed);
  const before = last && (await readAnswer(last, deps, signal));
  const plan = planProbe({ jobs, occasion, goodForMs: goodFor(before), nowMs: deps.clock.now() });
  const now = await carryOut(connection, { access, occasion, plan }, deps, signal);
  return {
    answer: before ?? now ?? pending(connection),
    awaited: plan.kind !== 'keep' && (last && requestOf(last)) !== occasion.requestedAt,
  };
}

interface Step {
  readonly access: S3Access;
  readonly occasion: ProbeOccasion;
  readonly plan: ProbePlan;
}

/** Gives what is to be said meanwhile, beyond that an answer is waited for. */
async function carryOut(
  connection: S3Connection,
  { access, occasion, plan }: Step,
  deps: ProbeByPodDeps,
  signal: AbortSignal,
): Promise<PodAnswer | undefined> {
  switch (plan.kind) {
    case 'keep':
      return undefined;
    case 'wait':
      return await describeWait(plan, deps, signal);
    case 'giveUp':
      await deps.client.delete(resourceTypes.jobs, keyOf(plan.job), { signal });
      return undefined;
    case 'start':
      await startProbe(connection, { access, occasion, ...plan }, deps, signal);
      return undefined;
  }
}

function isProbeOf(job: Job, uid: string): boolean {
  return controllerOf(job)?.uid === uid && job.metadata.labels?.[labels.component] === probeComponent;
}

function goodFor(answer: PodAnswer | undefined): number {
  if (answer === undefined) return 0;
  return answer.outcome === 'refused' ? openMs : provenMs;
}

function pending({ spec }: S3Connection): PodAnswer {
  const { serviceAccountName = '' } = spec.credentials;
  const message = `A pod of ServiceAccount ${serviceAccountName} is asked who it is; only its pods hold the identity.`;
  return { outcome: 'pending', message };
}

/** Of a Job that ended. Undefined: its pods are gone, and what they said with them. */
async function readAnswer(
  job: Job,
  deps: ProbeByPodDeps,
  signal: AbortSignal,
): Promise<PodAnswer | undefined> {
  const pods = await podsOf(job, deps, signal);
  for (const pod of pods) {
    const report = reportIn(pod);
    if (report !== undefined) return report;
  }
  const trouble = pods.flatMap((pod) => troubleOf(pod) ?? [])[0];
  return trouble && failure(trouble.message);
}

function reportIn({ status }: WorkerPod): ProbeReport | undefined {
  const messages = (status?.containerStatuses ?? []).flatMap(({ state }) => state?.terminated?.message ?? []);
  return messages.flatMap((message) => parseProbeReport(message) ?? [])[0];
}

async function describeWait(
  { job, late }: { readonly job: Job; readonly late: boolean },
  deps: ProbeByPodDeps,
  signal: AbortSignal,
): Promise<PodAnswer | undefined> {
  const pods = await podsOf(job, deps, signal);
  const trouble = pods.flatMap((pod) => troubleOf(pod) ?? [])[0];
  if (trouble !== undefined) return failure(trouble.message);
  if (!late) return undefined;
  const name = job.metadata.name ?? '';
  return failure(
    `Job ${name} has not answered in two minutes. kubectl describe job ${name} says how it stands.`,
  );
}

function failure(cause: string): PodAnswer {
  const message = `No pod of the ServiceAccount could say who it is. ${cause}`;
  return { outcome: 'refused', reason: 'IdentityProbeFailed', message };
}

/** A Job of one pod, which is tried again a few times. */
const mostPods = 10;

async function podsOf(
  job: Job,
  { client }: ProbeByPodDeps,
  signal: AbortSignal,
): Promise<readonly WorkerPod[]> {
  const { namespace, name } = keyOf(job);
  const labelSelector = `${podLabels.job}=${name}`;
  const page = await client.list<WorkerPod>(resourceTypes.pods, {
    namespace,
    labelSelector,
    limit: mostPods,
    signal,
  });
  return page.items;
}

interface Start {
  readonly access: S3Access;
  readonly occasion: ProbeOccasion;
  readonly hash: string;
  readonly surplus: readonly Job[];
}

/** Answers that nobody will read any more go with it. */
async function startProbe(
  connection: S3Connection,
  { access, occasion, hash, surplus }: Start,
  { client, worker }: ProbeByPodDeps,
  signal: AbortSignal,
): Promise<void> {
  const { namespace, name, uid } = connection.metadata;
  const { region, endpoint, forcePathStyle, credentials, caBundleRef } = connection.spec;
  const job = buildProbeJob({
    namespace,
    name: probeJobName(name, hash),
    owner: { apiVersion, kind: 'S3Connection', name, uid, controller: true, blockOwnerDeletion: true },
    worker,
    task: {
      kind: 'probe',
      namespace,
      name,
      connection: { region, forcePathStyle, ...(endpoint === undefined ? {} : { endpoint }) },
      identity: access.identity,
      asksSts: canAskSts(connection),
    },
    serviceAccountName: credentials.serviceAccountName ?? '',
    s3Ca: caBundleRef,
    ...occasion,
  });
  try {
    await client.create(resourceTypes.jobs, job, { signal });
  } catch (error) {
    // This process's copy of the Jobs is behind, or another operator was before it.
    if (!isAlreadyExists(error)) throw error;
  }
  for (const old of surplus) {
    await client.delete(resourceTypes.jobs, keyOf(old), { signal });
  }
}
