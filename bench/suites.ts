import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import pg from 'pg';
import { migrateStore } from '../lib/store/migrate-store.ts';
import { csvConverter, jsonConverter } from './converters.ts';
import { importAll, storeDeps, type ImportInput } from './import-run.ts';
import type { LoadOrder } from './limits/load-rows.ts';
import { prepareRows } from './limits/prepare-rows.ts';
import { databaseCpuMs } from './measure/database-cpu.ts';
import { runMeasured } from './measure/run-measured.ts';
import { formatMeasurements, formatTable, measurementOf, spread, type Measurement } from './report.ts';
import { keepOnDisk, uploadEvents } from './upload-events.ts';
import type { BenchWorld } from './world/bench-world.ts';

export interface BenchOptions {
  readonly events: number;
  readonly rounds: number;
  /** Those that load; the worker has one more, for heartbeats. */
  readonly connections: number;
}

/** Measures, and gives lines of Markdown. */
export type Suite = (world: BenchWorld, options: BenchOptions) => Promise<string>;

const run = promisify(execFile);
const eventsOfFile = 25_000;

interface Round {
  readonly parseUs: number;
  readonly bare: BareLoad;
  readonly json: Measurement;
  readonly csv: Measurement;
}

/** Reading and loading beside their limits, one after the other in each round, so that the machine is the same for all. */
const compare: Suite = async (world, options) => {
  const prepared = await prepare(world, options);
  const rounds: Round[] = [];
  for (let number = 1; number <= options.rounds; number += 1) {
    rounds.push(await playRound(world, options, { prepared, number }));
  }
  return [
    `${String(options.connections)} connections load. An event is ${prepared.bytesOfEvent.toFixed(0)} bytes of JSON.`,
    formatMeasurements(rounds.flatMap(({ json, csv }) => [json, csv])),
    formatTable(
      ['round', '`JSON.parse`, µs an event', 'bare loader, events/s', 'its database CPU, µs an event'],
      rounds.map(({ parseUs, bare }, index) => [
        String(index + 1),
        parseUs.toFixed(1),
        bare.eventsPerSecond.toFixed(0),
        bare.databaseUs?.toFixed(1) ?? 'not known',
      ]),
    ),
    formatTable(
      ['ratio', 'median (least to most)'],
      [
        [
          'worker CPU of JSON lines ÷ `JSON.parse` of the same lines',
          spread(rounds.map(({ json, parseUs }) => json.workerCpuUsPerEvent / parseUs)),
        ],
        [
          'worker CPU of CSV ÷ worker CPU of JSON lines',
          spread(rounds.map(({ json, csv }) => csv.workerCpuUsPerEvent / json.workerCpuUsPerEvent)),
        ],
        [
          'rate of JSON lines ÷ rate of the bare loader',
          spread(rounds.map(({ json, bare }) => json.eventsPerSecond / bare.eventsPerSecond)),
        ],
      ],
    ),
  ].join('\n\n');
};

interface Prepared {
  readonly gzipPaths: readonly string[];
  readonly rowPaths: readonly string[];
  readonly bytesOfEvent: number;
}

async function prepare(world: BenchWorld, { events }: BenchOptions): Promise<Prepared> {
  const gzipPaths: string[] = [];
  const rowPaths: string[] = [];
  const rowFolder = join(world.folder, 'rows');
  const gzipFolder = join(world.folder, 'gzip');
  await mkdir(gzipFolder);
  const plan = { events, files: Math.ceil(events / eventsOfFile) };
  const { plainBytes } = await uploadEvents(world, {
    ...plan,
    prefix: 'json/',
    format: 'JSONLines',
    onFile: async (file) => {
      gzipPaths.push(await keepOnDisk(gzipFolder, file));
      rowPaths.push(...(await prepareRows(rowFolder, file.key, file.events)));
    },
  });
  await uploadEvents(world, { ...plan, prefix: 'csv/', format: 'CSV' });
  return { gzipPaths, rowPaths, bytesOfEvent: plainBytes / events };
}

