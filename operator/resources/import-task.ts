import type { EventStore } from '../../crds/generated/event-store.ts';
import type { S3Connection } from '../../crds/generated/s3-connection.ts';
import type { S3ImportSource } from '../../crds/generated/s3-import-source.ts';
import { storeSecretCAKey } from '../../crds/names.ts';
import type { ImportTask } from '../../lib/contract/task.ts';
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
  readonly worker: WorkerImage;
  readonly digest: (text: string) => string;
}

/** What an administrator says of the workers' pods, by the operator's configuration. */
export interface WorkerImage {
  readonly image: string;
  readonly imagePullPolicy?: string;
}

/** Connections that the operator keeps for itself, beside the workers'. */
const operatorConnections = 4;

/** A worker loads over one connection a lane, and beats over another; with two it still works, one file at a time. */
const mostConnections = 6;
const fewestConnections = 2;

/** How many workers a source may have without going over its store's connections. */
export function mostShards(source: S3ImportSource, eventStore: EventStore): number {
  const free = eventStore.spec.postgres.maxConnections - operatorConnections;
  return Math.max(1, Math.min(source.spec.workers.max, Math.floor(free / fewestConnections)));
}

function connectionsOfOne(source: S3ImportSource, eventStore: EventStore): number {
  const free = eventStore.spec.postgres.maxConnections - operatorConnections;
  const share = Math.floor(free / mostShards(source, eventStore));
  return Math.max(fewestConnections, Math.min(mostConnections, share));
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
      s3Credentials: credentials.secretRef?.name ?? '',
    },
    secretsRevision: input.secretsRevision,
    pod: { ...workers.scheduling, resources: { ...workers.resources }, ...pick('labels', workers.labels) },
  });
}

function buildImportTask({ source, connection, eventStore, sourceId }: ImportTemplateInput): ImportTask {
  const { metadata, spec } = source;
  const { region, endpoint, forcePathStyle } = connection.spec;
  return {
    kind: 'import-shard',
    namespace: metadata.namespace,
    name: metadata.name,
    sourceId,
    bucket: spec.bucket,
    connection: { region, forcePathStyle, ...pick('endpoint', endpoint) },
    store: {
      schema: eventStore.spec.postgres.schema,
      maxConnections: connectionsOfOne(source, eventStore),
      deduplicationWindowMs: milliseconds(eventStore.spec.deduplicationWindow),
    },
    projectId: spec.projectID,
    files: {
      format: spec.files.format,
      compression: spec.files.compression,
      options: { ...spec.files.csv } as JsonObject,
    },
    destination: { kind: 'eventStore', options: {} },
    limits: {
      maxAttempts: spec.errors.maxAttempts,
      lingerMs: spec.workers.lingerSeconds * 1000,
      maxLifetimeMs: milliseconds(spec.workers.maxLifetime),
    },
  };
}

/** The schema admits only texts that can be read. */
function milliseconds(duration: string): number {
  return parseDuration(duration) ?? 0;
}

function pick<N extends string, T>(name: N, value: T | undefined): { readonly [K in N]?: T } {
  return value === undefined ? {} : ({ [name]: value } as { readonly [K in N]: T });
}
