import { mkdir } from 'node:fs/promises';
import type { Clock } from '../../lib/clock.ts';
import type { Logger } from '../../lib/log.ts';
import { createMetrics } from '../../lib/metrics.ts';
import { createApiClient } from '../../operator/runtime/api-client.ts';
import { createRuntimeMetrics } from '../../operator/runtime/runtime-metrics.ts';
import type { ApiTransport } from '../../operator/runtime/transport.ts';
import { serveApi } from './api-socket.ts';
import { createJobController } from './jobs/job-controller.ts';
import { openMemoryApi } from './memory-api.ts';
import { keepObjects, loadObjects } from './object-file.ts';
import { removePodFolders } from './pod-process.ts';
import { createPodRunner, type PodRunnerOptions } from './pod-runner.ts';

export interface LocalClusterOptions {
  /** A folder of the user's own: objects, the socket, logs and reports of workers. */
  readonly stateDir: string;
  readonly command: PodRunnerOptions['command'];
  /** Of every worker, beside its pod's own. */
  readonly environment: Readonly<Record<string, string>>;
  readonly clock: Clock;
  readonly log: Logger;
}

/** A Kubernetes API, the controller of its Jobs, and something that runs its pods, all in this process. */
export interface LocalCluster {
  readonly transport: ApiTransport;
  /** Where other processes of the same user find the API. */
  readonly socketPath: string;
  /** Ends the workers, then closes the API and keeps its objects. */
  stop(): Promise<void>;
}

/** Errors: `StateDirInUse` while another process has the folder. */
export async function startLocalCluster(options: LocalClusterOptions): Promise<LocalCluster> {
  const { stateDir, clock, log } = options;
  await mkdir(stateDir, { recursive: true, mode: 0o700 });
  const api = openMemoryApi(clock, await loadObjects(stateDir));
  const socket = await serveApi(api.server, stateDir);
  await removePodFolders(stateDir);
  const file = keepObjects(stateDir, api.objects, log);
  const deps = {
    client: createApiClient({ transport: api.transport, clock, fieldManager: 'millrace-local' }),
    clock,
    log,
    random: Math.random,
    metrics: createRuntimeMetrics(createMetrics(), 'millrace_local'),
  };
  const stop = new AbortController();
  const pods = createPodRunner(
    { stateDir, command: options.command, environment: options.environment },
    deps,
  ).run(stop.signal);
  const jobs = createJobController({}, deps).run(stop.signal);
  return {
    transport: api.transport,
    socketPath: socket.path,
    stop: async () => {
      stop.abort();
      await Promise.all([pods, jobs]);
      await socket.close();
      api.server.stop();
      await file.close();
    },
  };
}
