import {
  apiVersionOf,
  controllerOf,
  keyOf,
  type KubernetesObject,
  type ObjectKey,
  type ResourceType,
} from './objects.ts';
import type { Reflector } from './reflector.ts';
import type { Change } from './store.ts';

/** What wakes a controller: changes of one resource, and which of its own objects each concerns. */
export interface Watch {
  /** Resolves once what the controller reads through it is complete. */
  synced(signal: AbortSignal): Promise<void>;
  /** Wakes the keys of all that is there, then of all that changes. Gives the unsubscribe. */
  subscribe(wake: (key: ObjectKey) => void): () => void;
}

/** Whose work a change may be. */
export type KeysFor<T> = (change: Change<T>) => readonly ObjectKey[];

export function watchMapped<T extends KubernetesObject>(reflector: Reflector<T>, keysFor: KeysFor<T>): Watch {
  return {
    synced: (signal) => reflector.synced(signal),
    subscribe(wake) {
      const tell = (change: Change<T>): void => keysFor(change).forEach(wake);
      const unsubscribe = reflector.onChange(tell);
      for (const object of reflector.store.list()) tell({ kind: 'Added', object });
      return unsubscribe;
    },
  };
}

/**
 * The objects that the controller is for.
 *
 * @param concerns tells which updates matter; by default those that a person or the API made (`changedBeyondStatus`),
 *   so that the controller's own status does not wake it
 */
export function watchOwn<T extends KubernetesObject>(
  reflector: Reflector<T>,
  concerns: (object: T, previous: T) => boolean = changedBeyondStatus,
): Watch {
  return watchMapped(reflector, (change) =>
    change.kind === 'Updated' && !concerns(change.object, change.previous) ? [] : [keyOf(change.object)],
  );
}

/** Objects that the controller made: each wakes the object of type `owner` that controls it, before and after. */
export function watchOwned<T extends KubernetesObject>(reflector: Reflector<T>, owner: ResourceType): Watch {
  return watchMapped(reflector, (change) => {
    const objects = change.kind === 'Updated' ? [change.previous, change.object] : [change.object];
    return objects.flatMap((object) => ownerKeyOf(object, owner));
  });
}

/** Anything but status: spec (by its generation), labels, annotations, finalizers, owners, deletion. */
function changedBeyondStatus(object: KubernetesObject, previous: KubernetesObject): boolean {
  const [after, before] = [object.metadata, previous.metadata];
  if (after.generation === undefined) return true;
  return (
    after.generation !== before.generation ||
    after.deletionTimestamp !== before.deletionTimestamp ||
    (['labels', 'annotations', 'finalizers', 'ownerReferences'] as const).some(
      (field) => JSON.stringify(after[field]) !== JSON.stringify(before[field]),
    )
  );
}

/** Of any version of the owner's group, since objects made by an older release name an older one. */
function ownerKeyOf(object: KubernetesObject, owner: ResourceType): readonly ObjectKey[] {
  const reference = controllerOf(object);
  if (reference?.kind !== owner.kind || groupOf(reference.apiVersion) !== groupOf(apiVersionOf(owner)))
    return [];
  return [{ namespace: owner.namespaced ? keyOf(object).namespace : '', name: reference.name }];
}

function groupOf(apiVersion: string): string {
  const slash = apiVersion.indexOf('/');
  return slash < 0 ? '' : apiVersion.slice(0, slash);
}
