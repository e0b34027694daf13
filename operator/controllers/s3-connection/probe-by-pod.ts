import type { S3Connection } from '../../../crds/generated/s3-connection.ts';
import { annotations as asked, apiVersion } from '../../../crds/names.ts';
import type { Clock } from '../../../lib/clock.ts';
import { parseProbeReport, type ProbeReport } from '../../../lib/contract/probe-report.ts';
import { digestOf } from '../../../lib/digest.ts';
import { askPod } from '../../ask-pod.ts';
import type { WorkerImage } from '../../resources/import-task.ts';
import { labels, probeJobName } from '../../resources/names.ts';
import { buildProbeJob, probeComponent } from '../../resources/probe-job.ts';
import type { Job } from '../../resources/worker-job.ts';
import type { ApiClient } from '../../runtime/api-client.ts';
import { controllerOf } from '../../runtime/objects.ts';
import type { Store as Cache } from '../../runtime/store.ts';
import type { S3Access } from './gather.ts';

interface ProbeByPodDeps {
  readonly client: ApiClient;
  readonly jobs: Pick<Cache<Job>, 'list'>;
  readonly worker: WorkerImage;
  readonly clock: Pick<Clock, 'now'>;
}

interface ProbedByPod {
  readonly answer: ProbeReport | { readonly outcome: 'pending'; readonly message: string };
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

/** Who a pod of the connection's ServiceAccount is, as one said that was started to say it. */
export async function probeByPod(
  connection: S3Connection,
  access: S3Access,
  deps: ProbeByPodDeps,
  signal: AbortSignal,
): Promise<ProbedByPod> {
  const { namespace, uid, generation, annotations } = connection.metadata;
  const { image } = deps.worker;
  const probed = digestOf([uid, String(generation), access.revision, image]).slice(0, 32);
  const occasion = { probed, requestedAt: annotations?.[asked.requestedAt] ?? '' };
  const { report, trouble, awaited } = await askPod(
    {
      jobs: deps.jobs.list(namespace).filter((job) => isProbeOf(job, uid)),
      occasion,
      parse: parseProbeReport,
      goodForMs: ({ outcome }) => (outcome === 'refused' ? openMs : provenMs),
      build: (hash) => probeJob(connection, { access, hash, ...occasion }, deps),
    },
    deps,
    signal,
  );
  return { answer: report ?? (trouble === undefined ? pending(connection) : failure(trouble)), awaited };
}

function isProbeOf(job: Job, uid: string): boolean {
  return controllerOf(job)?.uid === uid && job.metadata.labels?.[labels.component] === probeComponent;
}

function pending({ spec }: S3Connection): ProbedByPod['answer'] {
  const { serviceAccountName = '' } = spec.credentials;
  const message = `A pod of ServiceAccount ${serviceAccountName} is asked who it is; only its pods hold the identity.`;
  return { outcome: 'pending', message };
}

function failure(cause: string): ProbedByPod['answer'] {
  const message = `No pod of the ServiceAccount could say who it is. ${cause}`;
  return { outcome: 'refused', reason: 'IdentityProbeFailed', message };
}

interface Asked {
  readonly access: S3Access;
  readonly hash: string;
  readonly probed: string;
  readonly requestedAt: string;
}

function probeJob(
  connection: S3Connection,
  { access, hash, ...occasion }: Asked,
  { worker }: ProbeByPodDeps,
): Job {
  const { namespace, name, uid } = connection.metadata;
  const { region, endpoint, forcePathStyle, credentials, caBundleRef } = connection.spec;
  return buildProbeJob({
    namespace,
    name: probeJobName('probe', name, hash),
    component: probeComponent,
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
    store: undefined,
    ...occasion,
  });
}
