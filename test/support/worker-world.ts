import { spawn, type ChildProcess } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { AwsCredentials } from '../../lib/aws/credentials.ts';
import { openS3 } from '../../lib/aws/s3.ts';
import { parseReport, type ShardReport } from '../../lib/contract/report.ts';
import { workerEnvironment, type FileSettings, type WorkerLimits } from '../../lib/contract/task.ts';
import { workerMemoryEnvironment } from '../../lib/contract/worker-memory.ts';
import { importTask } from './builders/import-task.ts';
import { readStatements, startMiniStack, testRegion, type MiniStack, type TestBucket } from './ministack.ts';
import { startPostgres, type PostgresServer } from './postgres.ts';
import { projectRoot } from './project-files.ts';
import { startS3Proxy, type S3Proxy } from './s3-proxy.ts';
import { sampleConverter } from './sample-lines.ts';
import { createFixture, template, testSchema, until, type StoreFixture } from './store.ts';

/** Real S3 and PostgreSQL for worker processes; no operator, which tests of the whole path have. */
export interface WorkerWorld {
  readonly s3: MiniStack;
  readonly postgres: PostgresServer;
  /** A source of its own: bucket, proxy before it, database. */
  createImport(options?: ImportOptions): Promise<ImportUnderFault>;
  /** Ends all processes and servers. */
  stop(): Promise<void>;
}

export interface ImportOptions {
  /** Default: a user who may list and read the bucket. */
  readonly credentials?: AwsCredentials;
  readonly files?: Partial<FileSettings>;
  /** As the task names it; all that is in the bucket is listed. Default: none. */
  readonly prefix?: string;
  readonly limits?: Partial<WorkerLimits>;
}

export interface ImportUnderFault {
  readonly bucket: TestBucket;
  readonly proxy: S3Proxy;
  readonly fixture: StoreFixture;
  /** Must not turn up in anything that a person may read. */
  readonly secrets: readonly string[];
  /** What all workers of this import have logged so far. */
  readonly logs: () => string;
  /** Lists the bucket, through the proxy, and records what is found; files alone, as an operator selects them. */
  find(): Promise<void>;
  /** Starts a worker that works until the ledger is empty. */
  start(options?: StartOptions): WorkerProcess;
  /** One worker, until it has ended. */
  work(options?: StartOptions): Promise<WorkerEnd>;
  /** One worker after the other until every file is settled, each as if the time of waiting files had come. */
  workOff(options?: StartOptions): Promise<void>;
  sql: StoreFixture['database']['sql'];
  /** As if so much time had passed for the claims and seats that are held, and for the files that wait. */
  lapse(): Promise<void>;
  file(key: string): Promise<FileState>;
  /** Early, where many imports are made one after another; the world closes what is left. */
  close(): Promise<void>;
}

export interface StartOptions {
  readonly claimant?: string;
  readonly credentials?: AwsCredentials;
  /** Its metrics are served, at `WorkerProcess.scrape`. */
  readonly metrics?: boolean;
}

export interface WorkerProcess {
  readonly pid: number;
  readonly ended: Promise<WorkerEnd>;
  kill(signal: NodeJS.Signals): void;
  /** What Prometheus gets of it now. */
  scrape(): Promise<string>;
}

export interface WorkerEnd {
  /** Exit code, or the signal that ended it. */
  readonly code: number | string;
  readonly report: ShardReport | undefined;
  /** The most memory that it had resident, as the kernel counts it; 0 where that is not told. */
  readonly peakMiB: number;
}

export interface FileState {
  readonly state: string;
  readonly attempts: number;
  readonly reason: string | null;
  readonly message: string | null;
  readonly cure: string | null;
  readonly imported: number;
  readonly rejected: number;
}

const mostWorkers = 8;

