import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { Server, ServerGroup } from './control-plane/processes.ts';

export interface OperatorOptions {
  /** Begins the identity under which it leads. */
  readonly hostName: string;
  readonly kubeconfigPath: string;
  readonly port: number;
}

/**
 * How a deployment starts it: what is kept may take half of a container of 256 MiB, as Node would choose by itself there,
 * and what is young little, since a listing makes much of that and keeps none.
 */
const nodeOptions = ['--max-old-space-size=128', '--max-semi-space-size=4'];

const main = fileURLToPath(new URL('../../operator/main.ts', import.meta.url));

/** The operator as it is deployed: a process of its own. */
export function startOperatorProcess(servers: ServerGroup, options: OperatorOptions): Server {
  const env = [
    `HOSTNAME=${options.hostName}`,
    `KUBECONFIG=${options.kubeconfigPath}`,
    `MILLRACE_PORT=${options.port}`,
    'MILLRACE_NAMESPACE=default',
    'MILLRACE_WORKER_IMAGE=registry.example/millrace:1',
  ];
  return servers.start(`operator-${options.hostName}`, 'env', [
    ...env,
    process.execPath,
    ...nodeOptions,
    main,
  ]);
}

/** The most memory that a process has had so far, in bytes. */
export async function peakMemoryOf({ pid }: Server): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  return Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1]) * 1024;
}
