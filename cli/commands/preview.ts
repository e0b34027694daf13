import type { ObjectStore } from '../../lib/aws/object-store.ts';
import { openS3 } from '../../lib/aws/s3.ts';
import type { JsonObject } from '../../lib/json.ts';
import type { Conversion } from '../../worker/conversions/conversion.ts';
import type { RecordItem } from '../../worker/formats/format.ts';
import { readRecords } from '../../worker/formats/read-records.ts';
import {
  countOption,
  exitCodes,
  textOption,
  UsageError,
  type Arguments,
  type Command,
  type CommandDeps,
  type CommandIo,
} from '../command.ts';
import { openObjectFile } from '../open-object.ts';
import { createLiveLine } from '../output/live-line.ts';
import {
  createRecordPrinter,
  recordOutputNamed,
  recordOutputOption,
  type TableRow,
} from '../output/record-printer.ts';
import { DryRun, type FileForecast } from '../source/dry-run.ts';
import { openSource, sourceOptions, type OpenedSource } from '../source/open-source.ts';
import { settingsOf, sourceFiles } from '../source/source-files.ts';
import { resultOfOutcome } from './convert.ts';
import { resultOf } from './read.ts';

/** So many rows are shown without `--limit`. */
const usualLimit = 10;

/** "Pull File" and "Test Convert" on real objects of a source, through the same code as the import. */
export const preview = {
  usage: ['-f SOURCE.yaml… [--key KEY] [--limit N]', 'SOURCE [--key KEY] [--limit N]', '… --all [--files N]'],
  description: [
    'Shows what the import would make of a file, and stores nothing. The files of -f hold the S3ImportSource, its S3Connection, and the Secret and ConfigMaps that they name; no cluster is needed. Without -f the source is one of a local mode, or of a cluster. The object is read from S3 as the connection says.',
    'Prints one line for each row: {"row":n,"record":…} with "event", with "skip" and its reason, or with "reject" and its reason. Without --key the first key that the source would take in is shown.',
    '--all is a dry run: it reads every file that the source would take in and prints, for each, {"key","rows","events","skipped","rejected"}, with "failure" for one that cannot be read as a whole; then, for each kind of reason for which rows become no event, {"kind","rows","reason","key","row"}, the first of its rows. How many events are duplicates of one another only an import can tell.',
    'Exit code 1 means that a file cannot be read, or that no key matches.',
  ],
  options: {
    ...sourceOptions,
    key: { type: 'string', value: 'KEY', description: 'The object to show, its whole key.' },
    limit: { type: 'string', value: 'N', description: `Stop after so many rows. Default: ${usualLimit}.` },
    all: { type: 'boolean', description: 'A dry run over all files.' },
    files: {
      type: 'string',
      value: 'N',
      description: 'With --all: only the first so many, in order of the key.',
    },
    output: recordOutputOption,
  },
  async run(args, io, deps) {
    checkOptions(args);
    const opened = await openSource(args, deps);
    for (const { path, message } of opened.warnings) {
      await io.stderr.write(`millrace preview: warning: ${path}: ${message}\n`);
    }
    const objects = openS3(opened.s3);
    try {
      const task = { opened, objects, args, io };
      return args.values['all'] === true ? await tryAll(task, deps) : await showFile(task, deps);
    } finally {
      objects.close();
    }
  },
} satisfies Command;

function checkOptions({ values }: Arguments): void {
  const all = values['all'] === true;
  const wrong = (all ? ['key', 'limit'] : ['files']).find((name) => values[name] !== undefined);
  if (wrong === undefined) return;
  throw new UsageError(all ? `--all reads whole files; --${wrong} is for one` : `--${wrong} goes with --all`);
}

interface PreviewTask {
  readonly opened: OpenedSource;
  readonly objects: ObjectStore;
  readonly args: Arguments;
  readonly io: CommandIo;
}

