import { messageOf, reasonOf } from '../../lib/errors.ts';
import type { JsonObject, JsonValue } from '../../lib/json.ts';
import type { FileFormat, RecordItem } from '../../worker/formats/format.ts';
import type { OptionSpec } from '../../worker/formats/options.ts';
import { readRecords, type ReadSettings } from '../../worker/formats/read-records.ts';
import { formatNames, formats, type FormatName } from '../../worker/formats/registry.ts';
import { codecs, compressionNames } from '../../worker/codecs/registry.ts';
import type { Codec } from '../../worker/codecs/codec.ts';
import {
  countOption,
  exitCodes,
  onlyPositional,
  textOption,
  UsageError,
  type Arguments,
  type Command,
  type CommandOption,
} from '../command.ts';
import { openFile } from '../open-file.ts';
import { createProgress } from '../output/progress.ts';
import {
  createRecordPrinter,
  recordOutputNamed,
  recordOutputOption,
  type TableRow,
} from '../output/record-printer.ts';

/** "Pull File": what the settings make of a file, through the same code as the import. */
export const read = {
  usage: ['FILE [OPTIONS]', 's3://BUCKET/KEY [OPTIONS]', '- [OPTIONS]   (standard input)'],
  description: [
    'Prints one line for each row: {"record":{…},"row":n}, or {"reject":{"row","offset","column","reason","raw"}} for a row that cannot be read. Rows count from 1; offset is in bytes of the decompressed file.',
    'Exit code 1 means that the file as a whole is broken or cannot be opened; the reason is printed. Rejected rows are no failure.',
    'An object in S3 is read with AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN, AWS_REGION, AWS_ENDPOINT_URL_S3 and AWS_CA_BUNDLE, buckets as part of the path where an endpoint is given.',
  ],
  options: {
    format: {
      type: 'string',
      value: formatNames.join('|'),
      description: "Default: by the file's name.",
    },
    compression: {
      type: 'string',
      value: compressionNames.join('|'),
      description: "Default: Auto, by the file's first bytes.",
    },
    ...optionsOfFormats(),
    limit: { type: 'string', value: 'N', description: 'Stop after so many rows.' },
    output: recordOutputOption,
  },
  async run(args, io, deps) {
    const name = onlyPositional(args, 'FILE');
    const settings = settingsOf(args, name);
    const limit = countOption(args, 'limit') ?? Infinity;
    const printer = createRecordPrinter(recordOutputNamed(textOption(args, 'output')), io.stdout, rowOf);
    const progress = createProgress(io, deps.clock);
    const { file, close } = await openFile({ name, format: settings.format }, io, deps);
    try {
      let rows = 0;
      for await (const items of readRecords(file, settings, deps.signal)) {
        const wanted = items.slice(0, limit - rows);
        rows += wanted.length;
        await printer.print(wanted.map(resultOf));
        await progress.show(`${rows} rows`);
        deps.signal.throwIfAborted();
        if (rows === limit) break;
      }
    } catch (error) {
      throw reasonOf(error) === 'InvalidFormat' ? new UsageError(messageOf(error)) : error;
    } finally {
      await progress.clear();
      await printer.end();
      close();
    }
    return exitCodes.ok;
  },
} satisfies Command;

/** Each option of each format, so that a format brings its own. */
function optionsOfFormats(): Readonly<Record<string, CommandOption>> {
  const options = Object.values<FileFormat>(formats).flatMap((format) =>
    Object.entries(format.options).map(([name, spec]): [string, CommandOption] => [
      name,
      describeOption(format.name, spec),
    ]),
  );
  return Object.fromEntries(options);
}

function describeOption(format: string, spec: OptionSpec): CommandOption {
  const description = `${format}: ${spec.description}`;
  switch (spec.type) {
    case 'boolean':
      return { type: 'boolean', description: `${description} Default: ${spec.default}; --no-… unsets it.` };
    case 'list':
      return { type: 'string', multiple: true, value: 'A,B,…', description };
    case 'text':
      return { type: 'string', value: 'TEXT', description: `${description}${defaultOf(spec.default)}` };
  }
}

function defaultOf(text: string): string {
  return text === '' ? '' : ` Default: ${text}`;
}

function settingsOf(args: Arguments, name: string): ReadSettings {
  const format = formatOf(textOption(args, 'format'), name);
  const compression = named('compression', textOption(args, 'compression') ?? 'Auto', compressionNames);
  const options: Record<string, JsonValue> = {};
  for (const owner of Object.values<FileFormat>(formats)) {
    for (const [option, spec] of Object.entries(owner.options)) {
      const value = args.values[option];
      if (value !== undefined) options[option] = optionValue(spec, value);
    }
  }
  return { format, compression, options };
}

function optionValue(spec: OptionSpec, value: string | boolean | readonly string[]): JsonValue {
  if (spec.type === 'list') return [value].flat().flatMap((names) => String(names).split(','));
  return value === '\\t' ? '\t' : (value as string | boolean);
}

function formatOf(given: string | undefined, name: string): FormatName {
  if (given !== undefined) return named('format', given, formatNames);
  const plain = Object.values<Codec>(codecs).reduce((left, { extensions }) => {
    const ending = extensions.find((one) => left.toLowerCase().endsWith(one));
    return ending === undefined ? left : left.slice(0, -ending.length);
  }, name);
  const found = formatNames.find((format) =>
    formats[format].extensions.some((ending: string) => plain.toLowerCase().endsWith(ending)),
  );
  if (found !== undefined) return found;
  throw new UsageError(
    `the name ${JSON.stringify(name)} does not tell the format; give --format ${formatNames.join('|')}`,
  );
}

/** Names as the API has them; on a command line their case does not matter. */
function named<Name extends string>(what: string, given: string, names: readonly Name[]): Name {
  const found = names.find((name) => name.toLowerCase() === given.toLowerCase());
  if (found !== undefined) return found;
  throw new UsageError(`--${what} must be one of ${names.join(', ')}, not ${JSON.stringify(given)}`);
}

/** As a line of the output has it. */
export function resultOf(item: RecordItem): JsonObject {
  if (item.kind === 'record') return { record: item.record, row: item.row };
  const { row, offset, column, reason, raw } = item;
  return { reject: { row, offset, ...(column === undefined ? {} : { column }), reason, raw } };
}

function rowOf(result: JsonObject): TableRow {
  if (result['record'] !== undefined) return { row: result['row'], ...(result['record'] as JsonObject) };
  const { row, reason } = result['reject'] as JsonObject;
  return { row, REJECTED: reason };
}
