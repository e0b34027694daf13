import { parse } from 'yaml';
import { messageOf } from '../../lib/errors.ts';
import { isJsonObject, type JsonObject, type JsonValue } from '../../lib/json.ts';
import type { Conversion, Outcome } from '../../worker/conversions/conversion.ts';
import { conversions } from '../../worker/conversions/registry.ts';
import type { RecordItem } from '../../worker/formats/format.ts';
import { readRecords } from '../../worker/formats/read-records.ts';
import {
  countOption,
  exitCodes,
  onlyPositional,
  textOption,
  UsageError,
  type Arguments,
  type Command,
  type CommandDeps,
  type CommandIo,
} from '../command.ts';
import { openFile, readText } from '../open-file.ts';
import { createProgress } from '../output/progress.ts';
import {
  createRecordPrinter,
  recordOutputNamed,
  recordOutputOption,
  type TableRow,
} from '../output/record-printer.ts';
import { resultOf } from './read.ts';

const settings = { format: 'JSONLines', compression: 'Auto', options: {} };

/** "Test Convert": what a converter makes of records, through the same code as the import. */
export const convert = {
  usage: ['--converter FILE [RECORDS.jsonl|-] [OPTIONS]'],
  description: [
    'RECORDS holds one JSON object a line; without it, or with -, they come from standard input. Lines that `millrace read` has printed are taken too: of {"record":{…},"row":n} the record is converted, and rejected rows are passed on.',
    'Prints one line for each record: {"record":…,"event":…}, {"record":…,"skip":reason} or {"record":…,"reject":reason}; a line that is no record gives {"reject":{"row","offset","reason","raw"}}. An insert_id that the data does not bring is derived from the file and the row, and so is another one in an import.',
    'Exit code 2 means that the converter does not load; every error is printed with its path.',
  ],
  options: {
    converter: {
      type: 'string',
      value: 'FILE',
      description:
        'The converter, in JSON or YAML: a document of Amplitude, or what stands under spec.conversion.amplitude.',
    },
    limit: { type: 'string', value: 'N', description: 'Stop after so many lines.' },
    output: recordOutputOption,
  },
  async run(args, io, deps) {
    const conversion = await loadConverter(args, io, deps);
    const name = args.positionals.length === 0 ? '-' : onlyPositional(args, 'RECORDS');
    const limit = countOption(args, 'limit') ?? Infinity;
    const printer = createRecordPrinter(recordOutputNamed(textOption(args, 'output')), io.stdout, rowOf);
    const progress = createProgress(io, deps.clock);
    const { file, close } = await openFile({ name, format: settings.format }, io, deps);
    try {
      let lines = 0;
      for await (const items of readRecords(file, settings, deps.signal)) {
        const wanted = items.slice(0, limit - lines);
        lines += wanted.length;
        await printer.print(wanted.map((item) => convertItem(conversion, name, item)));
        await progress.show(`${lines} records`);
        deps.signal.throwIfAborted();
        if (lines === limit) break;
      }
    } finally {
      await progress.clear();
      await printer.end();
      close();
    }
    return exitCodes.ok;
  },
} satisfies Command;

async function loadConverter(args: Arguments, io: CommandIo, deps: CommandDeps): Promise<Conversion> {
  const path = textOption(args, 'converter');
  if (path === undefined) throw new UsageError('--converter FILE is missing');
  const opened = conversions.amplitude.open(await readDocument(path), { clock: deps.clock });
  if (opened.kind === 'invalid') {
    const errors = opened.errors.map((error) => `\n  ${error.path}: ${error.message}`);
    throw new UsageError(`the converter ${path} does not load:${errors.join('')}`);
  }
  for (const warning of opened.warnings) {
    await io.stderr.write(`millrace convert: warning: ${warning.path}: ${warning.message}\n`);
  }
  return opened.conversion;
}

async function readDocument(path: string): Promise<JsonObject> {
  const text = await readText(path);
  let document: unknown;
  try {
    document = /^\s*\{/.test(text) ? JSON.parse(text) : parse(text);
  } catch (error) {
    throw new UsageError(`the converter ${path} is neither JSON nor YAML: ${messageOf(error)}`);
  }
  if (isJsonObject(document)) return document;
  throw new UsageError(`the converter ${path} must be an object, in braces`);
}

function convertItem(conversion: Conversion, key: string, item: RecordItem): JsonObject {
  if (item.kind === 'reject') return resultOf(item);
  const { record, row } = unwrap(item.record, item.row);
  if (record === undefined) return item.record;
  const outcome = conversion.convert(record, { bucket: '', key, version: '', row });
  return { record, ...resultOfOutcome(outcome) };
}

/** A line of `millrace read` is told by its members alone; one with a reject has no record. */
function unwrap(
  line: JsonObject,
  row: number,
): { readonly record: JsonValue | undefined; readonly row: number } {
  const names = Object.keys(line).toSorted().join();
  const { record, reject, row: ownRow } = line;
  if (names === 'record,row' && isJsonObject(record) && Number.isSafeInteger(ownRow)) {
    return { record, row: Number(ownRow) };
  }
  if (names === 'reject' && isJsonObject(reject) && 'raw' in reject) return { record: undefined, row };
  return { record: line, row };
}

/** A conversion's outcome, as the members of a printed line. */
export function resultOfOutcome(outcome: Outcome): JsonObject {
  switch (outcome.kind) {
    case 'event':
      return { event: outcome.event.body };
    case 'skip':
      return { skip: outcome.reason };
    case 'reject':
      return { reject: outcome.reason, ...(outcome.column === undefined ? {} : { column: outcome.column }) };
  }
}

function rowOf(result: JsonObject): TableRow {
  const { record, event, skip, reject } = result;
  if (isJsonObject(event)) return { outcome: 'event', ...event };
  if (skip !== undefined) return { outcome: 'skip', reason: skip, record };
  return { outcome: 'reject', reason: isJsonObject(reject) ? reject['reason'] : reject, record };
}
