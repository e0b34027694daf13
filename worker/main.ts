import { writeFileSync } from 'node:fs';
import { tellBuild } from '../lib/build-info.ts';
import { callerIdentity } from '../lib/aws/sts.ts';
import { systemClock } from '../lib/clock.ts';
import { exitCodes } from '../lib/contract/exit-codes.ts';
import { formatDiscoverReport } from '../lib/contract/discover-report.ts';
import { formatProbeReport } from '../lib/contract/probe-report.ts';
import { noRecords, formatReport, type ShardReport } from '../lib/contract/report.ts';
import { messageOf, reasonOf, TerminalError } from '../lib/errors.ts';
import { createLogger, type Logger } from '../lib/log.ts';
import { createMetrics, type Metrics } from '../lib/metrics.ts';
import { createRedactor, type Redactor } from '../lib/redact.ts';
import { loadDiscoverConfig, loadProbeConfig, loadWorkerConfig, type WorkerConfig } from './config.ts';
import { exitCodeOf } from './exit-code.ts';
import { serveMetrics, type MetricsServer } from './metrics-server.ts';
import { runImportShard } from './run-import-shard.ts';
import { runDiscover } from './run-discover.ts';
import { runProbe } from './run-probe.ts';
import { createWorkerMetrics } from './worker-metrics.ts';

/**
 * A worker: `node worker/main.ts import-shard`, `probe`, which only says who it is, or `discover`, which lists a bucket. One run of import-shard is one shard: it claims files until there are none, tells
 * what it did in its report (the pod's termination message), and ends with a code of `lib/contract/exit-codes.ts`.
 */
async function main(argv: readonly string[], env: NodeJS.ProcessEnv): Promise<number> {
  const redactor = createRedactor();
  const log = createLogger({
    clock: systemClock,
    write: (line) => process.stdout.write(`${line}\n`),
    redact: redactor.redact,
  });
  const stop = stopOnSignals(log);
  let config: WorkerConfig | undefined;
  try {
    checkCommand(argv[0]);
    if (argv[0] === 'probe') return await probe(env, log, redactor);
    if (argv[0] === 'discover') return await discover(env, { log, redactor, stop });
    config = loadWorkerConfig(env);
    for (const secret of secretsOf(config)) redactor.remember(secret);
    const report = await work(config, log, stop);
    tell(report, config, log);
    return exitCodeOf(undefined);
  } catch (error) {
    if (stop.aborted) {
      tell({ outcome: 'stopped', files: 0, records: noRecords }, config, log);
      return exitCodes.done;
    }
    const reason = reasonOf(error);
    const message = redactor.redact(messageOf(error));
    log.error('Worker failed', { error });
    tell({ outcome: 'failed', reason, message, files: 0, records: noRecords }, config, log);
    return exitCodeOf(error);
  }
}

async function work(config: WorkerConfig, log: Logger, stop: AbortSignal): Promise<ShardReport> {
  const metrics = createMetrics({ process: true });
  tellBuild(metrics);
  const server = await openToScrapes(config, metrics, log);
  const deps = { clock: systemClock, random: Math.random, log, metrics: createWorkerMetrics(metrics) };
  try {
    return await runImportShard(config, deps, stop);
  } finally {
    await server?.close();
  }
}

/** A port that cannot be had is told, and keeps nobody from working. */
async function openToScrapes(
  { metricsPort }: WorkerConfig,
  metrics: Metrics,
  log: Logger,
): Promise<MetricsServer | undefined> {
  if (metricsPort === undefined) return undefined;
  try {
    const server = await serveMetrics(metricsPort, metrics);
    log.info('Serving metrics', { port: server.port });
    return server;
  } catch (error) {
    log.warn('Metrics cannot be served', { port: metricsPort, error });
    return undefined;
  }
}

/** An identity that is refused is an answer too: the run has done its part. */
async function probe(env: NodeJS.ProcessEnv, log: Logger, redactor: Redactor): Promise<number> {
  const config = loadProbeConfig(env);
  const { secretAccessKey, sessionToken } = config.s3.keys ?? {};
  for (const secret of [secretAccessKey, sessionToken]) if (secret !== undefined) redactor.remember(secret);
  const report = await runProbe(config, { clock: systemClock, callerIdentity });
  const text = redactor.redact(formatProbeReport(report));
  log.info('Report', { report: text });
  if (config.reportPath !== undefined) writeFileSync(config.reportPath, text);
  return exitCodeOf(undefined);
}

interface RunDeps {
  readonly log: Logger;
  readonly redactor: Redactor;
  readonly stop: AbortSignal;
}

/** A bucket that is refused is an answer too: the run has done its part. */
async function discover(env: NodeJS.ProcessEnv, { log, redactor, stop }: RunDeps): Promise<number> {
  const config = loadDiscoverConfig(env);
  for (const secret of secretsOf(config)) redactor.remember(secret);
  const report = await runDiscover(config, { clock: systemClock, random: Math.random }, stop);
  const text = redactor.redact(formatDiscoverReport(report));
  log.info('Report', { report: text });
  if (config.reportPath !== undefined) writeFileSync(config.reportPath, text);
  return exitCodeOf(undefined);
}

const commands: readonly string[] = ['import-shard', 'probe', 'discover'];

function checkCommand(command = ''): void {
  if (commands.includes(command)) return;
  throw new TerminalError({
    reason: 'WorkerConfigInvalid',
    message: `There is no command ${JSON.stringify(command)}; there are ${commands.join(', ')}.`,
  });
}

function secretsOf({ store, s3 }: Pick<WorkerConfig, 'store' | 's3'>): readonly string[] {
  const { secretAccessKey, sessionToken } = s3.keys ?? {};
  return [store.url, secretAccessKey, sessionToken].filter((secret) => secret !== undefined);
}

/** Kubernetes sends SIGTERM and waits; a person sends SIGINT. A second one ends at once. */
function stopOnSignals(log: Logger): AbortSignal {
  const stop = new AbortController();
  for (const name of ['SIGTERM', 'SIGINT'] as const) {
    process.once(name, () => {
      log.info('Stopping', { signal: name });
      stop.abort(new Error(`stopped by ${name}`));
    });
  }
  return stop.signal;
}

function tell(report: ShardReport, config: WorkerConfig | undefined, log: Logger): void {
  log.info('Report', { report });
  if (config?.reportPath === undefined) return;
  try {
    writeFileSync(config.reportPath, formatReport(report));
  } catch (error) {
    log.warn('The report could not be written', { path: config.reportPath, error });
  }
}

process.exitCode = await main(process.argv.slice(2), process.env);