export async function startWorkerWorld(): Promise<WorkerWorld> {
  const folder = await mkdtemp(join(tmpdir(), 'millrace-workers-'));
  const [postgres, s3] = await Promise.all([startPostgres(), startMiniStack()]);
  const children = new Set<ChildProcess>();
  const imports: ImportUnderFault[] = [];
  return {
    s3,
    postgres,
    createImport: async (options = {}) => {
      const created = await createImport({ s3, postgres, folder, children }, options);
      imports.push(created);
      return created;
    },
    stop: async () => {
      for (const child of children) child.kill('SIGKILL');
      await Promise.all(imports.map(async (one) => await one.close()));
      await Promise.all([postgres.stop(), s3.stop()]);
      await rm(folder, { recursive: true, force: true });
    },
  };
}

interface Parts {
  readonly s3: MiniStack;
  readonly postgres: PostgresServer;
  readonly folder: string;
  readonly children: Set<ChildProcess>;
}

async function createImport(parts: Parts, options: ImportOptions): Promise<ImportUnderFault> {
  const { s3, postgres } = parts;
  const [bucket, proxy, fixture] = await Promise.all([
    s3.createBucket(),
    startS3Proxy(s3.endpoint),
    createFixture(postgres),
  ]);
  const { store, sourceId, epoch } = fixture;
  const document = JSON.stringify({ convertToAmplitudeFunc: sampleConverter });
  const conversion = { digest: 'sample', kind: 'amplitude', document };
  const generation = await store.sources.recordConversion(sourceId, conversion, { epoch });
  const credentials = options.credentials ?? (await s3.createUser(readStatements(bucket.name)));
  const { sql, url } = fixture.database;
  const logs: string[] = [];
  let closed = false;
  const start = (changes: StartOptions = {}): WorkerProcess => {
    const claimant = changes.claimant ?? `worker-${randomUUID()}`;
    const reportPath = join(parts.folder, claimant);
    const task = {
      ...importTask({ maxAttempts: 3, ...options.limits }),
      sourceId: fixture.sourceId,
      bucket: bucket.name,
      prefix: options.prefix ?? '',
      connection: { region: testRegion, endpoint: proxy.endpoint, forcePathStyle: true },
      files: { format: 'JSONLines', compression: 'Auto', options: {}, ...options.files },
    };
    const settings = { ...task, store: { ...task.store, schema: testSchema, maxConnections: 24 } };
    const keys = changes.credentials ?? credentials;
    const env = {
      ...workerMemoryEnvironment,
      [workerEnvironment.task]: JSON.stringify(settings),
      [workerEnvironment.templateHash]: template,
      [workerEnvironment.storeUrl]: url,
      [workerEnvironment.accessKeyId]: keys.accessKeyId,
      [workerEnvironment.secretAccessKey]: keys.secretAccessKey,
      ...(keys.sessionToken === undefined ? {} : { [workerEnvironment.sessionToken]: keys.sessionToken }),
      [workerEnvironment.podName]: claimant,
      [workerEnvironment.reportPath]: reportPath,
      ...(changes.metrics === true ? { [workerEnvironment.metricsPort]: '0' } : {}),
    };
    const child = spawn(process.execPath, ['worker/main.ts', 'import-shard'], {
      cwd: projectRoot,
      env,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    return follow(child, { reportPath, logs, children: parts.children });
  };
  const lapse = async (): Promise<void> => {
    await sql(`UPDATE ${testSchema}.files SET claim_deadline = clock_timestamp() - interval '1 ms'
               WHERE state = 'claimed'`);
    await sql(`UPDATE ${testSchema}.files SET due_at = clock_timestamp() WHERE state = 'found'`);
    await sql(`UPDATE ${testSchema}.connection_seats SET deadline = clock_timestamp() - interval '1 ms'`);
  };
  return {
    bucket,
    proxy,
    fixture,
    lapse,
    secrets: secretsOf(credentials, url),
    logs: () => logs.join(''),
    find: async () => await findFiles({ bucket, proxy, fixture, credentials, generation }),
    start,
    work: async (changes) => await start(changes).ended,
    sql,
    workOff: async (changes) => {
      for (let count = 0; count < mostWorkers; count += 1) {
        const { code, report } = await start(changes).ended;
        if (code !== 0) throw new Error(`a worker ended with ${code}: ${report?.reason} ${report?.message}`);
        const { files } = await fixture.store.status.sourceCounts(sourceId);
        if (files.unfinished === 0) return;
        await lapse();
      }
      throw new Error(`files are left after ${mostWorkers} workers:\n${logs.join('')}`);
    },
    file: async (key) => {
      const [row] = await sql<FileState & Record<string, unknown>>(
        `SELECT state, attempts, reason, message, cure, imported::int, rejected::int
         FROM ${testSchema}.files WHERE key = $1`,
        [key],
      );
      if (row === undefined) throw new Error(`the ledger has no file ${key}`);
      return row;
    },
    close: async () => {
      if (closed) return;
      closed = true;
      await fixture.close();
      await proxy.stop();
    },
  };
}

function peakMemoryOf(pid: number | undefined): number {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8');
    return Number(/^VmHWM:\s+(\d+) kB/m.exec(status)?.[1] ?? 0) / 1024;
  } catch {
    return 0;
  }
}

function secretsOf({ secretAccessKey, sessionToken }: AwsCredentials, url: string): readonly string[] {
  const { password } = new URL(url);
  const session = sessionToken === undefined ? [] : [sessionToken];
  return [secretAccessKey, ...session, url, password, decodeURIComponent(password)];
}

function follow(
  child: ChildProcess,
  { reportPath, logs, children }: { reportPath: string; logs: string[]; children: Set<ChildProcess> },
): WorkerProcess {
  children.add(child);
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on('data', (chunk: Buffer) => logs.push(chunk.toString()));
  }
  let peakMiB = 0;
  const looking = setInterval(() => {
    peakMiB = Math.max(peakMiB, peakMemoryOf(child.pid));
  }, 100);
  const ended = new Promise<WorkerEnd>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => {
      clearInterval(looking);
      children.delete(child);
      const told = readFile(reportPath, 'utf8').then(parseReport, () => undefined);
      void told.then((report) => resolve({ code: code ?? signal ?? 'unknown', report, peakMiB }));
    });
  });
  return {
    pid: child.pid ?? 0,
    ended,
    kill: (signal) => void child.kill(signal),
    scrape: async () => {
      const port = /"message":"Serving metrics","port":(\d+)/.exec(logs.join(''))?.[1];
      const answer = await fetch(`http://127.0.0.1:${port ?? ''}/metrics`);
      return await answer.text();
    },
  };
}

