import { isDeepStrictEqual } from 'node:util';

import { resourceTypes } from '../../../operator/resource-types.ts';
import type { ApiClient } from '../../../operator/runtime/api-client.ts';
import { isNotFound } from '../../../operator/runtime/api-error.ts';
import {
  createController,
  type ControllerDeps,
  type ReconcileResult,
} from '../../../operator/runtime/controller.ts';
import {
  controllerOf,
  keyOf,
  type KubernetesObject,
  type ObjectKey,
} from '../../../operator/runtime/objects.ts';
import { createReflector } from '../../../operator/runtime/reflector.ts';
import { watchMapped, watchOwned } from '../../../operator/runtime/watches.ts';
import { metaOf, type Pod } from '../pod.ts';
import { decideJob, type JobDecision } from './decide-job.ts';
import { buildJobPod } from './job-pod.ts';
import { conditionOf, isFinished, isTracked, trackingFinalizer, type Job } from './job.ts';

export interface JobControllerOptions {
  /** Before the first retry of an index. Default 10 s, as in a cluster. */
  readonly backoffMs?: number;
}

export interface JobControllerDeps extends ControllerDeps {
  readonly client: ApiClient;
}

/** The part of a cluster's controller manager that Indexed Jobs need, for the API in memory. */
export interface JobController {
  /** Runs until the signal is aborted. */
  run(signal: AbortSignal): Promise<void>;
}

const defaultBackoffMs = 10_000;
const jobNameLabel = 'batch.kubernetes.io/job-name';

export function createJobController(options: JobControllerOptions, deps: JobControllerDeps): JobController {
  const jobs = createReflector<Job>({ type: resourceTypes.jobs }, deps);
  const pods = createReflector<Pod>({ type: resourceTypes.pods, labelSelector: jobNameLabel }, deps);
  const pass = { deps, backoffMs: options.backoffMs ?? defaultBackoffMs };
  const controller = createController(
    {
      name: 'job',
      reconcile: (key, signal) => reconcileJob(key, pass, signal),
      watches: [watchMapped(jobs, ({ object }) => [keyOf(object)]), watchOwned(pods, resourceTypes.jobs)],
    },
    deps,
  );
  return {
    async run(signal) {
      await Promise.all([jobs.run(signal), pods.run(signal), controller.run(signal)]);
    },
  };
}

interface Pass {
  readonly deps: JobControllerDeps;
  readonly backoffMs: number;
}

/** Reads Job and pods from the API, not from a copy of it: the API in memory is near, and what it says is so. */
async function reconcileJob(key: ObjectKey, pass: Pass, signal: AbortSignal): Promise<ReconcileResult> {
  const { client, clock } = pass.deps;
  const job = await client.find<Job>(resourceTypes.jobs, key, { signal });
  const pods = await podsOf(key, client, signal);
  const uid = job?.metadata.uid;
  const own = pods.filter((pod) => controllerOf(pod)?.uid === uid);
  await release(
    pods.filter((pod) => !own.includes(pod)),
    pass,
    signal,
  );
  if (job === undefined) return {};
  if (job.metadata.deletionTimestamp !== undefined || isFinished(job)) {
    await release(own, pass, signal);
    return isFinished(job) ? expire(job, pass, signal) : {};
  }
  const decision = decideJob({ job, pods: own, now: clock.now(), backoffMs: pass.backoffMs });
  await carryOut(job, decision, pass, signal);
  return decision.requeueAfterMs === undefined ? {} : { requeueAfterMs: decision.requeueAfterMs };
}

async function podsOf(
  { namespace, name }: ObjectKey,
  client: ApiClient,
  signal: AbortSignal,
): Promise<Pod[]> {
  const labelSelector = `${jobNameLabel}=${name}`;
  const { items } = await client.list<Pod>(resourceTypes.pods, { namespace, labelSelector, signal });
  return [...items];
}

async function carryOut(job: Job, decision: JobDecision, pass: Pass, signal: AbortSignal): Promise<void> {
  const { client } = pass.deps;
  for (const pod of decision.create) {
    await client.create<KubernetesObject>(resourceTypes.pods, buildJobPod(job, pod), { signal });
  }
  await release(decision.forget, pass, signal);
  for (const pod of decision.remove) {
    await client.delete(resourceTypes.pods, keyOf(pod), { uid: metaOf(pod).uid, signal });
  }
  if (!isDeepStrictEqual(decision.status, job.status ?? {})) {
    const operations = [{ op: 'replace', path: '/status', value: decision.status }];
    const options = { subresource: 'status', signal };
    await client.patch(resourceTypes.jobs, keyOf(job), { kind: 'json', operations }, options);
  }
  await release(decision.release, pass, signal);
}

/** Lets pods go whose end is noted, or whose Job is no more. */
async function release(pods: readonly Pod[], { deps }: Pass, signal: AbortSignal): Promise<void> {
  for (const pod of pods.filter(isTracked)) {
    const finalizers = pod.metadata.finalizers?.filter((name) => name !== trackingFinalizer) ?? [];
    const patch = {
      metadata: { uid: metaOf(pod).uid, finalizers: finalizers.length === 0 ? null : finalizers },
    };
    try {
      await deps.client.patch(resourceTypes.pods, keyOf(pod), { kind: 'merge', patch }, { signal });
    } catch (error) {
      if (!isNotFound(error)) throw error;
    }
  }
}

/** A finished Job goes after its time to live, and its pods with it. */
async function expire(job: Job, { deps }: Pass, signal: AbortSignal): Promise<ReconcileResult> {
  const seconds = job.spec.ttlSecondsAfterFinished;
  if (seconds === undefined) return {};
  const end = conditionOf(job.status, 'Complete') ?? conditionOf(job.status, 'Failed');
  const left = Date.parse(end?.lastTransitionTime ?? '') + seconds * 1000 - deps.clock.now();
  if (left > 0) return { requeueAfterMs: left };
  await deps.client.delete(resourceTypes.jobs, keyOf(job), {
    propagation: 'Background',
    uid: metaOf(job).uid,
    signal,
  });
  return {};
}
