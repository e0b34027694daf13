import {
  newestProbe,
  planProbe,
  requestOf,
  endOf,
  type ProbeOccasion,
  type ProbePlan,
} from './planning/probe.ts';
import { troubleOf } from './planning/pod-trouble.ts';
import { resourceTypes } from './resource-types.ts';
import type { Job } from './resources/worker-job.ts';
import { podLabels, type WorkerPod } from './resources/worker-pod.ts';
import type { ApiClient } from './runtime/api-client.ts';
import { isAlreadyExists } from './runtime/api-error.ts';
import { keyOf } from './runtime/objects.ts';

export interface AskPodDeps {
  readonly client: Pick<ApiClient, 'create' | 'delete' | 'list'>;
  readonly clock: { readonly now: () => number };
}

export interface PodQuestion<T> {
  /** That asked the same for the same object before, in whatever state. */
  readonly jobs: readonly Job[];
  readonly occasion: ProbeOccasion;
  readonly parse: (terminationMessage: string) => T | undefined;
  readonly goodForMs: (report: T) => number;
  /** The Job of a hash that follows from the situation: two operators make one. */
  readonly build: (hash: string) => Job;
}

export interface PodAnswer<T> {
  /** The newest there is; undefined: none about this yet. */
  readonly report: T | undefined;
  /** When it was given; milliseconds since the epoch. */
  readonly givenAt: number;
  /** Why there is none, where that can be told. */
  readonly trouble: string | undefined;
  /** The report is of before a person's request, which a pod is answering now. */
  readonly awaited: boolean;
}

/** After a pod that could not answer; its cause may be mended just now. */
const openMs = 60_000;

/**
 * Asks a pod what only a pod can know. Its Job keeps the answer, so that an operator that is started anew asks nobody
 * again; while a newer one is asked, the answer before it holds. No more than one is under way.
 */
export async function askPod<T>(
  question: PodQuestion<T>,
  deps: AskPodDeps,
  signal: AbortSignal,
): Promise<PodAnswer<T>> {
  const { jobs, occasion, parse } = question;
  const last = newestProbe(jobs, occasion.probed);
  const told = last === undefined ? nothing : await readEnd(last, parse, deps, signal);
  const goodForMs = goodFor(told, question);
  const plan = planProbe({ jobs, occasion, goodForMs, nowMs: deps.clock.now() });
  const trouble = await carryOut(plan, question, deps, signal);
  return {
    report: told.report,
    givenAt: last === undefined ? 0 : endOf(last),
    trouble: trouble ?? told.trouble,
    awaited: plan.kind !== 'keep' && (last && requestOf(last)) !== occasion.requestedAt,
  };
}

interface Told<T> {
  readonly report: T | undefined;
  readonly trouble: string | undefined;
}

const nothing = { report: undefined, trouble: undefined };

function goodFor<T>({ report, trouble }: Told<T>, { goodForMs }: PodQuestion<T>): number {
  if (report !== undefined) return goodForMs(report);
  return trouble === undefined ? 0 : openMs;
}

/** Of a Job that ended. Nothing: its pods are gone, and what they said with them. */
async function readEnd<T>(
  job: Job,
  parse: PodQuestion<T>['parse'],
  deps: AskPodDeps,
  signal: AbortSignal,
): Promise<Told<T>> {
  const pods = await podsOf(job, deps, signal);
  const messages = pods.flatMap(({ status }) =>
    (status?.containerStatuses ?? []).flatMap(({ state }) => state?.terminated?.message ?? []),
  );
  const report = messages.flatMap((message) => parse(message) ?? [])[0];
  return { report, trouble: report === undefined ? troubleAmong(pods) : undefined };
}

function troubleAmong(pods: readonly WorkerPod[]): string | undefined {
  return pods.flatMap((pod) => troubleOf(pod)?.message ?? [])[0];
}

/** Gives why no answer comes, where that can be told. */
async function carryOut<T>(
  plan: ProbePlan,
  { build }: PodQuestion<T>,
  deps: AskPodDeps,
  signal: AbortSignal,
): Promise<string | undefined> {
  switch (plan.kind) {
    case 'keep':
      return undefined;
    case 'wait':
      return await describeWait(plan, deps, signal);
    case 'giveUp':
      await deps.client.delete(resourceTypes.jobs, keyOf(plan.job), { signal });
      return undefined;
    case 'start':
      await start(build(plan.hash), plan.surplus, deps, signal);
      return undefined;
  }
}

async function describeWait(
  { job, late }: { readonly job: Job; readonly late: boolean },
  deps: AskPodDeps,
  signal: AbortSignal,
): Promise<string | undefined> {
  const trouble = troubleAmong(await podsOf(job, deps, signal));
  if (trouble !== undefined || !late) return trouble;
  const { name = '' } = job.metadata;
  return `Job ${name} has not answered in two minutes. kubectl describe job ${name} says how it stands.`;
}

/** A Job of one pod, which is tried again a few times. */
const mostPods = 10;

async function podsOf(job: Job, { client }: AskPodDeps, signal: AbortSignal): Promise<readonly WorkerPod[]> {
  const { namespace, name } = keyOf(job);
  const labelSelector = `${podLabels.job}=${name}`;
  const page = await client.list<WorkerPod>(resourceTypes.pods, {
    namespace,
    labelSelector,
    limit: mostPods,
    signal,
  });
  return page.items;
}

/** Answers that nobody will read any more go with it. */
async function start(
  job: Job,
  surplus: readonly Job[],
  { client }: AskPodDeps,
  signal: AbortSignal,
): Promise<void> {
  try {
    await client.create(resourceTypes.jobs, job, { signal });
  } catch (error) {
    // This process's copy of the Jobs is behind, or another operator was before it.
    if (!isAlreadyExists(error)) throw error;
  }
  for (const old of surplus) {
    await client.delete(resourceTypes.jobs, keyOf(old), { signal });
  }
}
