import type { AwsCredentials } from '../lib/aws/credentials.ts';
import {
  workerEnvironment,
  type DiscoverTask,
  type ImportTask,
  type ProbeTask,
  type TaskIdentity,
} from '../lib/contract/task.ts';
import { TerminalError } from '../lib/errors.ts';
import { isJsonObject, type JsonObject } from '../lib/json.ts';

/** What a worker is started with, read once. */
export interface WorkerConfig {
  readonly task: ImportTask;
  readonly templateHash: string;
  readonly claimant: string;
  /** The place in the Job that this pod fills, and another after it; undefined: started by hand. */
  readonly slot: string | undefined;
  readonly reportPath: string | undefined;
  /** Of /metrics; undefined: nobody asks. 0: any free one. */
  readonly metricsPort: number | undefined;
  readonly store: { readonly url: string; readonly caPem: string | undefined };
  readonly s3: S3Config;
}

interface S3Config {
  readonly caPem: string | undefined;
  /** Of the variables; undefined where the task names another way to sign in. */
  readonly keys: AwsCredentials | undefined;
  /** A file with a token of the ServiceAccount. */
  readonly tokenFile: string | undefined;
}

/** What a worker is started with that is to say who it is. */
export interface ProbeConfig {
  readonly task: ProbeTask;
  readonly reportPath: string | undefined;
  readonly s3: S3Config;
}

/** What a worker is started with that is to look at a bucket. */
export interface DiscoverConfig extends Pick<WorkerConfig, 'store' | 's3' | 'reportPath'> {
  readonly task: DiscoverTask;
}

type Environment = Readonly<Record<string, string | undefined>>;

/** Errors: `WorkerConfigInvalid`, naming the variable, never its value. */
export function loadWorkerConfig(env: Environment): WorkerConfig {
  const names = workerEnvironment;
  const task = parseTask<ImportTask>(required(env, names.task), 'import-shard', importMembers);
  return Object.freeze({
    task,
    templateHash: required(env, names.templateHash),
    claimant: env[names.podName] ?? `process-${process.pid}`,
    slot: slotOf(env[names.jobName], env[names.shardIndex]),
    reportPath: env[names.reportPath],
    metricsPort: portOf(names.metricsPort, env[names.metricsPort]),
    store: { url: required(env, names.storeUrl), caPem: env[names.storeCa] },
    s3: loadS3Config(task.identity, env),
  });
}

/** Errors: as of `loadWorkerConfig`. */
export function loadProbeConfig(env: Environment): ProbeConfig {
  const names = workerEnvironment;
  const task = parseTask<ProbeTask>(required(env, names.task), 'probe', probeMembers);
  return Object.freeze({ task, reportPath: env[names.reportPath], s3: loadS3Config(task.identity, env) });
}

/** Errors: as of `loadWorkerConfig`. */
export function loadDiscoverConfig(env: Environment): DiscoverConfig {
  const names = workerEnvironment;
  const task = parseTask<DiscoverTask>(required(env, names.task), 'discover', discoverMembers);
  return Object.freeze({
    task,
    reportPath: env[names.reportPath],
    store: { url: required(env, names.storeUrl), caPem: env[names.storeCa] },
    s3: loadS3Config(task.identity, env),
  });
}

function loadS3Config({ base }: TaskIdentity, env: Environment): S3Config {
  const names = workerEnvironment;
  return {
    caPem: env[names.s3Ca],
    keys:
      base.kind === 'keys'
        ? {
            accessKeyId: required(env, names.accessKeyId),
            secretAccessKey: required(env, names.secretAccessKey),
            sessionToken: env[names.sessionToken],
          }
        : undefined,
    tokenFile: base.kind === 'webIdentity' ? required(env, names.tokenFile) : undefined,
  };
}

function required(env: Environment, name: string): string {
  const value = env[name];
  if (value === undefined || value === '') throw invalid(name, 'is not set');
  return value;
}

function portOf(name: string, text: string | undefined): number | undefined {
  if (text === undefined || text === '') return undefined;
  const port = Number(text);
  if (/^\d+$/.test(text) && port <= 65_535) return port;
  throw invalid(name, 'is not a port');
}

function slotOf(job: string | undefined, index: string | undefined): string | undefined {
  return job === undefined || index === undefined ? undefined : `${job}/${index}`;
}

const importMembers = [
  'sourceId',
  'bucket',
  'prefix',
  'connection',
  'identity',
  'store',
  'projectId',
  'files',
  'destination',
  'limits',
] as const satisfies readonly (keyof ImportTask)[];

const discoverMembers = [
  'sourceId',
  'epoch',
  'generation',
  'bucket',
  'patterns',
  'intervalMs',
  'connection',
  'identity',
  'schema',
] as const satisfies readonly (keyof DiscoverTask)[];

const probeMembers = ['connection', 'identity', 'asksSts'] as const satisfies readonly (keyof ProbeTask)[];

/** The operator makes the task, of the same release; what can go wrong is a mixture of releases. */
function parseTask<T extends ImportTask | ProbeTask | DiscoverTask>(
  text: string,
  kind: T['kind'],
  members: readonly (keyof T & string)[],
): T {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw invalid(workerEnvironment.task, 'is not JSON');
  }
  if (!isJsonObject(value) || value['kind'] !== kind) {
    throw invalid(workerEnvironment.task, `is not a task of the kind ${kind}`);
  }
  const task: JsonObject = value;
  for (const member of members) {
    if (task[member] === undefined) throw invalid(workerEnvironment.task, `has no ${member}`);
  }
  return task as unknown as T;
}

function invalid(name: string, fault: string): TerminalError {
  return new TerminalError({
    reason: 'WorkerConfigInvalid',
    message: `${name} ${fault}. Workers are started by the operator, which must be of the same release.`,
  });
}
