import { isDeepStrictEqual } from 'node:util';
import type { Condition } from '../../crds/conditions.ts';
import type { ApiClient } from '../runtime/api-client.ts';
import type { EventRecorder } from '../runtime/event-recorder.ts';
import { apiVersionOf, keyOf, type KubernetesObject, type ResourceType } from '../runtime/objects.ts';
import { tellChanges } from './tell-changes.ts';

/** What the statuses of all kinds have. */
export interface StatusWithConditions {
  readonly conditions?: readonly Condition[];
}

/** An object of ours, whose status is written whole. */
export interface WithStatus<S> extends KubernetesObject {
  readonly status?: S;
}

export interface StatusWriter {
  readonly client: ApiClient;
  readonly recorder: EventRecorder;
  readonly signal: AbortSignal;
}

/**
 * Writes the derived status if it differs from the one that is there; gives the object as it is then, else undefined.
 * The same world gives the same status, so a second reconcile writes nothing.
 */
export async function reportStatus<S extends StatusWithConditions, T extends WithStatus<S>>(
  { client, recorder, signal }: StatusWriter,
  type: ResourceType,
  object: T,
  status: S,
): Promise<T | undefined> {
  if (isDeepStrictEqual(object.status, status)) return undefined;
  const { namespace, name } = keyOf(object);
  const body = {
    apiVersion: apiVersionOf(type),
    kind: type.kind,
    // The uid makes the write fail on an object that was deleted and made anew in the meantime.
    metadata: { namespace, name, ...(object.metadata.uid === undefined ? {} : { uid: object.metadata.uid }) },
    status,
  };
  const written = await client.applyStatus(type, body, { signal });
  tellChanges(recorder, object, object.status?.conditions, status.conditions);
  return written as KubernetesObject as T;
}
