import type { AwsCredentials } from '../lib/aws/credentials.ts';
import { workerEnvironment, type ImportTask } from '../lib/contract/task.ts';
import { TerminalError } from '../lib/errors.ts';
import { isJsonObject } from '../lib/json.ts';

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
  readonly s3: {
    readonly caPem: string | undefined;
    /** Of the variables; undefined where the task names another way to sign in. */
    readonly keys: AwsCredentials | undefined;
    /** A file with a token of the ServiceAccount. */
    readonly tokenFile: string | undefined;
  };
}

type Environment = Readonly<Record<string, string | undefined>>;

/** Errors: `WorkerConfigInvalid`, naming the variable, never its value. */
export function loadWorkerConfig(env: Environment): WorkerConfig {
  const names = workerEnvironment;
  const required = (name: string) => {
    const value = env[name];
    if (value === undefined || value === '') throw invalid(name, 'is not set');
    return value;
  };
  const task = parseTask(required(names.task));
  const { base } = task.identity;
  return Object.freeze({
    task,
    templateHash: required(names.templateHash),
    claimant: env[names.podName] ?? `process-${process.pid}`,
    slot: slotOf(env[names.jobName], env[names.shardIndex]),
    reportPath: env[names.reportPath],
    metricsPort: portOf(names.metricsPort, env[names.metricsPort]),
    store: { url: required(names.storeUrl), caPem: env[names.storeCa] },
    s3: {
      caPem: env[names.s3Ca],
      keys:
        base.kind === 'keys'
          ? {
              accessKeyId: required(names.accessKeyId),
              secretAccessKey: required(names.secretAccessKey),
              sessionToken: env[names.sessionToken],
            }
          : undefined,
      tokenFile: base.kind === 'webIdentity' ? required(names.tokenFile) : undefined,
    },
  });
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

const taskMembers = [
  'sourceId',
  'bucket',
  'connection',
  'identity',
  'store',
  'projectId',
  'files',
  'destination',
  'limits',
] as const satisfies readonly (keyof ImportTask)[];

/** The operator makes the task, of the same release; what can go wrong is a mixture of releases. */
function parseTask(text: string): ImportTask {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw invalid(workerEnvironment.task, 'is not JSON');
  }
  if (!isJsonObject(value) || value['kind'] !== 'import-shard') {
    throw invalid(workerEnvironment.task, 'is not a task of the kind import-shard');
  }
  for (const member of taskMembers) {
    if (value[member] === undefined) throw invalid(workerEnvironment.task, `has no ${member}`);
  }
  return value as unknown as ImportTask;
}

function invalid(name: string, fault: string): TerminalError {
  return new TerminalError({
    reason: 'WorkerConfigInvalid',
    message: `${name} ${fault}. Workers are started by the operator, which must be of the same release.`,
  });
}
