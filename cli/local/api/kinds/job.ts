import { isDeepStrictEqual } from 'node:util';

import type { JsonObject } from '../../../../lib/json.ts';
import { invalidField, invalidValue, required, unsupportedValue, type FieldError } from '../field-error.ts';
import { listAt, metadataOf, numberAt, objectAt, textAt, withAbsent, withFields } from '../object-fields.ts';
import { plainBehaviour, type KindBehaviour } from '../resource-definition.ts';
import { fillInPodSpec, templateLabels, validatePodSpec } from './pod.ts';

const unlimited = 2_147_483_647;

/** Labels that tie a Job's pods to it; the last two are of the time before labels had a domain. */
const jobLabels = {
  controllerUid: 'batch.kubernetes.io/controller-uid',
  jobName: 'batch.kubernetes.io/job-name',
  legacyControllerUid: 'controller-uid',
  legacyJobName: 'job-name',
} as const;

export const jobBehaviour: KindBehaviour = {
  ...plainBehaviour,
  hasGeneration: true,
  fillIn: fillInJob,
  onCreate: (job) => withSelector({ ...job, status: {} }),
  validate: validateJob,
};

function fillInJob(job: JsonObject): JsonObject {
  const spec = objectAt(job, 'spec');
  const isOnce = spec['completions'] === undefined && spec['parallelism'] === undefined;
  const perIndex = numberAt(spec, 'backoffLimitPerIndex') !== undefined;
  const filled = withAbsent(spec, {
    ...(isOnce ? { completions: 1 } : {}),
    parallelism: 1,
    backoffLimit: perIndex ? unlimited : 6,
    completionMode: 'NonIndexed',
    suspend: false,
    podReplacementPolicy: 'podFailurePolicy' in spec ? 'Failed' : 'TerminatingOrFailed',
    manualSelector: false,
  });
  const template = objectAt(spec, 'template');
  const labels = templateLabels(template);
  const metadata = metadataOf(job);
  return {
    ...job,
    metadata: Object.keys(labels).length === 0 ? metadata : withAbsent(metadata, { labels }),
    spec: {
      ...filled,
      ...('podFailurePolicy' in spec ? { podFailurePolicy: fillInFailurePolicy(spec) } : {}),
      template: { ...template, spec: fillInPodSpec(objectAt(template, 'spec')) },
    },
  };
}

function fillInFailurePolicy(spec: JsonObject): JsonObject {
  const policy = objectAt(spec, 'podFailurePolicy');
  const rules = listAt(policy, 'rules').map((rule) =>
    'onPodConditions' in rule
      ? {
          ...rule,
          onPodConditions: listAt(rule, 'onPodConditions').map((pattern) =>
            withAbsent(pattern, { status: 'True' }),
          ),
        }
      : rule,
  );
  return { ...policy, rules };
}

/** The selector and the labels that it matches are made of the Job's uid. */
function withSelector(job: JsonObject): JsonObject {
  const metadata = metadataOf(job);
  const uid = textAt(metadata, 'uid');
  const name = textAt(metadata, 'name');
  const spec = objectAt(job, 'spec');
  const template = objectAt(spec, 'template');
  const labels = {
    ...templateLabels(template),
    [jobLabels.controllerUid]: uid,
    [jobLabels.jobName]: name,
    [jobLabels.legacyControllerUid]: uid,
    [jobLabels.legacyJobName]: name,
  };
  return {
    ...job,
    spec: {
      ...spec,
      selector: { matchLabels: { [jobLabels.controllerUid]: uid } },
      template: { ...template, metadata: withFields(objectAt(template, 'metadata'), { labels }) },
    },
  };
}

function validateJob(job: JsonObject, old: JsonObject | undefined): FieldError[] {
  const spec = objectAt(job, 'spec');
  const errors = [...validateCounts(spec), ...validateTemplate(spec)];
  if (textAt(spec, 'completionMode') !== 'Indexed') {
    errors.push(unsupportedValue('spec.completionMode', textAt(spec, 'completionMode'), ['Indexed']));
  }
  if (spec['completions'] === undefined) {
    errors.push(required('spec.completions', 'when completion mode is Indexed'));
  }
  for (const field of ['successPolicy', 'managedBy', 'activeDeadlineSeconds', 'maxFailedIndexes']) {
    if (field in spec) errors.push(invalidField(`spec.${field}`, 'local mode does not serve it'));
  }
  return old === undefined ? errors : [...errors, ...validateChanges(spec, objectAt(old, 'spec'))];
}

function validateCounts(spec: JsonObject): FieldError[] {
  const counts = [
    'parallelism',
    'completions',
    'backoffLimit',
    'backoffLimitPerIndex',
    'ttlSecondsAfterFinished',
  ];
  return counts.flatMap((name) => {
    const value = numberAt(spec, name);
    return value !== undefined && value < 0
      ? [invalidValue(`spec.${name}`, value, 'must be greater than or equal to 0')]
      : [];
  });
}

function validateTemplate(spec: JsonObject): FieldError[] {
  const podSpec = objectAt(objectAt(spec, 'template'), 'spec');
  const errors = validatePodSpec(podSpec, 'spec.template.spec');
  const policy = textAt(podSpec, 'restartPolicy');
  const path = 'spec.template.spec.restartPolicy';
  if (policy === 'Always') errors.push(unsupportedValue(path, policy, ['OnFailure', 'Never']));
  if (policy === 'OnFailure')
    errors.push(invalidValue(path, policy, 'local mode runs each container once: Never'));
  return errors;
}

const immutable = ['selector', 'template', 'completionMode', 'podFailurePolicy', 'backoffLimitPerIndex'];

function validateChanges(spec: JsonObject, old: JsonObject): FieldError[] {
  const changed = immutable
    .filter((name) => !isDeepStrictEqual(spec[name], old[name]))
    .map((name) => invalidValue(`spec.${name}`, spec[name], 'field is immutable'));
  const isElastic = spec['completions'] === spec['parallelism'];
  if (spec['completions'] !== old['completions'] && !isElastic) {
    const why = 'can only be modified in tandem with spec.parallelism';
    changed.push(invalidValue('spec.completions', spec['completions'], why));
  }
  return changed;
}
