import type { JsonObject } from '../../../lib/json.ts';
import { collectorFinalizers, deleteObject } from './delete-objects.ts';
import { listAt, metadataOf, stringsAt, textAt, withMetadata } from './object-fields.ts';
import { namespaceResource } from './namespaces.ts';
import { storeKey, type StoreEvent } from './object-store.ts';
import { resourceKeyOf, type ResourceDefinition } from './resource-definition.ts';
import type { WriteDeps } from './write-objects.ts';

export interface GarbageCollectorDeps extends WriteDeps {
  readonly definitions: readonly ResourceDefinition[];
}

interface Found {
  readonly definition: ResourceDefinition;
  readonly object: JsonObject;
}

/**
 * Does what the garbage collector and the namespace controller of a cluster do: objects whose owners are all gone go
 * too, an owner deleted in the foreground waits for its dependents, and a deleted namespace is emptied first.
 * It works through changes soon after they happened, outside of the write that made them. The answer ends it.
 */
export function startGarbageCollector(deps: GarbageCollectorDeps): () => void {
  const pending: StoreEvent[] = [];
  let timer: NodeJS.Immediate | undefined;
  const unsubscribe = deps.store.subscribe((event) => {
    pending.push(event);
    timer ??= setImmediate(() => {
      timer = undefined;
      for (const next of pending.splice(0)) handle(next, deps);
    });
  });
  return () => {
    unsubscribe();
    if (timer !== undefined) clearImmediate(timer);
  };
}

function handle(event: StoreEvent, deps: GarbageCollectorDeps): void {
  const { object } = event;
  if (event.type === 'DELETED') {
    collectOrphansOf(object, deps);
    releaseForegroundOwners(object, deps);
    finishNamespace(textAt(metadataOf(object), 'namespace'), deps);
    return;
  }
  if (event.type === 'ADDED') collectIfOrphan(event, deps);
  if (textAt(metadataOf(object), 'deletionTimestamp') === '') return;
  if (event.resource === namespaceResource) emptyNamespace(object, deps);
  else settleDependents(event, deps);
}

function all(deps: GarbageCollectorDeps): Found[] {
  return deps.definitions.flatMap((definition) =>
    deps.store.list(resourceKeyOf(definition)).map((object) => ({ definition, object })),
  );
}

function dependentsOf(uid: string, deps: GarbageCollectorDeps): Found[] {
  return all(deps).filter(({ object }) => ownersOf(object).some((owner) => owner['uid'] === uid));
}

function ownersOf(object: JsonObject): readonly JsonObject[] {
  return listAt(metadataOf(object), 'ownerReferences');
}

function uidOf(object: JsonObject): string {
  return textAt(metadataOf(object), 'uid');
}

function isLiving(uid: string, deps: GarbageCollectorDeps): boolean {
  return all(deps).some(({ object }) => uidOf(object) === uid);
}

function collectOrphansOf(owner: JsonObject, deps: GarbageCollectorDeps): void {
  for (const dependent of dependentsOf(uidOf(owner), deps)) collect(dependent, deps);
}

function collectIfOrphan(event: StoreEvent, deps: GarbageCollectorDeps): void {
  const definition = deps.definitions.find((candidate) => resourceKeyOf(candidate) === event.resource);
  if (definition && ownersOf(event.object).length > 0) collect({ definition, object: event.object }, deps);
}

/** Deletes an object none of whose owners lives; one with a living owner only loses its references to the dead. */
function collect({ definition, object }: Found, deps: GarbageCollectorDeps): void {
  const current = deps.store.get(resourceKeyOf(definition), storeKey(object));
  if (current === undefined) return;
  const owners = ownersOf(current);
  const living = owners.filter((owner) => isLiving(textAt(owner, 'uid'), deps));
  if (living.length === owners.length) return;
  if (living.length === 0) remove({ definition, object: current }, deps);
  else deps.store.put(resourceKeyOf(definition), withMetadata(current, { ownerReferences: [...living] }));
}

