import { isDeepStrictEqual } from 'node:util';
import type { Condition } from '../../crds/conditions.ts';
import type { KubernetesObject, ResourceType } from '../runtime/objects.ts';
import { tellChanges } from './tell-changes.ts';
import { writeStatus, type StatusWriter } from './write-status.ts';

/** What the statuses of all kinds have. */
export interface StatusWithConditions {
  readonly conditions?: readonly Condition[];
}

/** An object of ours, whose status is written whole. */
export interface WithStatus<S> extends KubernetesObject {
  readonly status?: S;
}

/**
 * Writes the derived status if it differs from the one that is there; gives the object as it is then, else undefined.
 * The same world gives the same status, so a second reconcile writes nothing.
 */
export async function reportStatus<S extends StatusWithConditions, T extends WithStatus<S>>(
  writer: StatusWriter,
  type: ResourceType,
  object: T,
  status: S,
): Promise<T | undefined> {
  if (isDeepStrictEqual(object.status, status)) return undefined;
  const written = await writeStatus(writer, type, object, status);
  tellChanges(writer.recorder, object, object.status?.conditions, status.conditions);
  return written as T;
}
