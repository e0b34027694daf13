import type { EventStore } from '../../../crds/generated/event-store.ts';
import type { S3Connection } from '../../../crds/generated/s3-connection.ts';
import type { S3ImportSource } from '../../../crds/generated/s3-import-source.ts';
import type { Clock } from '../../../lib/clock.ts';
import { compileConverter } from '../../../lib/converter/compile-converter.ts';
import { digestOf } from '../../../lib/digest.ts';
import { messageOf } from '../../../lib/errors.ts';
import type { JsonValue } from '../../../lib/json.ts';
import { compileKeyPattern } from '../../../lib/pattern.ts';
import { readConfigMap } from '../../references.ts';
import { labels } from '../../resources/names.ts';
import { discoverComponent } from '../../resources/probe-job.ts';
import type { Job } from '../../resources/worker-job.ts';
import type { ApiClient } from '../../runtime/api-client.ts';
import { controllerOf, type ObjectKey } from '../../runtime/objects.ts';
import type { Store as Cache } from '../../runtime/store.ts';
import type { Stores } from '../../stores.ts';
import { gatherS3Access, type AccessDeps, type S3Access } from '../s3-connection/gather.ts';
import type { ConversionFacts, ImportFacts } from './facts.ts';

export interface GatherDeps extends AccessDeps {
  readonly sources: Cache<S3ImportSource>;
  readonly connections: Cache<S3Connection>;
  readonly eventStores: Cache<EventStore>;
  readonly jobs: Cache<Job>;
  readonly stores: Pick<Stores, 'get'>;
  readonly clock: Clock;
}

/** Reads all that a decision about the source may look at. What could not be read is a fact too. */
export async function gatherImport(
  source: S3ImportSource,
  deps: GatherDeps,
  signal: AbortSignal,
): Promise<ImportFacts> {
  const { namespace, uid } = source.metadata;
  const { connectionRef, storeRef, files } = source.spec;
  const connection = deps.connections.get({ namespace, name: connectionRef.name });
  const regex = files.pattern?.regex;
  return {
    source,
    rival: findRival(source, deps),
    connection,
    eventStore: deps.eventStores.get({ namespace, name: storeRef.name }),
    session: deps.stores.get({ namespace, name: storeRef.name }),
    access: connection && (await gatherAccess(connection, deps, signal)),
    pattern: regex === undefined ? undefined : compileKeyPattern({ regex }, source.spec.prefix),
    conversion: await gatherConversion(source, deps.client, signal),
    ...sortJobs(deps.jobs.list(namespace).filter((job) => controllerOf(job)?.uid === uid)),
    nowMs: deps.clock.now(),
  };
}

/** Those that import, and those that only look. */
function sortJobs(own: readonly Job[]): Pick<ImportFacts, 'jobs' | 'looks'> {
  const isLook = ({ metadata }: Job) => metadata.labels?.[labels.component] === discoverComponent;
  return { jobs: own.filter((job) => !isLook(job)), looks: own.filter(isLook) };
}

export function keyOfConnection(source: S3ImportSource): ObjectKey {
  return { namespace: source.metadata.namespace, name: source.spec.connectionRef.name };
}

async function gatherAccess(
  connection: S3Connection,
  deps: AccessDeps,
  signal: AbortSignal,
): Promise<S3Access | { readonly error: unknown }> {
  try {
    return await gatherS3Access(connection, deps, signal);
  } catch (error) {
    signal.throwIfAborted();
    return { error };
  }
}

/** The oldest source keeps the ledger; of two of one age the first by name. */
function findRival(
  source: S3ImportSource,
  { sources, connections }: Pick<GatherDeps, 'sources' | 'connections'>,
): string | undefined {
  const ledger = ledgerOf(source, connections);
  const rank = ({ metadata }: S3ImportSource) => `${metadata.creationTimestamp} ${metadata.name}`;
  return sources
    .list(source.metadata.namespace)
    .find((other) => rank(other) < rank(source) && ledgerOf(other, connections) === ledger)?.metadata.name;
}

/**
 * The identity of a ledger within a namespace. Connections to one endpoint reach the same buckets; one that is not
 * there may reach any, and its source does not work yet.
 */
function ledgerOf({ metadata, spec }: S3ImportSource, connections: GatherDeps['connections']): string {
  const { bucket, prefix, storeRef, projectID } = spec;
  const name = spec.ledgerName ?? metadata.name;
  const { namespace } = metadata;
  const connection = connections.get({ namespace, name: spec.connectionRef.name });
  const endpoint = connection === undefined ? null : (connection.spec.endpoint ?? '');
  return JSON.stringify([name, endpoint, bucket, prefix, storeRef.name, projectID]);
}

/** What `spec.conversion` comes to, the ConfigMap that it may name read. */
export async function gatherConversion(
  source: S3ImportSource,
  client: ApiClient,
  signal: AbortSignal,
): Promise<ConversionFacts> {
  const amplitude = source.spec.conversion?.amplitude;
  if (amplitude === undefined) return { kind: 'missing' };
  const { configMapRef, ...inline } = amplitude;
  if (configMapRef === undefined) return readConversion(JSON.stringify(inline), source.spec.prefix);
  const { name, key } = configMapRef;
  try {
    const { namespace } = source.metadata;
    const { values } = await readConfigMap(client, { namespace, name, keys: [key] }, signal);
    return readConversion(values[key] ?? '', source.spec.prefix);
  } catch (error) {
    signal.throwIfAborted();
    return { kind: 'unresolved', error };
  }
}

function readConversion(text: string, prefix: string): ConversionFacts {
  const parsed = parseJson(text);
  if ('error' in parsed) {
    return {
      kind: 'read',
      input: { kind: 'amplitude', digest: digestOf([text]), document: text },
      compiled: { kind: 'invalid', errors: [{ path: '$', message: `is not JSON: ${parsed.error}` }] },
      pattern: undefined,
    };
  }
  const document = JSON.stringify(parsed.value);
  const compiled = compileConverter(parsed.value);
  const regex = compiled.kind === 'compiled' ? compiled.settings.filterPattern : undefined;
  return {
    kind: 'read',
    input: { kind: 'amplitude', digest: digestOf(['amplitude', document]), document },
    compiled,
    pattern: regex === undefined ? undefined : compileKeyPattern({ regex }, prefix),
  };
}

function parseJson(text: string): { readonly value: JsonValue } | { readonly error: string } {
  try {
    return { value: JSON.parse(text) as JsonValue };
  } catch (error) {
    return { error: messageOf(error) };
  }
}
