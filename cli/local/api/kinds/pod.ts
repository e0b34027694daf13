import { isDeepStrictEqual } from 'node:util';

import type { JsonObject } from '../../../../lib/json.ts';
import { invalidField, required, type FieldError } from '../field-error.ts';
import { listAt, numberAt, objectAt, stringMapAt, textAt, withAbsent } from '../object-fields.ts';
import { plainBehaviour, type KindBehaviour } from '../resource-definition.ts';

const defaultGracePeriodSeconds = 30;

export const podBehaviour: KindBehaviour = {
  ...plainBehaviour,
  hasGeneration: true,
  fillIn: (pod) => ({ ...pod, spec: fillInPodSpec(objectAt(pod, 'spec')) }),
  onCreate: (pod) => ({ ...pod, status: { phase: 'Pending', qosClass: 'BestEffort' } }),
  validate: validatePod,
  gracePeriod: podGracePeriod,
};

/** What the API server fills into a pod or the template of one. */
export function fillInPodSpec(spec: JsonObject): JsonObject {
  const filled = withAbsent(spec, {
    restartPolicy: 'Always',
    dnsPolicy: 'ClusterFirst',
    schedulerName: 'default-scheduler',
    terminationGracePeriodSeconds: defaultGracePeriodSeconds,
    securityContext: {},
  });
  const volumes = listAt(spec, 'volumes').map(fillInVolume);
  return {
    ...filled,
    ...(volumes.length === 0 ? {} : { volumes }),
    containers: listAt(spec, 'containers').map(fillInContainer),
  };
}

function fillInContainer(container: JsonObject): JsonObject {
  const image = textAt(container, 'image');
  const isFloating = !/[:@][^/]*$/u.test(image) || image.endsWith(':latest');
  const filled = withAbsent(container, {
    imagePullPolicy: isFloating ? 'Always' : 'IfNotPresent',
    terminationMessagePath: '/dev/termination-log',
    terminationMessagePolicy: 'File',
    resources: {},
  });
  const env = listAt(container, 'env').map(fillInVariable);
  return env.length === 0 ? filled : { ...filled, env };
}

function fillInVariable(variable: JsonObject): JsonObject {
  const from = objectAt(variable, 'valueFrom');
  if (!('fieldRef' in from)) return variable;
  return {
    ...variable,
    valueFrom: { ...from, fieldRef: withAbsent(objectAt(from, 'fieldRef'), { apiVersion: 'v1' }) },
  };
}

function fillInVolume(volume: JsonObject): JsonObject {
  const kind = ['secret', 'configMap'].find((name) => name in volume);
  if (kind === undefined) return volume;
  return { ...volume, [kind]: withAbsent(objectAt(volume, kind), { defaultMode: 0o644 }) };
}

function validatePod(pod: JsonObject, old: JsonObject | undefined): FieldError[] {
  const spec = objectAt(pod, 'spec');
  if (old === undefined) return validatePodSpec(spec, 'spec');
  return isDeepStrictEqual(frozenPart(spec), frozenPart(objectAt(old, 'spec')))
    ? []
    : [invalidField('spec', 'pod updates may not change fields other than those of scheduling')];
}

/** The name of the node is set once, by the binding, and the deadline may become shorter. */
function frozenPart(spec: JsonObject): JsonObject {
  const { nodeName: _, activeDeadlineSeconds: __, ...rest } = spec;
  return rest;
}

export function validatePodSpec(spec: JsonObject, path: string): FieldError[] {
  const containers = listAt(spec, 'containers');
  if (containers.length === 0) return [required(`${path}.containers`)];
  return containers.flatMap((container, index) =>
    textAt(container, 'image') === '' ? [required(`${path}.containers[${String(index)}].image`)] : [],
  );
}

/** A pod that no node has, or that has ended, goes at once. */
function podGracePeriod(pod: JsonObject, asked: number | undefined): number {
  const phase = textAt(objectAt(pod, 'status'), 'phase');
  const spec = objectAt(pod, 'spec');
  if (textAt(spec, 'nodeName') === '' || phase === 'Succeeded' || phase === 'Failed') return 0;
  return asked ?? numberAt(spec, 'terminationGracePeriodSeconds') ?? defaultGracePeriodSeconds;
}

/** The labels of a template, as selectors see them. */
export function templateLabels(template: JsonObject): Readonly<Record<string, string>> {
  return stringMapAt(objectAt(template, 'metadata'), 'labels');
}