async function playRound(
  world: BenchWorld,
  options: BenchOptions,
  { prepared, number }: { readonly prepared: Prepared; readonly number: number },
): Promise<Round> {
  const suffix = String(number);
  const parseUs = await parseCost(prepared.gzipPaths);
  const bare = await loadRate(world, options, {
    paths: prepared.rowPaths,
    schema: `bare${suffix}`,
  });
  const json = await measure(world, options, `JSON lines, gzip, round ${suffix}`, {
    schema: `json${suffix}`,
    prefix: 'json/',
  });
  const csv = await measure(world, options, `CSV, gzip, round ${suffix}`, {
    schema: `csv${suffix}`,
    prefix: 'csv/',
    format: 'CSV',
    converter: csvConverter,
  });
  return { parseUs, bare, json, csv };
}

/** The cost of an event from few to many. */
const flat: Suite = async (world, options) => {
  const measured: Measurement[] = [];
  for (const events of [10_000, 100_000, 1_000_000]) {
    const prefix = `flat-${String(events)}/`;
    await uploadEvents(world, {
      prefix,
      events,
      files: Math.ceil(events / eventsOfFile),
      format: 'JSONLines',
    });
    const name = `${String(events)} events`;
    measured.push(
      await measure(world, options, name, {
        schema: `flat${String(events)}`,
        prefix,
      }),
    );
  }
  return formatMeasurements(measured);
};

/** The S3 of the bench takes no body over 11 MiB: so many go into one file at most. */
const eventsOfFilesSuite = 40_000;

/** The same events in few files and in many. */
const files: Suite = async (world, options) => {
  const measured: Measurement[] = [];
  for (const count of [1, 100, 20_000]) {
    const prefix = `files-${String(count)}/`;
    await uploadEvents(world, {
      prefix,
      events: eventsOfFilesSuite,
      files: count,
      format: 'JSONLines',
    });
    const name = count === 1 ? 'in one file' : `in ${String(count)} files`;
    measured.push(
      await measure(world, options, name, {
        schema: `files${String(count)}`,
        prefix,
      }),
    );
  }
  return formatMeasurements(measured);
};

export const suites = { compare, flat, files } as const satisfies Readonly<Record<string, Suite>>;

async function measure(
  world: BenchWorld,
  { connections }: BenchOptions,
  name: string,
  input: Pick<ImportInput, 'schema' | 'prefix'> & Partial<ImportInput>,
): Promise<Measurement> {
  const result = await importAll(world, {
    format: 'JSONLines',
    converter: jsonConverter,
    connections: connections + 1,
    ...input,
  });
  return measurementOf(name, result);
}

/** CPU microseconds of `JSON.parse` an event. */
async function parseCost(paths: readonly string[]): Promise<number> {
  const program = new URL('limits/parse-lines.ts', import.meta.url).pathname;
  const { stdout } = await run(process.execPath, [program, ...paths]);
  const { cpuMs, lines } = JSON.parse(stdout) as {
    readonly cpuMs: number;
    readonly lines: number;
  };
  return (cpuMs * 1000) / lines;
}

interface BareLoad {
  readonly eventsPerSecond: number;
  readonly cpuUs: number;
  readonly databaseUs: number | undefined;
}

async function loadRate(
  world: BenchWorld,
  { events, connections }: BenchOptions,
  { schema, paths }: Pick<LoadOrder, 'schema' | 'paths'>,
): Promise<BareLoad> {
  const url = world.databaseUrl;
  await migrateStore({ url, schema, maxConnections: 2, applicationName: 'millrace-bench' }, storeDeps);
  await makePartitions(url, schema);
  const before = await databaseCpuMs(world.databaseFolder);
  const order: LoadOrder = { url, schema, connections, paths };
  const usage = await runMeasured({
    program: 'bench/limits/load-rows.ts',
    args: [JSON.stringify(order)],
    folder: world.folder,
  });
  const after = await databaseCpuMs(world.databaseFolder);
  return {
    eventsPerSecond: (events / usage.wallMs) * 1000,
    cpuUs: (usage.cpuMs * 1000) / events,
    databaseUs: before === undefined || after === undefined ? undefined : ((after - before) * 1000) / events,
  };
}

/** A worker makes them when it begins. */
async function makePartitions(url: string, schema: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(`SELECT ${schema}.make_partitions((now() AT TIME ZONE 'UTC')::date, 2)`);
  } finally {
    await client.end();
  }
}