function remove({ definition, object }: Found, deps: GarbageCollectorDeps): void {
  const metadata = metadataOf(object);
  if (textAt(metadata, 'deletionTimestamp') !== '') return;
  const request = { namespace: textAt(metadata, 'namespace'), name: textAt(metadata, 'name') };
  deleteObject({ definition, ...request, options: { dryRun: false, propagationPolicy: 'Background' } }, deps);
}

/** An owner with a finalizer of ours: its dependents are deleted, or let go, before it goes itself. */
function settleDependents(event: StoreEvent, deps: GarbageCollectorDeps): void {
  const finalizers = stringsAt(metadataOf(event.object), 'finalizers');
  const dependents = dependentsOf(uidOf(event.object), deps);
  if (finalizers.includes(collectorFinalizers.Orphan)) {
    for (const { definition, object } of dependents) {
      const others = ownersOf(object).filter((owner) => owner['uid'] !== uidOf(event.object));
      const ownerReferences = others.length === 0 ? undefined : [...others];
      deps.store.put(resourceKeyOf(definition), withMetadata(object, { ownerReferences }));
    }
    takeOff(event, collectorFinalizers.Orphan, deps);
  } else if (finalizers.includes(collectorFinalizers.Foreground)) {
    dependents.forEach((dependent) => remove(dependent, deps));
    releaseWhenAlone(event, deps);
  }
}

function releaseForegroundOwners(object: JsonObject, deps: GarbageCollectorDeps): void {
  const uids = new Set(ownersOf(object).map((owner) => textAt(owner, 'uid')));
  if (uids.size === 0) return;
  for (const owner of all(deps).filter(({ object: other }) => uids.has(uidOf(other)))) {
    releaseWhenAlone({ resource: resourceKeyOf(owner.definition), object: owner.object }, deps);
  }
}

/** Dependents that do not block their owner do not keep it. */
function releaseWhenAlone(owner: Pick<StoreEvent, 'resource' | 'object'>, deps: GarbageCollectorDeps): void {
  const uid = uidOf(owner.object);
  const isBlocked = dependentsOf(uid, deps).some(({ object }) =>
    ownersOf(object).some(
      (reference) => reference['uid'] === uid && reference['blockOwnerDeletion'] === true,
    ),
  );
  if (!isBlocked) takeOff(owner, collectorFinalizers.Foreground, deps);
}

function takeOff(
  owner: Pick<StoreEvent, 'resource' | 'object'>,
  finalizer: string,
  deps: GarbageCollectorDeps,
): void {
  const key = storeKey(owner.object);
  const current = deps.store.get(owner.resource, key);
  if (current === undefined) return;
  const before = stringsAt(metadataOf(current), 'finalizers');
  if (!before.includes(finalizer)) return;
  const finalizers = before.filter((other) => other !== finalizer);
  if (finalizers.length === 0) deps.store.remove(owner.resource, key);
  else deps.store.put(owner.resource, withMetadata(current, { finalizers }));
}

function emptyNamespace(namespace: JsonObject, deps: GarbageCollectorDeps): void {
  const name = textAt(metadataOf(namespace), 'name');
  contentOf(name, deps).forEach((found) => remove(found, deps));
  finishNamespace(name, deps);
}

function finishNamespace(name: string, deps: GarbageCollectorDeps): void {
  const namespace = deps.store.get(namespaceResource, `/${name}`);
  if (namespace === undefined || textAt(metadataOf(namespace), 'deletionTimestamp') === '') return;
  if (contentOf(name, deps).length === 0) deps.store.remove(namespaceResource, `/${name}`);
}

function contentOf(name: string, deps: GarbageCollectorDeps): Found[] {
  return all(deps).filter(
    ({ definition, object }) => definition.namespaced && textAt(metadataOf(object), 'namespace') === name,
  );
}
