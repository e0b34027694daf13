import { isJsonObject, type JsonObject, type JsonValue } from '../../../lib/json.ts';
import { metadataOf, objectAt, stringsAt, textAt, withMetadata } from './object-fields.ts';
import { storeKey } from './object-store.ts';
import { resourceKeyOf, subjectOf, type ResourceDefinition } from './resource-definition.ts';
import { badRequest, conflict, notFound } from './status-error.ts';
import type { WriteDeps } from './write-objects.ts';

export interface DeleteRequest {
  readonly definition: ResourceDefinition;
  readonly namespace: string;
  readonly name: string;
  readonly options: DeleteOptions;
}

export interface DeleteOptions {
  readonly propagationPolicy?: 'Background' | 'Foreground' | 'Orphan';
  readonly gracePeriodSeconds?: number;
  readonly uid?: string;
  readonly resourceVersion?: string;
  readonly dryRun: boolean;
}

/** Finalizers by which the garbage collector is asked to look after the dependents first. */
export const collectorFinalizers = { Foreground: 'foregroundDeletion', Orphan: 'orphan' } as const;

/** `removed`: the object is gone. `pending`: it goes when its finalizers or its time are over. */
export interface Deleted {
  readonly kind: 'removed' | 'pending';
  readonly object: JsonObject;
}

export function deleteObject(request: DeleteRequest, deps: WriteDeps): Deleted {
  const { definition, namespace, name, options } = request;
  const resource = resourceKeyOf(definition);
  const object = deps.store.get(resource, `${namespace}/${name}`);
  if (object === undefined) throw notFound(subjectOf(definition, name));
  refuseUnlessMeant(object, request);
  if (options.dryRun) return { kind: 'pending', object };

  const marked = markDeleted(object, request, deps);
  const waits =
    stringsAt(metadataOf(marked), 'finalizers').length > 0 ||
    stringsAt(objectAt(marked, 'spec'), 'finalizers').length > 0 ||
    metadataOf(marked)['deletionGracePeriodSeconds'] !== 0;
  if (!waits) {
    deps.store.remove(resource, storeKey(object));
    return { kind: 'removed', object };
  }
  const isSame = JSON.stringify(marked) === JSON.stringify(object);
  return { kind: 'pending', object: isSame ? object : deps.store.put(resource, marked) };
}

function refuseUnlessMeant(object: JsonObject, { definition, name, options }: DeleteRequest): void {
  const metadata = metadataOf(object);
  const meant = [
    ['UID', options.uid, textAt(metadata, 'uid'), 'deleted and then recreated'],
    ['ResourceVersion', options.resourceVersion, textAt(metadata, 'resourceVersion'), 'modified'],
  ] as const;
  for (const [what, wanted, actual, instead] of meant) {
    if (wanted === undefined || wanted === actual) continue;
    const why = `the ${what} in the precondition (${wanted}) does not match the ${what} in record (${actual}). The object might have been ${instead}`;
    // The server names the kind here, not the resource.
    throw conflict({ ...subjectOf(definition, name), resource: definition.kind }, why);
  }
}

/** A second deletion may shorten the time that is left, never lengthen it. */
function markDeleted(object: JsonObject, request: DeleteRequest, deps: WriteDeps): JsonObject {
  const { definition, options } = request;
  const metadata = metadataOf(object);
  const asked = definition.behaviour.gracePeriod(object, options.gracePeriodSeconds);
  const policy = options.propagationPolicy;
  const added = policy === 'Foreground' || policy === 'Orphan' ? [collectorFinalizers[policy]] : [];
  const finalizers = [...new Set([...stringsAt(metadata, 'finalizers'), ...added])];
  const before = metadata['deletionGracePeriodSeconds'];
  const left = typeof before === 'number' ? Math.min(before, asked) : asked;
  const time = deps.clock.now() + left * 1000;
  const isShorter = left !== before;
  const marked = withMetadata(object, {
    deletionTimestamp: isShorter
      ? `${new Date(time).toISOString().slice(0, 19)}Z`
      : textAt(metadata, 'deletionTimestamp'),
    deletionGracePeriodSeconds: left,
    finalizers: finalizers.length === 0 ? undefined : finalizers,
  });
  if (definition.kind !== 'Namespace') return marked;
  return { ...marked, status: { ...objectAt(marked, 'status'), phase: 'Terminating' } };
}

/** DeleteOptions stand in the body, or in the query. */
export function readDeleteOptions(
  body: JsonValue | undefined,
  query: Readonly<Record<string, string>>,
): DeleteOptions {
  const options: JsonObject = { ...query, ...(isJsonObject(body) ? body : {}) };
  const grace = options['gracePeriodSeconds'];
  const policy = textAt(options, 'propagationPolicy');
  const preconditions = objectAt(options, 'preconditions');
  return {
    ...(policy === '' ? {} : { propagationPolicy: propagationOf(policy) }),
    ...(grace === undefined || grace === null ? {} : { gracePeriodSeconds: Number(grace) }),
    ...textsAt(preconditions, ['uid', 'resourceVersion']),
    dryRun: query['dryRun'] === 'All' || stringsAt(options, 'dryRun').includes('All'),
  };
}

function textsAt(object: JsonObject, names: readonly string[]): Readonly<Record<string, string>> {
  const given = names.filter((name) => textAt(object, name) !== '');
  return Object.fromEntries(given.map((name) => [name, textAt(object, name)]));
}

function propagationOf(policy: string): 'Background' | 'Foreground' | 'Orphan' {
  if (policy === 'Background' || policy === 'Foreground' || policy === 'Orphan') return policy;
  throw badRequest(
    `invalid propagationPolicy ${JSON.stringify(policy)}: supported values: "Background", "Foreground", "Orphan"`,
  );
}
