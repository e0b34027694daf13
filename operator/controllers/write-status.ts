import type { ApiClient } from '../runtime/api-client.ts';
import { undeclaredFields } from '../runtime/api-error.ts';
import type { EventRecorder } from '../runtime/event-recorder.ts';
import { apiVersionOf, keyOf, type KubernetesObject, type ResourceType } from '../runtime/objects.ts';

export interface StatusWriter {
  readonly client: Pick<ApiClient, 'applyStatus'>;
  readonly recorder: Pick<EventRecorder, 'record'>;
  readonly signal: AbortSignal;
}

/** The server may name the fields that it does not know all at once, or one at a time. */
const tries = 20;

/**
 * Writes a status whole. Where the definition in the cluster is older than this operator, as when an upgrade left it out,
 * what it does not know yet is left out and told of by an event: the rest must reach people all the same.
 */
export async function writeStatus(
  { client, recorder, signal }: StatusWriter,
  type: ResourceType,
  object: KubernetesObject,
  whole: object,
): Promise<KubernetesObject> {
  const { namespace, name } = keyOf(object);
  // The uid makes the write fail on an object that was deleted and made anew in the meantime.
  const { uid } = object.metadata;
  const metadata = { namespace, name, ...(uid === undefined ? {} : { uid }) };
  const left: string[] = [];
  for (let status = whole, attempt = 1; ; attempt += 1) {
    try {
      const body = { apiVersion: apiVersionOf(type), kind: type.kind, metadata, status };
      const written = await client.applyStatus(type, body, { signal });
      if (left.length > 0) tellOldDefinition(recorder, object, { kind: type.kind, fields: left });
      return written;
    } catch (error) {
      const unknown = undeclaredFields(error).filter((path) => path.startsWith('status.'));
      if (unknown.length === 0 || attempt === tries) throw error;
      left.push(...unknown);
      status = unknown.reduce((rest, path) => without(rest, path.split('.').slice(1)), status);
    }
  }
}

function tellOldDefinition(
  recorder: StatusWriter['recorder'],
  regarding: KubernetesObject,
  { kind, fields }: { readonly kind: string; readonly fields: readonly string[] },
): void {
  recorder.record({
    regarding,
    type: 'Warning',
    reason: 'ApiRequestRefused',
    action: 'WriteStatus',
    note:
      `The definition of ${kind} in this cluster is older than the operator and has no ${fields.toSorted().join(', ')}; ` +
      'that is left out. Apply the definitions of the operator’s release.',
  });
}

/** The object without the field at the path. */
function without(object: object, [field = '', ...rest]: readonly string[]): object {
  const { [field]: found, ...others } = object as Readonly<Record<string, unknown>>;
  const goesOn = rest.length > 0 && typeof found === 'object' && found !== null;
  return goesOn ? { ...others, [field]: without(found, rest) } : others;
}
