import { gzipSync } from 'node:zlib';
import { startFauxqs, type FauxqsServer } from 'fauxqs';
import { openLedgerReader, type LedgerReader } from '../../lib/store/ledger-reader.ts';
import { exitCodes, type CommandDeps, type CommandIo } from '../command.ts';
import { runLocal, type LocalRun } from '../commands/run.ts';
import { startEmbeddedPostgres } from '../local/embedded-postgres.ts';
import { formatTable } from '../output/format-table.ts';
import { demoManifests } from './demo-manifests.ts';
import { sampleFiles } from './sample-events.ts';

const bucket = 'acme-events';
const sample = { seed: 20_260_101, files: 25, rowsPerFile: 8_000 };

export interface DemoPlace {
  /** Both are empty, and removed by the caller. The first one PostgreSQL takes as its own. */
  readonly postgresFolder: string;
  readonly stateDir: string;
  readonly password: string;
}

/** Starts the embedded parts, shows the main job on them, and ends them whatever happens. */
export async function showDemo(place: DemoPlace, io: CommandIo, deps: CommandDeps): Promise<void> {
  await io.stdout.write('Starting an S3 and a PostgreSQL on this machine …\n');
  const s3 = await startFauxqs({ port: 0, host: '127.0.0.1', logger: false });
  try {
    const { postgresFolder: folder, password } = place;
    const postgres = await startEmbeddedPostgres({ folder, password, settings: { fsync: 'off' } });
    try {
      await showImport({ s3, databaseUrl: postgres.url, stateDir: place.stateDir }, io, deps);
    } finally {
      await postgres.stop();
    }
  } finally {
    await s3.stop();
  }
}

interface DemoWorld {
  readonly s3: FauxqsServer;
  readonly databaseUrl: string;
  readonly stateDir: string;
}

/** Uploads, imports, overwrites one file, imports again, and shows what became of it all. */
async function showImport(
  { s3, databaseUrl, stateDir }: DemoWorld,
  io: CommandIo,
  deps: CommandDeps,
): Promise<void> {
  const say = (text: string) => io.stdout.write(`${text}\n`);
  const files = sampleFiles(sample);
  s3.createBucket(bucket);
  for (const { key, text } of files) await upload(s3, key, text);
  await say(`Uploaded ${files.length} files (gzip, JSON lines and CSV) to s3://${bucket}/shop/`);
  const endpoint = `http://127.0.0.1:${s3.port}`;
  const settings: LocalRun = {
    manifests: demoManifests({ endpoint, databaseUrl, bucket }),
    namespace: 'default',
    stateDir,
    untilIdle: true,
    patienceMs: 120_000,
    verbose: false,
    ambient: false,
  };
  await say('\nmillrace run -f manifests --until idle\n');
  await runToIdle(settings, io, deps);
  const [first] = files;
  if (first !== undefined) {
    await upload(s3, first.key, `${first.text}{"id":"added later"}\n`);
    await say(`\nOverwrote ${first.key}, and run again:\n`);
  }
  await runToIdle(settings, io, deps);
  await showRejects(databaseUrl, say, deps);
}

async function runToIdle(settings: LocalRun, io: CommandIo, deps: CommandDeps): Promise<void> {
  if ((await runLocal(settings, io, deps)) !== exitCodes.ok)
    throw new Error('the import did not come to its end');
}

/** The embedded S3 takes requests that nobody signed. */
async function upload(s3: FauxqsServer, key: string, text: string): Promise<void> {
  const url = `http://127.0.0.1:${s3.port}/${bucket}/${key}`;
  const answer = await fetch(url, { method: 'PUT', body: new Uint8Array(gzipSync(text, { level: 1 })) });
  if (!answer.ok) throw new Error(`the embedded S3 refused ${key}: ${answer.status} ${await answer.text()}`);
}

const shownRejects = 5;

async function showRejects(
  url: string,
  say: (text: string) => Promise<void>,
  { clock }: CommandDeps,
): Promise<void> {
  const reader = await openLedgerReader(
    { url, schema: 'millrace', maxConnections: 2, applicationName: 'millrace-demo' },
    { clock, random: Math.random },
  );
  try {
    await say(
      `\nThe newest rejects of each source:\n\n${formatTable(headings, await readRejects(reader), 72)}`,
    );
  } finally {
    await reader.close();
  }
}

const headings = ['FILE', 'ROW', 'REASON', 'RAW'] as const;

/** The two sources of a new store have the first two ids. */
async function readRejects(reader: LedgerReader): Promise<readonly (readonly string[])[]> {
  const pages = await Promise.all([1, 2].map((id) => reader.listRejects(id, { limit: shownRejects })));
  return pages.flat().map(({ key, row, reason, raw }) => [key, String(row), reason, raw.slice(0, 60)]);
}
