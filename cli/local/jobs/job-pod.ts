import type { JsonObject } from '../../../lib/json.ts';
import { metaOf, type Pod } from '../pod.ts';
import { podKeys, trackingFinalizer, type Job } from './job.ts';

/** A pod that a Job is to have. */
export interface NewPod {
  readonly index: number;
  /** Failures of the index before it that count towards `backoffLimitPerIndex`, and those that do not. */
  readonly failures: number;
  readonly ignored: number;
}

/** The pod of an index, as the Job controller of a cluster makes it. */
export function buildJobPod(
  job: Job,
  { index, failures, ignored }: NewPod,
): Pod & { readonly spec: JsonObject } {
  const { name, namespace, uid } = metaOf(job);
  const { template, backoffLimitPerIndex } = job.spec;
  const perIndex = backoffLimitPerIndex !== undefined;
  const variable = {
    name: 'JOB_COMPLETION_INDEX',
    valueFrom: { fieldRef: { fieldPath: `metadata.labels['${podKeys.index}']` } },
  };
  const containers = template.spec.containers.map((container) => ({
    ...container,
    env: [...(container.env ?? []).filter((own) => own.name !== variable.name), variable],
  }));
  const pod = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      generateName: `${name}-${String(index)}-`,
      namespace,
      labels: { ...template.metadata?.labels, [podKeys.index]: String(index) },
      annotations: {
        ...template.metadata?.annotations,
        [podKeys.index]: String(index),
        ...(perIndex ? { [podKeys.failureCount]: String(failures) } : {}),
        ...(perIndex && ignored > 0 ? { [podKeys.ignoredCount]: String(ignored) } : {}),
      },
      finalizers: [trackingFinalizer],
      ownerReferences: [
        { apiVersion: 'batch/v1', kind: 'Job', name, uid, controller: true, blockOwnerDeletion: true },
      ],
    },
    spec: { ...template.spec, hostname: `${name}-${String(index)}`, containers },
  };
  return pod as unknown as Pod & { readonly spec: JsonObject };
}
