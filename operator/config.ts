import { hostname } from 'node:os';
import { TerminalError } from '../lib/errors.ts';

/** How the operator is run, read once from its environment. */
export interface OperatorConfig {
  /** Of the operator's own Lease and Secret; undefined: that of the kubeconfig's context or of the pod. */
  readonly namespace: string | undefined;
  /** Empty: all namespaces. */
  readonly watchNamespaces: readonly string[];
  readonly workerImage: string;
  readonly workerImagePullPolicy: string | undefined;
  /** Of /metrics of each worker. Undefined, or 0 in the environment: they serve none. */
  readonly workerMetricsPort: number | undefined;
  readonly leaderElection: boolean;
  /** Origins, beside Amazon's own, that tokens of ServiceAccounts may be given to. */
  readonly trustedEndpoints: readonly string[];
  /** Of the host name alone; the process adds something random. */
  readonly hostName: string;
  /** Of /livez, /readyz and /metrics. 0: any free one. */
  readonly port: number;
  readonly kubeconfig: string | undefined;
}

type Environment = Readonly<Record<string, string | undefined>>;

/** Errors: `InvalidSpec`, naming the variable, its value and what it may be. */
export function loadOperatorConfig(env: Environment): OperatorConfig {
  const workerImage = env['MILLRACE_WORKER_IMAGE'];
  if (workerImage === undefined || workerImage === '') {
    throw invalid(
      'MILLRACE_WORKER_IMAGE is not set. Set it to the image that workers run, the same as the operator’s.',
    );
  }
  return Object.freeze({
    namespace: env['MILLRACE_NAMESPACE'],
    watchNamespaces: readList(env['MILLRACE_WATCH_NAMESPACES']),
    trustedEndpoints: readList(env['MILLRACE_TRUSTED_ENDPOINTS']).map(readOrigin),
    workerImage,
    workerImagePullPolicy: env['MILLRACE_WORKER_IMAGE_PULL_POLICY'],
    workerMetricsPort: readWorkerPort(env['MILLRACE_WORKER_METRICS_PORT']),
    leaderElection: readSwitch('MILLRACE_LEADER_ELECTION', env['MILLRACE_LEADER_ELECTION']),
    hostName: env['HOSTNAME'] ?? hostname(),
    port: readPort('MILLRACE_PORT', env['MILLRACE_PORT']),
    kubeconfig: env['KUBECONFIG'],
  });
}

function readList(text = ''): readonly string[] {
  return text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');
}

function readOrigin(text: string): string {
  const { origin } = URL.canParse(text) ? new URL(text) : { origin: 'null' };
  if (origin !== 'null') return origin;
  throw invalid(
    `MILLRACE_TRUSTED_ENDPOINTS holds ${JSON.stringify(text)}; it may hold addresses such as https://minio.storage.svc:9000.`,
  );
}

function readSwitch(name: string, text = 'true'): boolean {
  if (text === 'true' || text === 'false') return text === 'true';
  throw invalid(`${name} is ${JSON.stringify(text)}; it may be true or false.`);
}

function readWorkerPort(text: string | undefined): number | undefined {
  if (text === undefined || text === '') return undefined;
  const port = readPort('MILLRACE_WORKER_METRICS_PORT', text);
  // A scrape must know it beforehand.
  return port === 0 ? undefined : port;
}

function readPort(name: string, text = '8080'): number {
  const port = Number(text);
  if (/^\d+$/.test(text) && port <= 65_535) return port;
  throw invalid(`${name} is ${JSON.stringify(text)}; it may be a port, from 0 to 65535.`);
}

function invalid(message: string): TerminalError {
  return new TerminalError({ reason: 'InvalidSpec', message });
}
