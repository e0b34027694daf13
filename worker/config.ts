import { workerEnvironment, type ImportTask } from '../lib/contract/task.ts';
import { TerminalError } from '../lib/errors.ts';
import { isJsonObject } from '../lib/json.ts';

/** What a worker is started with, read once. */
export interface WorkerConfig {
  readonly task: ImportTask;
  readonly templateHash: string;
  readonly claimant: string;
  readonly reportPath: string | undefined;
  readonly store: { readonly url: string; readonly caPem: string | undefined };
  readonly s3: {
    readonly caPem: string | undefined;
    readonly accessKeyId: string;
    readonly secretAccessKey: string;
    readonly sessionToken: string | undefined;
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
  return Object.freeze({
    task: parseTask(required(names.task)),
    templateHash: required(names.templateHash),
    claimant: env[names.podName] ?? `process-${process.pid}`,
    reportPath: env[names.reportPath],
    store: { url: required(names.storeUrl), caPem: env[names.storeCa] },
    s3: {
      caPem: env[names.s3Ca],
      accessKeyId: required(names.accessKeyId),
      secretAccessKey: required(names.secretAccessKey),
      sessionToken: env[names.sessionToken],
    },
  });
}

const taskMembers = [
  'sourceId',
  'bucket',
  'connection',
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
