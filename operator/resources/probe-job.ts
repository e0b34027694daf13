import { workerEnvironment, type DiscoverTask, type ProbeTask } from '../../lib/contract/task.ts';
import type { OwnerReference } from '../runtime/objects.ts';
import type { WorkerImage } from './import-task.ts';
import { annotations, labels, managedBy } from './names.ts';
import {
  containerSecurity,
  fromConfigMap,
  fromSecret,
  podSecurity,
  reportPath,
  type Job,
  type KeyReference,
} from './worker-job.ts';

export interface ProbeJobInput {
  readonly namespace: string;
  readonly name: string;
  readonly owner: OwnerReference;
  readonly worker: WorkerImage;
  readonly component: string;
  readonly task: ProbeTask | DiscoverTask;
  readonly serviceAccountName: string;
  readonly s3Ca: KeyReference | undefined;
  /** The database that the task is about; undefined: none. */
  readonly store: { readonly url: KeyReference; readonly ca: KeyReference } | undefined;
  /** What is asked about: another one needs another answer. */
  readonly probed: string;
  readonly requestedAt: string;
}

export const probeComponent = 'identity-probe';
export const discoverComponent = 'discover';

/** Longer than an answer is good for, and short enough that no heap of them is left behind. */
const keptSeconds = 3600;

/** The Job of one pod that says who it is, or what it sees of a bucket. It is kept for its answer, which stands in the status of the pod. */
export function buildProbeJob(input: ProbeJobInput): Job {
  const own = { [labels.managedBy]: managedBy, [labels.component]: input.component };
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: {
      name: input.name,
      namespace: input.namespace,
      labels: own,
      annotations: {
        [annotations.probed]: input.probed,
        [annotations.requestedAt]: input.requestedAt,
      },
      ownerReferences: [input.owner],
    },
    spec: {
      // The only mode that the API of the local mode knows.
      completionMode: 'Indexed',
      parallelism: 1,
      completions: 1,
      backoffLimitPerIndex: 3,
      ttlSecondsAfterFinished: keptSeconds,
      template: {
        metadata: { labels: own, annotations: {} },
        spec: {
          restartPolicy: 'Never',
          serviceAccountName: input.serviceAccountName,
          automountServiceAccountToken: false,
          enableServiceLinks: false,
          terminationGracePeriodSeconds: 5,
          securityContext: podSecurity,
          containers: [buildContainer(input)],
        },
      },
    },
  };
}

function buildContainer({ worker, task, s3Ca, store }: ProbeJobInput): Readonly<Record<string, unknown>> {
  const { image, imagePullPolicy } = worker;
  const names = workerEnvironment;
  return {
    name: 'worker',
    image,
    ...(imagePullPolicy === undefined ? {} : { imagePullPolicy }),
    args: ['worker', task.kind],
    env: [
      { name: names.task, value: JSON.stringify(task) },
      { name: names.reportPath, value: reportPath },
      ...(store === undefined
        ? []
        : [fromSecret(names.storeUrl, store.url, false), fromSecret(names.storeCa, store.ca, true)]),
      ...(s3Ca === undefined ? [] : [fromConfigMap(names.s3Ca, s3Ca)]),
    ],
    resources: { requests: { cpu: '50m', memory: '128Mi' }, limits: { memory: '256Mi' } },
    terminationMessagePath: reportPath,
    terminationMessagePolicy: 'FallbackToLogsOnError',
    securityContext: containerSecurity,
  };
}
