import { join, resolve } from 'node:path';
import { parseDuration } from '../../lib/duration.ts';
import { createLogger, type Logger } from '../../lib/log.ts';
import { createMetrics } from '../../lib/metrics.ts';
import { createRedactor } from '../../lib/redact.ts';
import { createApiClient } from '../../operator/runtime/api-client.ts';
import { createRuntimeMetrics } from '../../operator/runtime/runtime-metrics.ts';
import {
  exitCodes,
  textOption,
  UsageError,
  type Arguments,
  type Command,
  type CommandDeps,
  type CommandIo,
} from '../command.ts';
import { applyManifests } from '../local/apply-manifests.ts';
import { startLocalCluster, type LocalCluster } from '../local/local-cluster.ts';
import { usualStateDir } from '../local/local-objects.ts';
import { runOperator } from '../local/run-operator.ts';
import { askForLook, listOurs, untilIdle } from '../local/watch-sources.ts';
import { loadManifests, type LoadedManifest } from '../manifests.ts';
import { createLiveLine } from '../output/live-line.ts';
import { formatProgress, formatReport } from '../output/status-report.ts';

/** The local mode: the operator and its workers on this machine, without a cluster. */
export const run = {
  usage: ['-f FILE|DIR… [--until idle] [--state DIR]'],
  description: [
    'Applies the manifests to an API in memory and runs the operator over it, its workers as processes, against the S3 and the PostgreSQL that the manifests name. It goes on until it is stopped; millrace get, describe, apply and delete speak to it meanwhile.',
    '--until idle ends as soon as everything is Ready and every file found is imported: with 0, or with 1 and the reasons when something needs a person first.',
    'Objects are kept in the state folder, Secrets among them, which only you can read; the ledger is in PostgreSQL, so that nothing is imported twice whatever becomes of the folder.',
  ],
  options: {
    filename: {
      type: 'string',
      short: 'f',
      multiple: true,
      value: 'FILE|DIR',
      description: 'Manifests. May be given several times.',
    },
    until: { type: 'string', value: 'idle', description: 'End when there is nothing left to do.' },
    state: { type: 'string', value: 'DIR', description: `The state folder. Default: ${usualStateDir}.` },
    namespace: {
      type: 'string',
      short: 'n',
      value: 'NAME',
      description: 'Of manifests that name none. Default: default.',
    },
    patience: {
      type: 'string',
      value: 'DURATION',
      description: 'With --until idle: give up when nothing has moved for so long. Default: 2m.',
    },
    ambient: {
      type: 'boolean',
      description:
        'Let connections with ambient credentials use those of this machine: AWS_ variables, profiles, roles.',
    },
    verbose: { type: 'boolean', short: 'v', description: 'Print the log of operator and workers.' },
  },
  async run(args, io, deps) {
    const settings = settingsOf(args);
    const manifests = settings.paths.length === 0 ? [] : await loadManifests(settings.paths);
    return await runLocal({ ...settings, manifests }, io, deps);
  },
} satisfies Command;

export interface LocalRun {
  readonly manifests: readonly LoadedManifest[];
  readonly namespace: string;
  readonly stateDir: string;
  readonly untilIdle: boolean;
  readonly patienceMs: number;
  readonly verbose: boolean;
  /** Whether manifests may use the credentials of this machine. */
  readonly ambient: boolean;
}

function settingsOf(args: Arguments): Omit<LocalRun, 'manifests'> & { readonly paths: readonly string[] } {
  const until = textOption(args, 'until');
  if (until !== undefined && until !== 'idle') {
    throw new UsageError(`--until must be idle, not ${JSON.stringify(until)}`);
  }
  const patience = textOption(args, 'patience') ?? '2m';
  const patienceMs = parseDuration(patience);
  if (patienceMs === undefined) {
    throw new UsageError(`--patience must be a duration such as 90s or 5m, not ${JSON.stringify(patience)}`);
  }
  const paths = args.values['filename'];
  return {
    paths: Array.isArray(paths) ? (paths as readonly string[]) : [],
    namespace: textOption(args, 'namespace') ?? 'default',
    stateDir: resolve(textOption(args, 'state') ?? usualStateDir),
    untilIdle: until === 'idle',
    patienceMs,
    verbose: args.values['verbose'] === true,
    ambient: args.values['ambient'] === true,
  };
}

/** Starts the local mode, applies, works until it is idle or stopped, and ends every process again. */
export async function runLocal(settings: LocalRun, io: CommandIo, deps: CommandDeps): Promise<number> {
  const { redact } = createRedactor();
  const write = (line: string) => (settings.verbose ? void io.stderr.write(`${line}\n`) : undefined);
  const log = createLogger({ clock: deps.clock, write, redact });
  const cluster = await startLocalCluster({
    stateDir: settings.stateDir,
    command: (args) => [process.execPath, [workerMain, ...args.slice(1)]],
    environment: settings.ambient ? deps.config.ambient : {},
    clock: deps.clock,
    log,
  });
  const stop = new AbortController();
  const operator = runOperator(
    { ...runtimeDeps(deps, log), redact, transport: cluster.transport, ambient: settings.ambient },
    stop.signal,
  );
  try {
    const ended = operator.then(() => Promise.reject(new Error('the operator ended before it was asked to')));
    return await Promise.race([work(settings, cluster, io, deps), ended]);
  } finally {
    stop.abort();
    await operator.catch(() => {});
    await cluster.stop();
  }
}

const workerMain = join(import.meta.dirname, '..', 'local', 'worker-process.ts');

function runtimeDeps({ clock }: CommandDeps, log: Logger) {
  return { clock, log, random: Math.random, metrics: createRuntimeMetrics(createMetrics(), 'millrace') };
}

async function work(
  settings: LocalRun,
  { transport, socketPath }: LocalCluster,
  io: CommandIo,
  { clock, signal }: CommandDeps,
): Promise<number> {
  const client = createApiClient({ transport, clock, fieldManager: 'millrace-cli' });
  await applyManifests(client, settings.manifests, settings.namespace, signal);
  const progress = createLiveLine(io.stderr, clock);
  const onLook: Parameters<typeof untilIdle>[0]['onLook'] = (objects) =>
    progress.show(formatProgress(objects));
  if (!settings.untilIdle) {
    await io.stderr.write(`millrace: running; stop with Ctrl-C. API: ${socketPath}\n`);
    while (!signal.aborted) {
      await onLook(await listOurs(client, signal));
      await clock.sleep(1_000, signal).catch(() => {});
    }
    return exitCodes.ok;
  }
  await askForLook(client, clock, signal);
  const { patienceMs } = settings;
  const idleness = await untilIdle({ client, clock, onLook, patienceMs }, signal);
  await progress.clear();
  await io.stdout.write(formatReport(await listOurs(client, signal)));
  return idleness.kind === 'idle' ? exitCodes.ok : exitCodes.failed;
}
