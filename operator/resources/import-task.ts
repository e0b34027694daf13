import type { EventStore } from '../../crds/generated/event-store.ts';
import type { S3Connection } from '../../crds/generated/s3-connection.ts';
import type { S3ImportSource } from '../../crds/generated/s3-import-source.ts';
import { storeSecretCAKey } from '../../crds/names.ts';
import type { ImportTask, RateLimit, TaskIdentity } from '../../lib/contract/task.ts';
import { parseDuration } from '../../lib/duration.ts';
import type { JsonObject } from '../../lib/json.ts';
import { labelValue } from './names.ts';
import { buildWorkerTemplate, type PodTemplate } from './worker-job.ts';

export interface ImportTemplateInput {
  readonly source: S3ImportSource;
  readonly connection: S3Connection;
  readonly eventStore: EventStore;
  readonly sourceId: number;
  readonly secretsRevision: string;
  readonly access: { readonly identity: TaskIdentity };
  readonly worker: WorkerImage;
  readonly digest: (text: string) => string;
}

/** What an administrator says of the workers' pods, by the operator's configuration. */
export interface WorkerImage {
  readonly image: string;
  readonly imagePullPolicy?: string;
  /** Where Prometheus may ask each of them; absent: nowhere. */
  readonly metricsPort?: number;
}

/** Connections of a store that are not the workers': three of the operator, and one for workers that ask for a seat. */
const otherConnections = 4;

/** With two connections a worker still works, over one of them. */
const fewestConnections = 2;

/** How many workers a source may have without going over its store's connections. */
export function mostShards(source: S3ImportSource, eventStore: EventStore): number {
  return Math.max(1, Math.min(source.spec.workers.max, Math.floor(freeOf(eventStore) / fewestConnections)));
}

/** Those that all workers of the store share: which worker has how many is settled in the store itself. */
function freeOf({ spec }: EventStore): number {
  return Math.max(fewestConnections, spec.postgres.maxConnections - otherConnections);
}

/** The pod template of a source's workers: the same for the same spec, Secrets and operator. */
export function buildImportTemplate(input: ImportTemplateInput): PodTemplate {
  const { source, connection, eventStore, worker } = input;
  const { secretRef } = eventStore.spec.postgres;
  const { caBundleRef, credentials } = connection.spec;
  const { workers } = source.spec;
  return buildWorkerTemplate({
    ...worker,
    sourceLabel: labelValue(source.metadata.name, input.digest),
    task: buildImportTask(input),
    secrets: {
      storeUrl: secretRef,
      storeCa: { name: secretRef.name, key: storeSecretCAKey },
      ...(caBundleRef === undefined ? {} : { s3Ca: caBundleRef }),
      ...pick('s3Credentials', credentials.secretRef?.name),
    },
    ...pick('serviceAccountName', credentials.serviceAccountName),
    ...pick('tokenAudience', audienceOf(input.access.identity)),
    secretsRevision: input.secretsRevision,
    pod: { ...workers.scheduling, resources: { ...workers.resources }, ...pick('labels', workers.labels) },
  });
}

/** Of the token that the pod is given; undefined where it needs none. */
function audienceOf({ base }: TaskIdentity): string | undefined {
  return base.kind === 'webIdentity' ? base.audience : undefined;
}

function buildImportTask(input: ImportTemplateInput): ImportTask {
  const { source, connection, eventStore, sourceId, access } = input;
  const { metadata, spec } = source;
  const { region, endpoint, forcePathStyle } = connection.spec;
  return {
    kind: 'import-shard',
    namespace: metadata.namespace,
    name: metadata.name,
    sourceId,
    bucket: spec.bucket,
    prefix: spec.prefix,
    connection: { region, forcePathStyle, ...pick('endpoint', endpoint) },
    identity: access.identity,
    store: {
      schema: eventStore.spec.postgres.schema,
      maxConnections: freeOf(eventStore),
      deduplicationWindowMs: milliseconds(eventStore.spec.deduplicationWindow),
    },
    projectId: spec.projectID,
    files: {
      format: spec.files.format,
      compression: spec.files.compression,
      options: { ...spec.files.csv, ...spec.files.parquet } as JsonObject,
    },
    destination: { kind: 'eventStore', options: {} },
    limits: {
      rates: { files: ratesOf('filesPerSecond', input), events: ratesOf('eventsPerSecond', input) },
      ...pick('maxRejectShare', shareOf(spec.errors.maxRejectShare)),
      maxAttempts: spec.errors.maxAttempts,
      lingerMs: spec.workers.lingerSeconds * 1000,
      maxLifetimeMs: milliseconds(spec.workers.maxLifetime),
    },
  };
}

/** The project's limit, which its sources share, and the source's own: the smaller one is felt. */
function ratesOf(
  limit: 'filesPerSecond' | 'eventsPerSecond',
  { source, eventStore, sourceId }: ImportTemplateInput,
): readonly RateLimit[] {
  const { projectID, limits } = source.spec;
  const project = eventStore.spec.projects.find(({ id }) => id === projectID);
  const rate = (scope: string, perSecond: number | undefined): readonly RateLimit[] =>
    perSecond === undefined ? [] : [{ scope: `${scope}/${limit}`, perSecond }];
  return [
    ...rate(`project/${projectID}`, project?.limits[limit]),
    ...rate(`source/${String(sourceId)}`, limits?.[limit]),
  ];
}

/** `1%` as 0.01; the schema admits only numbers with a percent sign. */
function shareOf(percent: string | undefined): number | undefined {
  return percent === undefined ? undefined : Number.parseFloat(percent) / 100;
}

/** The schema admits only texts that can be read. */
function milliseconds(duration: string): number {
  return parseDuration(duration) ?? 0;
}

function pick<N extends string, T>(name: N, value: T | undefined): { readonly [K in N]?: T } {
  return value === undefined ? {} : ({ [name]: value } as { readonly [K in N]: T });
}
