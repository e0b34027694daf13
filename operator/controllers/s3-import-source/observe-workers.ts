import { failed, passed, unknown, type Finding } from '../../conditions/finding.ts';
import { viewJob } from '../../planning/job-view.ts';
import { troubleOf, type Trouble } from '../../planning/pod-trouble.ts';
import type { RunPlan } from '../../planning/run.ts';
import { judgeWorkers, troubleOfRefusal, worstOf } from '../../planning/worker-health.ts';
import { resourceTypes } from '../../resource-types.ts';
import type { Job } from '../../resources/worker-job.ts';
import { podLabels, type WorkerPod } from '../../resources/worker-pod.ts';
import type { ApiClient } from '../../runtime/api-client.ts';
import { isForbidden } from '../../runtime/api-error.ts';
import { eventType } from '../../runtime/event-object.ts';
import type { KubernetesObject } from '../../runtime/objects.ts';

/** How the workers of a source stand, and what of them is to be told. */
export interface WorkerReport {
  /** On `WorkersAvailable`. */
  readonly finding: Finding;
  /** Some workers run, and others cannot. */
  readonly trouble: Trouble | undefined;
  readonly evicted: readonly WorkerPod[];
}

export interface ObserveDeps {
  readonly client: Pick<ApiClient, 'list'>;
  readonly nowMs: number;
}

/** A pod that is pulled and scheduled takes seconds; one that takes longer is worth a word. */
const startMs = 60_000;

/** How the workers of the source stand, by its newest Job. Pods are read only where one is missing. */
export async function observeWorkers(
  jobs: readonly Job[],
  plan: RunPlan,
  deps: ObserveDeps,
  signal: AbortSignal,
): Promise<WorkerReport> {
  if (plan.kind === 'none') return alone(atWork);
  const newest = jobs.toSorted((a, b) => viewJob(b).run - viewJob(a).run)[0];
  if (newest === undefined || plan.kind === 'start') return alone(atWork);
  const { state, live } = viewJob(newest);
  if (state === 'succeeded' || (state === 'active' && isWell(newest, live.length))) return alone(atWork);
  try {
    return state === 'failed'
      ? alone(await observeFailure(newest, deps, signal))
      : await observeMissing(newest, deps, signal);
  } catch (error) {
    if (!isForbidden(error)) throw error;
    return alone(failed(type, 'PodAccessForbidden', forbiddenMessage(newest)));
  }
}

const type = 'WorkersAvailable';

const atWork = passed(type, type, 'No worker is missing.');

function alone(finding: Finding): WorkerReport {
  return { finding, trouble: undefined, evicted: [] };
}

/** Every worker that is wanted is ready, and none has failed before. */
function isWell({ status }: Job, live: number): boolean {
  return (status?.ready ?? 0) >= live && (status?.failed ?? 0) === 0;
}

function forbiddenMessage({ metadata }: Job): string {
  return (
    `Not every worker of Job ${metadata.name} runs, and the operator may not read why: it needs a Role in ` +
    `namespace ${metadata.namespace} with the verb "list" on pods and on events of events.k8s.io.`
  );
}

/** What the pods of a failed Job told when they ended; the same pods give the same words. */
async function observeFailure(job: Job, deps: ObserveDeps, signal: AbortSignal): Promise<Finding> {
  const told = worstOf((await podsOf(job, deps, signal)).flatMap((pod) => troubleOf(pod) ?? []));
  return told === undefined
    ? failed(type, 'MaxFailedShardsExceeded', 'The run failed, and none of its pods is left to say why.')
    : failed(type, told.reason, told.message);
}

async function observeMissing(job: Job, deps: ObserveDeps, signal: AbortSignal): Promise<WorkerReport> {
  const health = judgeWorkers(await podsOf(job, deps, signal), deps.nowMs);
  const { evicted, steady } = health;
  const trouble = health.trouble ?? (await findRefusal(job, deps, signal));
  if (steady > 0) return { finding: atWork, trouble, evicted };
  if (trouble !== undefined) return { ...alone(failed(type, trouble.reason, trouble.message)), evicted };
  return { ...alone(observeStart(job, deps.nowMs)), evicted };
}

/** Enough to name a trouble; a Job of more workers than that has the same ones elsewhere. */
const mostPods = 500;

async function podsOf(job: Job, { client }: ObserveDeps, signal: AbortSignal): Promise<readonly WorkerPod[]> {
  const { namespace = '', name = '' } = job.metadata;
  const labelSelector = `${podLabels.job}=${name}`;
  const page = await client.list<WorkerPod>(resourceTypes.pods, {
    namespace,
    labelSelector,
    limit: mostPods,
    signal,
  });
  return page.items;
}

interface JobEvent extends KubernetesObject {
  readonly note?: string;
  readonly eventTime?: string | null;
  readonly deprecatedLastTimestamp?: string | null;
  readonly series?: { readonly lastObservedTime?: string } | null;
}

/** The Job controller tries again within a few minutes; a refusal that is older has been overcome. */
const refusalMs = 10 * 60_000;

/** Why pods of the Job are not even made: no pod tells that, only what the Job controller wrote. */
async function findRefusal(job: Job, deps: ObserveDeps, signal: AbortSignal): Promise<Trouble | undefined> {
  if ((job.status?.active ?? 0) >= viewJob(job).live.length) return undefined;
  const { namespace = '', uid } = job.metadata;
  const fieldSelector = `regarding.uid=${uid},reason=FailedCreate`;
  const { items } = await deps.client.list<JobEvent>(eventType, {
    namespace,
    fieldSelector,
    limit: mostPods,
    signal,
  });
  const newest = items.toSorted((a, b) => seenAt(b) - seenAt(a))[0];
  if (newest?.note === undefined || deps.nowMs - seenAt(newest) > refusalMs) return undefined;
  return troubleOfRefusal(newest.note);
}

function seenAt({ series, eventTime, deprecatedLastTimestamp }: JobEvent): number {
  return Date.parse(series?.lastObservedTime ?? deprecatedLastTimestamp ?? eventTime ?? '') || 0;
}

function observeStart(job: Job, nowMs: number): Finding {
  const { metadata, status } = job;
  const startedAt = Date.parse(status?.startTime ?? metadata.creationTimestamp ?? '');
  if (isUnderWay(job) || !(nowMs - startedAt > startMs)) return atWork;
  const message = `The workers of Job ${metadata.name} do not run yet. Look at its pods.`;
  return unknown(type, 'WorkersStarting', message);
}

/** Workers that have done their part are no longer ready, and nothing is wrong with that. */
function isUnderWay({ status }: Job): boolean {
  return (status?.ready ?? 0) + (status?.succeeded ?? 0) > 0;
}
