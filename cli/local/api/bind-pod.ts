import type { JsonObject, JsonValue } from '../../../lib/json.ts';
import { isJsonObject } from '../../../lib/json.ts';
import { objectAt, textAt } from './object-fields.ts';
import type { ObjectStore } from './object-store.ts';
import type { Target } from './request-path.ts';
import { resourceKeyOf, subjectOf } from './resource-definition.ts';
import { badRequest, conflict, notFound } from './status-error.ts';

/** POST of a Binding: gives a pod its node, once. */
export function bindPod(body: JsonValue | undefined, target: Target, store: ObjectStore): JsonObject {
  const { definition, namespace, name } = target;
  const pod = store.get(resourceKeyOf(definition), `${namespace}/${name}`);
  if (pod === undefined) throw notFound(subjectOf(definition, name));
  const node = textAt(objectAt(isJsonObject(body) ? body : undefined, 'target'), 'name');
  if (node === '') throw badRequest('Binding "" is invalid: target.name: Required value');
  const spec = objectAt(pod, 'spec');
  const assigned = textAt(spec, 'nodeName');
  if (assigned !== '') {
    throw conflict(
      subjectOf(definition, name),
      `pod ${name} is already assigned to node ${JSON.stringify(assigned)}`,
    );
  }
  store.put(resourceKeyOf(definition), { ...pod, spec: { ...spec, nodeName: node } });
  return { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', code: 201 };
}
