import { basename, posix } from 'node:path';
import type { Readable } from 'node:stream';
import type { JsonObject } from '../../lib/json.ts';
import { conversions } from '../../worker/conversions/registry.ts';
import {
  exitCodes,
  textOption,
  UsageError,
  type Arguments,
  type Command,
  type CommandIo,
} from '../command.ts';
import { applyWishes, essentialsOf, readWish } from '../init/apply-maps.ts';
import { askEssentials } from '../init/ask-mapping.ts';
import { buildMapping, columnsOf, guessEssentials, type Mapping } from '../init/guess-mapping.ts';
import { readSample, sampleFormat } from '../init/read-sample.ts';
import { renderSource, type SourcePlan } from '../init/render-source.ts';
import { openFile, parseS3Address } from '../open-file.ts';

/** A first manifest of a source, its converter made from a file. */
export const init = {
  usage: ['source SAMPLE [OPTIONS]', 'source s3://BUCKET/KEY [OPTIONS]'],
  description: [
    'Looks at the beginning of a file (JSON lines or CSV, plain or compressed) and prints manifests: the S3ImportSource, and the S3Connection and EventStore unless existing ones are named. The converter maps the columns that look like event_type, user_id, device_id, time and insert_id, with the conversion that the times need, and every other column as a property of the event. What becomes of the sample with it is told beside.',
    'On a terminal it asks which column is which; --map answers beforehand, and with --yes, or in a pipe, the guesses stand. Of an address in S3 the bucket and the prefix are taken over.',
    'Exit code 1 means that the sample cannot be read.',
  ],
  options: {
    map: {
      type: 'string',
      multiple: true,
      value: 'FIELD=COLUMN',
      description:
        'Which column a field of the event comes from, as user_id=login or event_properties.plan=tier; JSON of the converter language instead of a column, as \'time=["iso_time_to_ms","at"]\'; nothing leaves the field out.',
    },
    yes: { type: 'boolean', short: 'y', description: 'Ask nothing.' },
    name: { type: 'string', value: 'NAME', description: "The source's name. Default: by the prefix." },
    bucket: { type: 'string', value: 'BUCKET', description: 'Where the files will be.' },
    prefix: { type: 'string', value: 'PREFIX', description: 'Under which keys, with a / at its end.' },
    project: { type: 'string', value: 'ID', description: 'The project that events belong to. Default: 1.' },
    connection: { type: 'string', value: 'NAME', description: 'An S3Connection that exists.' },
    store: { type: 'string', value: 'NAME', description: 'An EventStore that exists.' },
  },
  async run(args, io, deps) {
    const address = sampleOf(args);
    const { file, close } = await openFile({ name: address, format: sampleFormat(address) }, io, deps);
    const sample = await readSample(file, deps.signal).finally(close);
    const columns = columnsOf(sample.records);
    const wishes = wishesOf(args).map((text) => readWish(text, columns));
    const guess = { ...guessEssentials(columns), ...essentialsOf(wishes) };
    const essentials = mayAsk(args, io) ? await askEssentials(columns, guess, io, deps.signal) : guess;
    const mapping = applyWishes(buildMapping(columns, essentials), wishes);
    await io.stdout.write(renderSource(planOf(args, address, deps.config.aws, { sample, mapping })));
    const told = tryMapping(mapping, sample.records, deps.clock);
    const rejected = sample.rejected === 0 ? '' : ` ${sample.rejected} rows could not be read.`;
    await io.stderr.write(`${sample.format}, compression ${sample.compression}. ${told}${rejected}\n`);
    return exitCodes.ok;
  },
} satisfies Command;

function sampleOf({ positionals: [what, sample, more] }: Arguments): string {
  if (what !== 'source') throw new UsageError('what to begin is missing: write millrace init source SAMPLE');
  if (sample === undefined)
    throw new UsageError('SAMPLE is missing: a file of this machine, or s3://BUCKET/KEY');
  if (more !== undefined) throw new UsageError(`one SAMPLE at a time; there is also ${JSON.stringify(more)}`);
  return sample;
}

function wishesOf({ values }: Arguments): readonly string[] {
  return Array.isArray(values['map']) ? (values['map'] as readonly string[]) : [];
}

function mayAsk(args: Arguments, { stdin, stderr }: CommandIo): boolean {
  return (
    args.values['yes'] !== true &&
    stderr.isTerminal &&
    (stdin as Readable & { isTTY?: boolean }).isTTY === true
  );
}

/** As the API would take it, and no bucket's name. */
const placeholder = 'replace-me';

function planOf(
  args: Arguments,
  sampleAddress: string,
  { region, endpoint }: { readonly region: string | undefined; readonly endpoint: string | undefined },
  found: Pick<SourcePlan, 'sample' | 'mapping'>,
): SourcePlan {
  const address = parseS3Address(sampleAddress);
  const given = (name: string, usual: string) => textOption(args, name) ?? usual;
  const named = (option: string, usual: string) => ({
    name: given(option, usual),
    exists: textOption(args, option) !== undefined,
  });
  const prefix = prefixOf(given('prefix', folderOf(address?.key ?? '')));
  return {
    ...found,
    prefix,
    bucket: given('bucket', address?.bucket ?? placeholder),
    name: given('name', nameFrom(prefix)),
    regex: regexFor(basename(sampleAddress)),
    projectID: given('project', '1'),
    connection: named('connection', 'lake'),
    store: named('store', 'analytics'),
    region: region ?? 'us-east-1',
    endpoint,
  };
}

function folderOf(key: string): string {
  const folder = posix.dirname(key);
  return folder === '.' ? '' : `${folder}/`;
}

function prefixOf(given: string): string {
  return given === '' || given.endsWith('/') ? given : `${given}/`;
}

/** A name that the API takes. */
function nameFrom(prefix: string): string {
  const word = prefix
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/gu, '-')
    .replaceAll(/^-+|-+$/gu, '')
    .slice(0, 40);
  return word === '' ? 'events' : `${word.replace(/-+$/u, '')}-events`;
}

/** Files with the endings of the sample, as `.json.gz`; all when it has none. */
function regexFor(name: string): string {
  const endings = /(?:\.[A-Za-z][A-Za-z0-9]{0,9}){1,2}$/u.exec(name)?.[0] ?? '';
  return `.*${endings.replaceAll('.', String.raw`\.`)}`;
}

/** What becomes of the sample, in a sentence. */
function tryMapping(mapping: Mapping, records: readonly JsonObject[], clock: { now(): number }): string {
  const opened = conversions.amplitude.open({ convertToAmplitudeFunc: { ...mapping } }, { clock });
  if (opened.kind === 'invalid') {
    throw new UsageError(opened.errors.map(({ path, message }) => `${path}: ${message}`).join('; '));
  }
  const outcomes = records.map((record, index) =>
    opened.conversion.convert(record, { bucket: '', key: '', version: '', row: index + 1 }),
  );
  const events = outcomes.filter(({ kind }) => kind === 'event').length;
  const reject = outcomes.find((outcome) => outcome.kind === 'reject');
  const first = reject === undefined ? '' : ` The first that does not: ${reject.reason}.`;
  return `Of ${records.length} rows of the sample ${events} become events.${first}`;
}
