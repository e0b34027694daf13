import { resourceTypes } from '../../operator/resource-types.ts';
import { labels, managedBy } from '../../operator/resources/names.ts';
import { keyOf, type ObjectKey } from '../../operator/runtime/objects.ts';
import { createReflector } from '../../operator/runtime/reflector.ts';
import type { RuntimeMetrics } from '../../operator/runtime/runtime-metrics.ts';
import { graceSecondsOf, letPodGo, startPodRun, type PodRun, type PodRunDeps } from './pod-run.ts';
import { hasEnded, metaOf, type Pod } from './pod.ts';

/**
 * A stand-in for the kubelet: runs the operator's pods as processes of this machine and reports their phase as a
 * kubelet would. It serves the local mode, and tests against a real API server, whose Jobs get no node.
 *
 *     Pending ── bound, process started ──▶ Running ── exit 0 ──▶ Succeeded
 *        │                                    ├─ any other end ──▶ Failed
 *        │                                    └─ found without its process (the runner crashed) ──▶ Failed, disrupted
 *        └─ a reference that cannot be resolved: waits as CreateContainerConfigError, and is tried again
 *
 * A deleted pod gets SIGTERM, and SIGKILL after its grace period; only then is its object let go.
 */
export interface PodRunner {
  /** Runs until the signal is aborted; then ends every process, tells so, and resolves. */
  run(signal: AbortSignal): Promise<void>;
  /** The processes that run now, for tests that kill them. */
  processes(): readonly { readonly key: ObjectKey; readonly pid: number }[];
}

export interface PodRunnerOptions {
  /** A folder for the reports and logs of pods; private to the user. */
  readonly stateDir: string;
  /** The program and its arguments for a container's command and args, one after the other. */
  readonly command: (args: readonly string[]) => readonly [program: string, args: readonly string[]];
  /** Of every process, beside its pod's own. A process gets nothing of this process's environment. */
  readonly environment?: Readonly<Record<string, string>>;
  /** Default: this process's. */
  readonly workingDirectory?: string;
  /** Which pods are run. Default: those that the operator manages. */
  readonly labelSelector?: string;
  /** The node that pods are bound to. Default `local`. */
  readonly nodeName?: string;
  /** Told each line that a pod writes, beside the log file. */
  readonly onLine?: (pod: Pod, line: string) => void;
  /** How long processes have to end when the runner is stopped. Default 10 s, at most what the pod has. */
  readonly stopGraceSeconds?: number;
}

export interface PodRunnerDeps extends PodRunDeps {
  readonly metrics: RuntimeMetrics;
}

const defaultStopGraceSeconds = 10;
/** After the last process has ended, so long may its status take to be written. */
const lastReportsMs = 5_000;

export function createPodRunner(options: PodRunnerOptions, deps: PodRunnerDeps): PodRunner {
  const settings = {
    environment: {},
    workingDirectory: '.',
    nodeName: 'local',
    onLine: undefined,
    ...options,
  };
  const runs = new Map<string, PodRun>();
  /** Ended here; an event from before may still come, and must not begin them anew. */
  const over = new Set<string>();
  const reporting = new AbortController();

  function see(pod: Pod): void {
    const { uid, deletionTimestamp } = metaOf(pod);
    const known = runs.get(uid);
    if (deletionTimestamp !== undefined) {
      if (known) end(known, pod);
      else void letPodGo(pod, deps, reporting.signal);
    } else if (known === undefined && !over.has(uid) && !hasEnded(pod) && isOurs(pod, settings.nodeName)) {
      const run = startPodRun(pod, settings, deps, reporting.signal);
      runs.set(uid, run);
      void run.ended.then(() => {
        runs.delete(uid);
        over.add(uid);
      });
    }
  }

  /** Of a pod that is gone already, the process is ended all the same. */
  function gone(pod: Pod): void {
    const { uid } = metaOf(pod);
    runs.get(uid)?.stop(graceSecondsOf(pod));
    over.delete(uid);
  }

  return {
    async run(signal) {
      const { labelSelector = `${labels.managedBy}=${managedBy}` } = options;
      const pods = createReflector<Pod>({ type: resourceTypes.pods, labelSelector }, deps);
      pods.onChange(({ kind, object }) => (kind === 'Deleted' ? gone(object) : see(object)));
      await pods.run(signal);
      await endAll([...runs.values()], options.stopGraceSeconds ?? defaultStopGraceSeconds, reporting);
    },
    processes: () =>
      [...runs.values()].flatMap((run) => {
        const pid = run.pid();
        return pid === undefined ? [] : [{ key: keyOf(run.pod), pid }];
      }),
  };
}

function end(run: PodRun, pod: Pod): void {
  run.letGo();
  run.stop(graceSecondsOf(pod));
}

function isOurs({ spec }: Pod, nodeName: string): boolean {
  return (spec.nodeName ?? '') === '' || spec.nodeName === nodeName;
}

async function endAll(
  runs: readonly PodRun[],
  graceSeconds: number,
  reporting: AbortController,
): Promise<void> {
  for (const run of runs) run.stop(Math.min(graceSeconds, graceSecondsOf(run.pod)));
  const ms = graceSeconds * 1000 + lastReportsMs;
  const giveUp = setTimeout(() => reporting.abort(new Error('the runner of the pods is stopped')), ms);
  await Promise.all(runs.map(({ ended }) => ended));
  clearTimeout(giveUp);
}
