import { exitCodes } from '../../lib/contract/exit-codes.ts';
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
  readonly ready?: number;
  readonly succeeded?: number;
  readonly failed?: number;
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
  readonly sourceLabel: string;
  readonly task: ImportTask;
  readonly secrets: {
    readonly storeUrl: KeyReference;
    readonly storeCa?: KeyReference;
    readonly s3Ca?: KeyReference;
    /** The Secret with the access key. */
    readonly s3Credentials: string;
  };
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
      automountServiceAccountToken: false,
      enableServiceLinks: false,
      terminationGracePeriodSeconds: 60,
      securityContext: {
        runAsNonRoot: true,
        runAsUser: 65532,
        runAsGroup: 65532,
        fsGroup: 65532,
        seccompProfile: { type: 'RuntimeDefault' },
      },
      ...optional('nodeSelector', input.pod.nodeSelector),
      ...optional('tolerations', input.pod.tolerations),
      ...optional('priorityClassName', input.pod.priorityClassName),
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
    resources: input.pod.resources,
    terminationMessagePath: reportPath,
    terminationMessagePolicy: 'FallbackToLogsOnError',
    securityContext: {
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
    },
  };
}

const reportPath = '/dev/termination-log';

/** Credentials by reference only: the values never pass through the operator into an object. */
function buildEnvironment(input: WorkerTemplateInput): readonly unknown[] {
  const names = workerEnvironment;
  const { secrets } = input;
  const keyOf = (name: string, key: string, optionalKey: boolean) =>
    fromSecret(name, { name: secrets.s3Credentials, key }, optionalKey);
  return [
    { name: names.task, value: JSON.stringify(input.task) },
    { name: names.reportPath, value: reportPath },
    { name: names.podName, valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
    fromSecret(names.storeUrl, secrets.storeUrl, false),
    ...(secrets.storeCa ? [fromSecret(names.storeCa, secrets.storeCa, true)] : []),
    ...(secrets.s3Ca ? [fromConfigMap(names.s3Ca, secrets.s3Ca)] : []),
    keyOf(names.accessKeyId, 'accessKeyID', false),
    keyOf(names.secretAccessKey, 'secretAccessKey', false),
    keyOf(names.sessionToken, 'sessionToken', true),
  ];
}

function fromSecret(name: string, ref: KeyReference, optionalKey: boolean): unknown {
  return { name, valueFrom: { secretKeyRef: { ...ref, ...(optionalKey ? { optional: true } : {}) } } };
}

function fromConfigMap(name: string, ref: KeyReference): unknown {
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
  readonly shards: number;
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
      parallelism: input.shards,
      completions: input.shards,
      backoffLimitPerIndex: 5,
      ttlSecondsAfterFinished: 3600,
      podReplacementPolicy: 'Failed',
      podFailurePolicy: { rules: podFailureRules },
      template: withHash(input.template, input.templateHash),
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
function withHash(template: PodTemplate, templateHash: string): PodTemplate {
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
        ],
      })),
    },
  };
}
