import { spawn, type ChildProcess } from 'node:child_process';
import { mkdirSync, openSync, closeSync } from 'node:fs';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { once } from 'node:events';
import type { Clock } from '../../lib/clock.ts';
import type { Logger } from '../../lib/log.ts';
import { resources } from '../../operator/kinds.ts';
import { labels, managedBy } from '../../operator/resources/names.ts';
import type { ApiClient } from '../../operator/runtime/api-client.ts';
import { formatKey, keyOf, type ObjectKey } from '../../operator/runtime/objects.ts';
import { createReflector } from '../../operator/runtime/reflector.ts';
import type { RuntimeMetrics } from '../../operator/runtime/runtime-metrics.ts';
import { ContainerConfigError, resolveEnvironment, type Container, type Pod } from './pod-environment.ts';

/**
 * A stand-in for the kubelet: runs the operator's pods as processes of this machine and reports their phase as a
 * kubelet would. It serves the local mode, and tests against a real API server, whose Jobs get no node.
 *
 *     Pending ── bound, process started ──▶ Running ── exit 0 ──▶ Succeeded
 *        │                                    └─ any other end ──▶ Failed
 *        └─ a reference that cannot be resolved: waits as CreateContainerConfigError, and is tried again
 *
 * A deleted pod gets SIGTERM, and SIGKILL after its grace period; only then is its object let go.
 */
export interface PodRunner {
  /** Runs until the signal is aborted; then ends every process, and resolves. */
  run(signal: AbortSignal): Promise<void>;
  /** The processes that run now, for tests that kill them. */
  processes(): readonly { readonly key: ObjectKey; readonly pid: number }[];
}

export interface PodRunnerOptions {
  /** A folder for the reports and logs of pods; private to the user. */
  readonly stateDir: string;
  /** Of every process, beside its pod's own. */
  readonly environment?: Readonly<Record<string, string>>;
  /** The program and its arguments for a container's `args`. */
  readonly command: (args: readonly string[]) => readonly [string, readonly string[]];
}

export interface PodRunnerDeps {
  readonly client: ApiClient;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Logger;
  readonly metrics: RuntimeMetrics;
}

const nodeName = 'local';
const configErrorMs = 1_000;
const defaultGraceSeconds = 30;

export function createPodRunner(options: PodRunnerOptions, deps: PodRunnerDeps): PodRunner {
  return new ProcessRunner(options, deps);
}

interface Running {
  readonly key: ObjectKey;
  readonly uid: string;
  readonly ended: Promise<void>;
  child: ChildProcess | undefined;
  readonly stop: AbortController;
  readonly graceMs: number;
}

class ProcessRunner implements PodRunner {
  readonly #options: PodRunnerOptions;
  readonly #deps: PodRunnerDeps;
  readonly #running = new Map<string, Running>();

  constructor(options: PodRunnerOptions, deps: PodRunnerDeps) {
    this.#options = options;
    this.#deps = deps;
  }

  processes(): readonly { readonly key: ObjectKey; readonly pid: number }[] {
    return [...this.#running.values()].flatMap(({ key, child }) =>
      child?.pid === undefined || child.exitCode !== null ? [] : [{ key, pid: child.pid }],
    );
  }

  async run(signal: AbortSignal): Promise<void> {
    const pods = createReflector<Pod>(
      { type: resources.pods, labelSelector: `${labels.managedBy}=${managedBy}` },
      this.#deps,
    );
    pods.onChange(({ kind, object }) => {
      if (kind === 'Deleted') this.#end(object);
      else this.#see(object);
    });
    await pods.run(signal);
    const left = [...this.#running.values()];
    for (const one of left) this.#stop(one);
    await Promise.all(left.map(({ ended }) => ended));
  }

  #see(pod: Pod): void {
    const uid = pod.metadata.uid ?? '';
    const known = this.#running.get(uid);
    if (pod.metadata.deletionTimestamp !== undefined) {
      if (known !== undefined) this.#stop(known);
      else void this.#letGo(pod);
      return;
    }
    if (known !== undefined || (pod.status?.phase ?? 'Pending') !== 'Pending') return;
    const graceMs = (pod.spec.terminationGracePeriodSeconds ?? defaultGraceSeconds) * 1000;
    const stop = new AbortController();
    const key = keyOf(pod);
    const ended = this.#live(pod, stop.signal)
      .catch((error: unknown) =>
        this.#deps.log.error('A pod could not be run', { pod: formatKey(key), error }),
      )
      .finally(() => this.#running.delete(uid));
    this.#running.set(uid, { key, uid, child: undefined, stop, graceMs, ended });
  }

  /** The object is gone: so must its process be. */
  #end(pod: Pod): void {
    const known = this.#running.get(pod.metadata.uid ?? '');
    if (known !== undefined) this.#stop(known);
  }

