import { exitCodes } from '../../lib/contract/exit-codes.ts';
import { workerMemoryEnvironment } from '../../lib/contract/worker-memory.ts';
import { workerEnvironment, type ImportTask } from '../../lib/contract/task.ts';
import type { KubernetesObject, OwnerReference } from '../runtime/objects.ts';
import { annotations, labels, managedBy } from './names.ts';

/** A batch/v1 Job, as far as the operator writes and reads it. */
export interface Job extends KubernetesObject {
  readonly spec: JobSpec;
  readonly status?: JobStatus;
}

export interface JobSpec {
  readonly parallelism: number;
  readonly completions: number;
  readonly template: PodTemplate;
  readonly [field: string]: unknown;
}

export interface JobStatus {
  readonly active?: number;
  /** Pods that are asked to end and have not yet. */
  readonly terminating?: number;
  readonly ready?: number;
  readonly succeeded?: number;
  readonly failed?: number;
  /** As in `1,3-5`. */
  readonly completedIndexes?: string;
  readonly failedIndexes?: string;
  readonly startTime?: string;
  readonly completionTime?: string;
  readonly conditions?: readonly {
    readonly type: string;
    readonly status: string;
    readonly reason?: string;
    readonly message?: string;
    readonly lastTransitionTime?: string;
  }[];
}

export interface PodTemplate {
  readonly metadata: {
    readonly labels: Readonly<Record<string, string>>;
    readonly annotations: Readonly<Record<string, string>>;
  };
  readonly spec: Readonly<Record<string, unknown>>;
}

/** A key of a Secret or ConfigMap in the source's namespace. */
export interface KeyReference {
  readonly name: string;
  readonly key: string;
}

/** What a user may say of the worker's pods; nothing else of what a user writes reaches them. */
export interface PodSettings {
  readonly resources: Readonly<Record<string, unknown>>;
  readonly nodeSelector?: Readonly<Record<string, string>>;
  readonly tolerations?: readonly unknown[];
  readonly priorityClassName?: string;
  readonly labels?: Readonly<Record<string, string>>;
}

export interface WorkerTemplateInput {
  readonly image: string;
  readonly imagePullPolicy?: string;
  readonly metricsPort?: number;
  readonly sourceLabel: string;
  readonly task: ImportTask;
  readonly secrets: {
    readonly storeUrl: KeyReference;
    readonly storeCa?: KeyReference;
    readonly s3Ca?: KeyReference;
    /** The Secret with the access key, where the connection has one. */
    readonly s3Credentials?: string;
  };
  /** Whom the pods run as; absent: as nobody whom the cluster knows more of. */
  readonly serviceAccountName?: string;
  /** A token of the ServiceAccount for this audience is given to the pod. */
  readonly tokenAudience?: string;
  /** Moves when a Secret that the worker reads does, so that its new value reaches the workers. */
  readonly secretsRevision: string;
  readonly pod: PodSettings;
}

/** Everything of a worker pod that a change of spec or Secret can change. Its digest names the Job. */
export function buildWorkerTemplate(input: WorkerTemplateInput): PodTemplate {
  return {
    metadata: {
      labels: {
        ...input.pod.labels,
        [labels.managedBy]: managedBy,
        [labels.component]: 'worker',
        [labels.source]: input.sourceLabel,
      },
      annotations: { 'millrace.dev/secrets-revision': input.secretsRevision },
    },
    spec: {
      restartPolicy: 'Never',
      ...optional('serviceAccountName', input.serviceAccountName),
      automountServiceAccountToken: false,
      enableServiceLinks: false,
      terminationGracePeriodSeconds: 60,
      securityContext: podSecurity,
      ...optional('nodeSelector', input.pod.nodeSelector),
      ...optional('tolerations', input.pod.tolerations),
      ...optional('priorityClassName', input.pod.priorityClassName),
      ...optional('volumes', input.tokenAudience && [tokenVolume(input.tokenAudience)]),
      containers: [buildContainer(input)],
    },
  };
}

function buildContainer(input: WorkerTemplateInput): Readonly<Record<string, unknown>> {
  return {
    name: 'worker',
    image: input.image,
    ...optional('imagePullPolicy', input.imagePullPolicy),
    args: ['worker', 'import-shard'],
    env: buildEnvironment(input),
    ...optional('ports', input.metricsPort && [{ name: 'metrics', containerPort: input.metricsPort }]),
    resources: input.pod.resources,
    ...optional('volumeMounts', input.tokenAudience && [tokenMount]),
    terminationMessagePath: reportPath,
    terminationMessagePolicy: 'FallbackToLogsOnError',
    securityContext: containerSecurity,
  };
}

/** What Pod Security's level restricted asks for, and somewhat more. */
export const podSecurity = {
  runAsNonRoot: true,
  runAsUser: 65532,
  runAsGroup: 65532,
  fsGroup: 65532,
  seccompProfile: { type: 'RuntimeDefault' },
} as const;

export const containerSecurity = {
  allowPrivilegeEscalation: false,
  readOnlyRootFilesystem: true,
  capabilities: { drop: ['ALL'] },
} as const;

