import { join } from 'node:path';

import type { Clock } from '../../lib/clock.ts';
import { TerminalError } from '../../lib/errors.ts';
import type { Logger } from '../../lib/log.ts';
import { backoffMs } from '../../lib/retry.ts';
import { resourceTypes } from '../../operator/resource-types.ts';
import type { ApiClient } from '../../operator/runtime/api-client.ts';
import { isConflict, isNotFound } from '../../operator/runtime/api-error.ts';
import { keyOf } from '../../operator/runtime/objects.ts';
import { prepareContainer, type Prepared } from './pod-environment.ts';
import { createPodFolder, startProcess, type PodProcess } from './pod-process.ts';
import {
  endedStatus,
  lostStatus,
  neverStartedStatus,
  refusedStatus,
  runningStatus,
  waitingStatus,
  type ContainerEnd,
} from './pod-status.ts';
import { defaultGraceSeconds, metaOf, type Container, type Pod, type PodStatus } from './pod.ts';

export interface PodRunSettings {
  /** A folder for the reports and logs of pods; private to the user. */
  readonly stateDir: string;
  /** Of every process, beside its pod's own. */
  readonly environment: Readonly<Record<string, string>>;
  /** The program and its arguments for a container's command and args. */
  readonly command: (args: readonly string[]) => readonly [program: string, args: readonly string[]];
  readonly workingDirectory: string;
  readonly nodeName: string;
  readonly onLine: ((pod: Pod, line: string) => void) | undefined;
}

export interface PodRunDeps {
  readonly client: ApiClient;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Logger;
}

/** One pod on its way from Pending to its end. */
export interface PodRun {
  readonly pod: Pod;
  /** While the process lives. */
  pid(): number | undefined;
  /** Asks the process to end, and after so many seconds makes it; a shorter time than before counts, a longer not. */
  stop(graceSeconds: number): void;
  /** The pod was deleted: once it has ended, its object is let go. */
  letGo(): void;
  /** Never rejects. */
  readonly ended: Promise<void>;
}

const configErrorMs = 1_000;
const reportBackoff = { baseMs: 200, capMs: 10_000 };

/** `signal` is aborted when nothing more can be told to the API; the process is ended by `stop`. */
export function startPodRun(
  pod: Pod,
  settings: PodRunSettings,
  deps: PodRunDeps,
  signal: AbortSignal,
): PodRun {
  return new ProcessPodRun(pod, settings, deps, signal);
}

class ProcessPodRun implements PodRun {
  readonly pod: Pod;
  readonly ended: Promise<void>;
  readonly #settings: PodRunSettings;
  readonly #deps: PodRunDeps;
  readonly #signal: AbortSignal;
  readonly #stopped = new AbortController();
  #process: (PodProcess & { readonly isOver: () => boolean }) | undefined;
  #kill: { readonly at: number; readonly timer: NodeJS.Timeout } | undefined;
  #isDeleted = false;

  constructor(pod: Pod, settings: PodRunSettings, deps: PodRunDeps, signal: AbortSignal) {
    this.pod = pod;
    this.#settings = settings;
    this.#deps = deps;
    this.#signal = signal;
    this.ended = this.#live().catch((error: unknown) => {
      if (!signal.aborted) deps.log.error('A pod could not be run', { ...this.#fields(), error });
    });
  }

  pid(): number | undefined {
    return this.#process === undefined || this.#process.isOver() ? undefined : this.#process.pid;
  }

  letGo(): void {
    this.#isDeleted = true;
  }