  #stop({ child, stop, graceMs }: Running): void {
    if (stop.signal.aborted) return;
    stop.abort(new Error('the pod is deleted'));
    child?.kill('SIGTERM');
    const kill = setTimeout(() => child?.kill('SIGKILL'), graceMs);
    child?.once('exit', () => clearTimeout(kill));
    if (child === undefined) clearTimeout(kill);
  }

  async #live(pod: Pod, stop: AbortSignal): Promise<void> {
    const [container] = pod.spec.containers;
    if (container === undefined) return;
    await this.#bind(pod);
    const environment = await this.#environmentOf(pod, container, stop);
    if (environment !== undefined) {
      const folder = this.#folderOf(pod);
      const ending = await this.#runProcess(pod, { container, environment, folder });
      await this.#reportEnd(pod, container, ending);
      await rm(folder.report, { force: true });
    }
    if (stop.aborted) await this.#letGo(pod);
  }

  async #bind(pod: Pod): Promise<void> {
    if (pod.spec.nodeName !== undefined && pod.spec.nodeName !== '') return;
    const body = {
      apiVersion: 'v1',
      kind: 'Binding',
      metadata: { name: pod.metadata.name },
      target: { apiVersion: 'v1', kind: 'Node', name: nodeName },
    };
    await this.#deps.client.createSubresource(resources.pods, keyOf(pod), { name: 'binding', body });
  }

  /** Undefined: the pod was deleted before its references could be resolved. */
  async #environmentOf(
    pod: Pod,
    container: Container,
    stop: AbortSignal,
  ): Promise<Record<string, string> | undefined> {
    while (!stop.aborted) {
      try {
        return await resolveEnvironment(pod, container, this.#deps.client, stop);
      } catch (error) {
        if (stop.aborted) return undefined;
        if (!(error instanceof ContainerConfigError)) throw error;
        const waiting = { reason: 'CreateContainerConfigError', message: error.message };
        await this.#writeStatus(pod, { containerStatuses: [statusOf(container, { waiting })] });
        await this.#deps.clock.sleep(configErrorMs, stop).catch(() => {});
      }
    }
    return undefined;
  }

  #folderOf(pod: Pod): { readonly report: string; readonly log: string } {
    const { namespace = '', name = '', uid = '' } = pod.metadata;
    const folder = join(this.#options.stateDir, 'pods', namespace);
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    return { report: join(folder, `${uid}.report`), log: join(folder, `${name}.log`) };
  }

  async #runProcess(
    pod: Pod,
    start: {
      readonly container: Container;
      readonly environment: Readonly<Record<string, string>>;
      readonly folder: { readonly report: string; readonly log: string };
    },
  ): Promise<Ending> {
    const { container, environment, folder } = start;
    const [program, args] = this.#options.command(container.args ?? []);
    await writeFile(folder.report, '', { mode: 0o600 });
    const log = openSync(folder.log, 'a', 0o600);
    const path = container.terminationMessagePath ?? '';
    const child = spawn(program, args, {
      env: { ...this.#options.environment, ...withPath(environment, path, folder.report) },
      stdio: ['ignore', log, log],
    });
    closeSync(log);
    const running = this.#running.get(pod.metadata.uid ?? '');
    if (running !== undefined) running.child = child;
    if (running?.stop.signal.aborted === true) child.kill('SIGTERM');
    const exit = once(child, 'exit') as Promise<[number | null, NodeJS.Signals | null]>;
    const startedAt = this.#now();
    await this.#writeStatus(pod, {
      phase: 'Running',
      startTime: startedAt,
      conditions: [condition('Ready', 'True', startedAt)],
      containerStatuses: [statusOf(container, { running: { startedAt } }, true)],
    });
    const [code, signal] = await exit;
    const message = await readFile(folder.report, 'utf8').catch(() => '');
    return { code, signal, message, startedAt };
  }

  async #reportEnd(pod: Pod, container: Container, ending: Ending): Promise<void> {
    const { code, signal, message, startedAt } = ending;
    const exitCode = code ?? 128 + (signal === 'SIGKILL' ? 9 : 15);
    const finishedAt = this.#now();
    const reason = exitCode === 0 ? 'Completed' : 'Error';
    const terminated = { exitCode, reason, message: message.slice(0, 4096), startedAt, finishedAt };
    await this.#writeStatus(pod, {
      phase: exitCode === 0 ? 'Succeeded' : 'Failed',
      conditions: [condition('Ready', 'False', finishedAt)],
      containerStatuses: [statusOf(container, { terminated })],
    });
  }

  /** A pod that is deleted meanwhile has no status to write. */
  async #writeStatus(pod: Pod, status: object): Promise<void> {
    const { client, log } = this.#deps;
    const patch = { metadata: { uid: pod.metadata.uid }, status };
    await client
      .patch(resources.pods, keyOf(pod), { kind: 'merge', patch }, { subresource: 'status' })
      .catch((error: unknown) =>
        log.debug('A pod has no status to write', { pod: formatKey(keyOf(pod)), error }),
      );
  }

  /** What the kubelet does last for a deleted pod. */
  async #letGo(pod: Pod): Promise<void> {
    const { client, log } = this.#deps;
    const { uid } = pod.metadata;
    await client
      .delete(resources.pods, keyOf(pod), { gracePeriodSeconds: 0, ...(uid === undefined ? {} : { uid }) })
      .catch((error: unknown) => log.debug('A pod was gone already', { pod: formatKey(keyOf(pod)), error }));
  }

  #now(): string {
    return new Date(this.#deps.clock.now()).toISOString();
  }
}

interface Ending {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly message: string;
  readonly startedAt: string;
}

/** The container's path of the termination message is a file of this machine here. */
function withPath(
  environment: Readonly<Record<string, string>>,
  path: string,
  file: string,
): Record<string, string> {
  return Object.fromEntries(
    Object.entries(environment).map(([name, value]) => [name, path !== '' && value === path ? file : value]),
  );
}

function statusOf({ name, image }: Container, state: object, ready = false): object {
  return { name, image, imageID: '', ready, started: ready, restartCount: 0, state };
}

function condition(type: string, status: string, lastTransitionTime: string): object {
  return { type, status, lastTransitionTime };
}