export const reportPath = '/dev/termination-log';

const tokenMount = { name: 'aws-token', mountPath: '/var/run/secrets/millrace.dev/aws', readOnly: true };
const tokenName = 'token';

/** The kubelet renews the token in its file; the one of the cluster's own API stays out of the pod. */
function tokenVolume(audience: string): unknown {
  const token = { audience, expirationSeconds: 3600, path: tokenName };
  return { name: tokenMount.name, projected: { sources: [{ serviceAccountToken: token }] } };
}

/** Credentials by reference only: the values never pass through the operator into an object. */
function buildEnvironment(input: WorkerTemplateInput): readonly unknown[] {
  const names = workerEnvironment;
  const { secrets } = input;
  const { s3Credentials } = secrets;
  return [
    { name: names.task, value: JSON.stringify(input.task) },
    ...Object.entries(workerMemoryEnvironment).map(([name, value]) => ({ name, value })),
    { name: names.reportPath, value: reportPath },
    { name: names.podName, valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
    fromSecret(names.storeUrl, secrets.storeUrl, false),
    ...(secrets.storeCa ? [fromSecret(names.storeCa, secrets.storeCa, true)] : []),
    ...(secrets.s3Ca ? [fromConfigMap(names.s3Ca, secrets.s3Ca)] : []),
    ...(s3Credentials === undefined ? [] : keysFrom(s3Credentials)),
    ...(input.metricsPort === undefined
      ? []
      : [{ name: names.metricsPort, value: String(input.metricsPort) }]),
    ...(input.tokenAudience === undefined
      ? []
      : [{ name: names.tokenFile, value: `${tokenMount.mountPath}/${tokenName}` }]),
  ];
}

function keysFrom(name: string): readonly unknown[] {
  const names = workerEnvironment;
  return [
    fromSecret(names.accessKeyId, { name, key: 'accessKeyID' }, false),
    fromSecret(names.secretAccessKey, { name, key: 'secretAccessKey' }, false),
    fromSecret(names.sessionToken, { name, key: 'sessionToken' }, true),
  ];
}

export function fromSecret(name: string, ref: KeyReference, optionalKey: boolean): unknown {
  return { name, valueFrom: { secretKeyRef: { ...ref, ...(optionalKey ? { optional: true } : {}) } } };
}

export function fromConfigMap(name: string, ref: KeyReference): unknown {
  return { name, valueFrom: { configMapKeyRef: ref } };
}

function optional(name: string, value: unknown): Readonly<Record<string, unknown>> {
  return value === undefined ? {} : { [name]: value };
}

export interface WorkerJobInput {
  readonly namespace: string;
  readonly name: string;
  readonly owner: OwnerReference;
  readonly run: number;
  /** Workers, those that have ended among them. */
  readonly size: number;
  readonly template: PodTemplate;
  readonly templateHash: string;
}

/**
 * The Indexed Job of one run. Its index only numbers the workers: work is claimed from the ledger, so that a shard
 * that fails for good leaves nothing behind that another could not take.
 */
export function buildWorkerJob(input: WorkerJobInput): Job {
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: {
      name: input.name,
      namespace: input.namespace,
      labels: pickOwn(input.template.metadata.labels),
      annotations: {
        [annotations.templateHash]: input.templateHash,
        [annotations.run]: String(input.run),
      },
      ownerReferences: [input.owner],
    },
    spec: {
      completionMode: 'Indexed',
      parallelism: input.size,
      completions: input.size,
      backoffLimitPerIndex: 5,
      ttlSecondsAfterFinished: 3600,
      podReplacementPolicy: 'Failed',
      podFailurePolicy: { rules: podFailureRules },
      template: nameIn(input),
    },
  };
}

/** An eviction or a drained node is nobody's fault; a refused task, key or action fails for every shard alike. */
const podFailureRules = [
  { action: 'Ignore', onPodConditions: [{ type: 'DisruptionTarget', status: 'True' }] },
  {
    action: 'FailJob',
    onExitCodes: {
      containerName: 'worker',
      operator: 'In',
      values: [exitCodes.configuration, exitCodes.credentials, exitCodes.permission],
    },
  },
];

function pickOwn(all: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    Object.values(labels).flatMap((name) => (all[name] === undefined ? [] : [[name, all[name]]])),
  );
}

/** The worker compares this hash with the one that the ledger wants, and ends when its spec is no longer current. */
function nameIn({ template, templateHash, name }: WorkerJobInput): PodTemplate {
  return {
    ...template,
    metadata: {
      ...template.metadata,
      annotations: { ...template.metadata.annotations, [annotations.templateHash]: templateHash },
    },
    spec: {
      ...template.spec,
      containers: (template.spec['containers'] as Readonly<Record<string, unknown>>[]).map((container) => ({
        ...container,
        env: [
          ...(container['env'] as unknown[]),
          { name: workerEnvironment.templateHash, value: templateHash },
          { name: workerEnvironment.jobName, value: name },
        ],
      })),
    },
  };
}