async function findFiles(
  parts: Pick<ImportUnderFault, 'bucket' | 'proxy' | 'fixture'> & {
    readonly credentials: AwsCredentials;
    readonly generation: number;
  },
): Promise<void> {
  const { bucket, proxy, fixture, credentials, generation } = parts;
  const { store, sourceId, epoch } = fixture;
  const objects = openS3({
    region: testRegion,
    endpoint: proxy.endpoint,
    forcePathStyle: true,
    credentials,
  });
  try {
    let startAfter: string | undefined;
    do {
      const request = { bucket: bucket.name, prefix: '', startAfter };
      const page = await objects.listPage(request, AbortSignal.timeout(120_000));
      const files = page.objects.filter(({ key }) => !key.endsWith('/'));
      await store.discovery.recordFound(sourceId, { objects: files, generation, epoch, foundBy: 'listing' });
      startAfter = page.nextStartAfter;
    } while (startAfter !== undefined);
  } finally {
    objects.close();
  }
}

/** Until a worker has committed rows of a file that it has not finished. */
export async function untilPartlyCommitted({ sql }: Pick<ImportUnderFault, 'sql'>): Promise<void> {
  await until(async () => {
    const [row] = await sql<{ n: number }>(
      `SELECT count(*)::int AS n FROM ${testSchema}.files WHERE state = 'claimed' AND committed_rows > 0`,
    );
    return (row?.n ?? 0) > 0;
  }, 'a worker has committed a part of a file');
}