async function showFile(
  { opened, objects, args, io }: PreviewTask,
  { signal }: CommandDeps,
): Promise<number> {
  const printer = createRecordPrinter(recordOutputNamed(textOption(args, 'output')), io.stdout, rowOf);
  const limit = countOption(args, 'limit') ?? usualLimit;
  const { source, conversion } = opened;
  const { bucket } = source.spec;
  const key = textOption(args, 'key') ?? (await firstKey(opened, objects, signal));
  await io.stderr.write(`s3://${bucket}/${key}\n`);
  const settings = settingsOf(source);
  const { file, version } = await openObjectFile(objects, { bucket, key, format: settings.format }, signal);
  const origin = { bucket, key, version };
  let rows = 0;
  for await (const items of readRecords(file, settings, signal)) {
    const wanted = items.slice(0, limit - rows);
    rows += wanted.length;
    await printer.print(wanted.map((item) => previewItem(item, conversion, origin)));
    if (rows === limit) break;
  }
  await printer.end();
  return exitCodes.ok;
}

async function firstKey(opened: OpenedSource, objects: ObjectStore, signal: AbortSignal): Promise<string> {
  for await (const { key } of sourceFiles(opened, objects, signal)) return key;
  return '';
}

async function tryAll({ opened, objects, args, io }: PreviewTask, deps: CommandDeps): Promise<number> {
  const { conversion } = opened;
  if (conversion === undefined)
    throw new UsageError('the source has no conversion yet; there is nothing to try');
  const output = recordOutputNamed(textOption(args, 'output'));
  const files = createRecordPrinter(output, io.stdout, fileRow);
  const reasons = createRecordPrinter(output, io.stdout, reasonRow);
  const most = countOption(args, 'files') ?? Infinity;
  const run = new DryRun(opened, conversion, objects);
  const progress = createLiveLine(io.stderr, deps.clock);
  const total = { files: 0, failed: 0, rows: 0, events: 0, skipped: 0, rejected: 0 };
  for await (const { key } of sourceFiles(opened, objects, deps.signal)) {
    const forecast = await run.readFile(key, deps.signal);
    add(total, forecast);
    await files.print([fileResult(forecast)]);
    await progress.show(`${total.files} files, ${total.events} events, ${total.rejected} rejected`);
    if (total.files === most) break;
  }
  await progress.clear();
  await files.end();
  await reasons.print(run.reasons().map((reason) => ({ ...reason })));
  await reasons.end();
  await io.stderr.write(
    `${total.files} files, ${total.failed} of them unreadable; ${total.rows} rows: ${total.events} events, ${total.skipped} skipped, ${total.rejected} rejected.\n`,
  );
  return total.failed === 0 ? exitCodes.ok : exitCodes.failed;
}

type Total = Record<'files' | 'failed' | 'rows' | 'events' | 'skipped' | 'rejected', number>;

function add(total: Total, { failure, ...counts }: FileForecast): void {
  total.files += 1;
  if (failure !== undefined) total.failed += 1;
  for (const name of ['rows', 'events', 'skipped', 'rejected'] as const) total[name] += counts[name];
}

function fileResult({ failure, ...counts }: FileForecast): JsonObject {
  return { ...counts, ...(failure === undefined ? {} : { failure: { ...failure } }) };
}

function fileRow({ key, rows, events, skipped, rejected, failure }: JsonObject): TableRow {
  const reason = (failure as JsonObject | undefined)?.['reason'] ?? '';
  return { FILE: key, ROWS: rows, EVENTS: events, SKIPPED: skipped, REJECTED: rejected, FAILURE: reason };
}

function reasonRow({ kind, rows, reason, key, row }: JsonObject): TableRow {
  return { OUTCOME: kind, ROWS: rows, REASON: reason, FILE: key, ROW: row };
}

function previewItem(
  item: RecordItem,
  conversion: Conversion | undefined,
  origin: { readonly bucket: string; readonly key: string; readonly version: string },
): JsonObject {
  if (item.kind === 'reject') return resultOf(item);
  const { row, record } = item;
  if (conversion === undefined) return { row, record };
  return { row, record, ...resultOfOutcome(conversion.convert(record, { ...origin, row })) };
}

function rowOf(result: JsonObject): TableRow {
  const { row, record, event, skip, reject } = result;
  const outcome = event ?? skip ?? reject ?? null;
  const kind = event === undefined ? (skip === undefined ? 'reject' : 'skip') : 'event';
  return { row, record, outcome: outcome === null ? '' : kind, event: outcome };
}