  stop(graceSeconds: number): void {
    this.#stopped.abort(new Error('the pod is being stopped'));
    const at = this.#deps.clock.monotonic() + graceSeconds * 1000;
    if (this.#kill !== undefined && this.#kill.at <= at) return;
    clearTimeout(this.#kill?.timer);
    this.#kill = { at, timer: setTimeout(() => this.#process?.kill('SIGKILL'), graceSeconds * 1000) };
    this.#process?.kill('SIGTERM');
  }

  async #live(): Promise<void> {
    try {
      await this.#bind();
      await this.#report(await this.#lifeOfContainer());
    } finally {
      clearTimeout(this.#kill?.timer);
    }
    if (this.#isDeleted) await letPodGo(this.pod, this.#deps, this.#signal);
  }

  /** A scheduler would have; the pods of local mode and of tests have none. */
  async #bind(): Promise<void> {
    if ((this.pod.spec.nodeName ?? '') !== '') return;
    const body = {
      apiVersion: 'v1',
      kind: 'Binding',
      metadata: { name: this.pod.metadata.name },
      target: { apiVersion: 'v1', kind: 'Node', name: this.#settings.nodeName },
    };
    await this.#deps.client
      .createSubresource(
        resourceTypes.pods,
        keyOf(this.pod),
        { name: 'binding', body },
        { signal: this.#signal },
      )
      .catch((error: unknown) => {
        if (!isConflict(error) && !isNotFound(error)) throw error;
      });
  }

  /** Gives the last status of the pod. */
  async #lifeOfContainer(): Promise<PodStatus> {
    const { pod } = this;
    const { clock } = this.#deps;
    if (pod.status?.phase === 'Running') return lostStatus(pod, clock.now());
    const [container, ...others] = pod.spec.containers;
    if (container === undefined || others.length > 0 || (pod.spec.initContainers ?? []).length > 0) {
      return refusedStatus(pod, 'local mode runs pods of one container and no init containers', clock.now());
    }
    await using folder = await createPodFolder(this.#settings.stateDir, metaOf(pod).uid);
    const messagePath = join(folder.path, 'termination-log');
    const prepared = await this.#prepare(container, folder.path, messagePath);
    if (prepared.kind === 'waiting') return neverStartedStatus(pod, clock.now());
    const end = await this.#runProcess(container, prepared.environment, messagePath);
    return endedStatus(pod, end);
  }

  /** Waits until all that the container refers to is there; `waiting` if the pod was stopped before. */
  async #prepare(container: Container, folder: string, messagePath: string): Promise<Prepared> {
    const { clock, client } = this.#deps;
    let told = '';
    for (;;) {
      const prepared = await prepareContainer(
        { pod: this.pod, container, folder, messagePath },
        client,
        this.#signal,
      );
      if (prepared.kind === 'ready' && !this.#stopped.signal.aborted) return prepared;
      const { reason, message } = prepared.kind === 'waiting' ? prepared : { reason: '', message: '' };
      if (this.#stopped.signal.aborted) return { kind: 'waiting', reason, message };
      if (message !== told) await this.#report(waitingStatus(this.pod, { reason, message }, clock.now()));
      told = message;
      await clock.sleep(configErrorMs, AbortSignal.any([this.#signal, this.#stopped.signal])).catch(() => {});
    }
  }

  async #runProcess(
    container: Container,
    environment: Readonly<Record<string, string>>,
    messagePath: string,
  ): Promise<ContainerEnd> {
    const { pod } = this;
    const settings = this.#settings;
    const { onLine } = settings;
    const child = await startProcess({
      container,
      command: settings.command([...(container.command ?? []), ...(container.args ?? [])]),
      workingDirectory: settings.workingDirectory,
      environment: { ...settings.environment, ...environment },
      logPath: podLogPath(settings.stateDir, pod),
      messagePath,
      onLine: onLine && ((line) => onLine(pod, line)),
      now: () => this.#deps.clock.now(),
    });
    let isOver = false;
    this.#process = { ...child, isOver: () => isOver };
    if (this.#stopped.signal.aborted) child.kill('SIGTERM');
    // The process runs whether or not this can be told.
    const told = this.#report(runningStatus(pod, child.startedAt));
    const end = await child.ended;
    isOver = true;
    await told;
    return end;
  }

  /** Tells until it is heard: a lost report would leave a Job waiting for ever. A pod that is gone has none to write. */
  async #report(status: PodStatus): Promise<void> {
    const { client, clock, random, log } = this.#deps;
    const patch = { metadata: { uid: this.pod.metadata.uid }, status };
    for (let failures = 1; ; failures += 1) {
      this.#signal.throwIfAborted();
      try {
        const options = { subresource: 'status', signal: this.#signal };
        await client.patch(resourceTypes.pods, keyOf(this.pod), { kind: 'merge', patch }, options);
        return;
      } catch (error) {
        if (isNotFound(error) || isConflict(error)) return;
        if (error instanceof TerminalError) throw error;
        log.warn('The status of a pod could not be written', { ...this.#fields(), failures, error });
        await clock.sleep(backoffMs(failures, reportBackoff, random), this.#signal);
      }
    }
  }

  #fields() {
    const { namespace, name } = metaOf(this.pod);
    return { namespace, pod: name };
  }
}

/** What a kubelet does last for a deleted pod. */
export async function letPodGo(pod: Pod, { client, log }: PodRunDeps, signal: AbortSignal): Promise<void> {
  const { namespace, name, uid } = metaOf(pod);
  try {
    await client.delete(resourceTypes.pods, keyOf(pod), { gracePeriodSeconds: 0, uid, signal });
  } catch (error) {
    if (!isConflict(error) && !signal.aborted)
      log.warn('A pod could not be let go', { namespace, pod: name, error });
  }
}

export function graceSecondsOf(pod: Pod): number {
  return (
    metaOf(pod).deletionGracePeriodSeconds ?? pod.spec.terminationGracePeriodSeconds ?? defaultGraceSeconds
  );
}

/** Where the output of a pod's container is kept. */
function podLogPath(stateDir: string, pod: Pod): string {
  const { namespace, name } = metaOf(pod);
  return join(stateDir, 'logs', namespace, `${name}.log`);
}
