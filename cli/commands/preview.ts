import type { S3Connection } from '../../crds/generated/s3-connection.ts';
import type { S3ImportSource } from '../../crds/generated/s3-import-source.ts';
import type { ObjectStore } from '../../lib/aws/object-store.ts';
import { openS3, type S3Options } from '../../lib/aws/s3.ts';
import { TerminalError } from '../../lib/errors.ts';
import type { JsonObject } from '../../lib/json.ts';
import { compileKeyPattern } from '../../lib/pattern.ts';
import { gatherConversion } from '../../operator/controllers/s3-import-source/gather.ts';
import { gatherS3Access, optionsOf } from '../../operator/controllers/s3-connection/gather.ts';
import { selectObject } from '../../operator/discovery/selection.ts';
import { resourceTypes } from '../../operator/resource-types.ts';
import { createApiClient, type ApiClient } from '../../operator/runtime/api-client.ts';
import type { Conversion } from '../../worker/conversions/conversion.ts';
import { openConversion } from '../../worker/conversions/open-conversion.ts';
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
} from '../command.ts';
import { personsAccess } from '../local/access-deps.ts';
import { applyManifests } from '../local/apply-manifests.ts';
import { openMemoryApi } from '../local/memory-api.ts';
import { loadManifests } from '../manifests.ts';
import {
  createRecordPrinter,
  recordOutputNamed,
  recordOutputOption,
  type TableRow,
} from '../output/record-printer.ts';
import { resultOfOutcome } from './convert.ts';
import { resultOf } from './read.ts';

/** So many rows are shown without `--limit`. */
const usualLimit = 10;

/** "Pull File" and "Test Convert" on a real object of a source, through the same code as the import. */
export const preview = {
  usage: ['-f SOURCE.yaml… [--key KEY] [--limit N]'],
  description: [
    'The files hold the S3ImportSource, its S3Connection, and the Secret and ConfigMaps that they name. Nothing is stored, and no cluster is needed; the object is read from S3 with the keys of the Secret.',
    'Prints one line for each row: {"row":n,"record":…} with "event", with "skip" and its reason, or with "reject" and its reason. Without --key the first key that the source would take in is shown.',
    'Exit code 1 means that the file cannot be read, or that no key matches.',
  ],
  options: {
    filename: {
      type: 'string',
      short: 'f',
      multiple: true,
      value: 'FILE|DIR',
      description: 'Manifests. May be given several times.',
    },
    source: { type: 'string', value: 'NAME', description: 'Which source, if the manifests hold several.' },
    key: { type: 'string', value: 'KEY', description: 'The object to show, its whole key.' },
    limit: { type: 'string', value: 'N', description: `Stop after so many rows. Default: ${usualLimit}.` },
    'external-id': {
      type: 'string',
      value: 'ID',
      description: 'The external id of the connection’s role, where the operator made it.',
    },
    output: recordOutputOption,
  },
  async run(args, io, deps) {
    const printer = createRecordPrinter(recordOutputNamed(textOption(args, 'output')), io.stdout, rowOf);
    const limit = countOption(args, 'limit') ?? usualLimit;
    const { source, options, conversion, document } = await openSource(args, deps);
    const objects = openS3(options);
    try {
      const key = textOption(args, 'key') ?? (await firstKey(source, document, objects, deps.signal));
      await io.stderr.write(`s3://${source.spec.bucket}/${key}\n`);
      const object = await objects.open({ bucket: source.spec.bucket, key }, deps.signal);
      const origin = { bucket: source.spec.bucket, key, version: object.versionId ?? object.etag };
      let rows = 0;
      for await (const items of readRecords(object, settingsOf(source), deps.signal)) {
        const wanted = items.slice(0, limit - rows);
        rows += wanted.length;
        await printer.print(wanted.map((item) => previewItem(item, conversion, origin)));
        if (rows === limit) break;
      }
      await printer.end();
      return exitCodes.ok;
    } finally {
      objects.close();
    }
  },
} satisfies Command;

interface OpenedSource {
  readonly source: S3ImportSource;
  readonly options: S3Options;
  readonly conversion: Conversion | undefined;
  /** Of the converter's own document. */
  readonly document: { readonly matches: (key: string) => boolean };
}

/** The manifests as the API server would have them: validated, with their defaults. */
async function openSource(args: Arguments, { clock, signal }: CommandDeps): Promise<OpenedSource> {
  const paths = args.values['filename'];
  if (!Array.isArray(paths)) throw new UsageError('-f FILE is missing');
  const api = openMemoryApi(clock);
  try {
    const client = createApiClient({ transport: api.transport, clock, fieldManager: 'millrace-preview' });
    const manifests = await loadManifests(paths as readonly string[]);
    const applied = await applyManifests(client, manifests, 'default', signal);
    const sources = applied.flatMap(({ type, object }) =>
      type.kind === 'S3ImportSource' ? [object as unknown as S3ImportSource] : [],
    );
    const source = pickSource(sources, textOption(args, 'source'));
    const connection = await findConnection(source, client, signal);
    const externalId = textOption(args, 'external-id');
    const access = await gatherS3Access(connection, personsAccess(client, externalId), signal);
    const facts = await gatherConversion(source, client, signal);
    if (facts.kind === 'unresolved') throw facts.error;
    const pattern = facts.kind === 'read' && facts.pattern?.kind === 'compiled' ? facts.pattern : undefined;
    return {
      source,
      options: optionsOf(access, clock),
      document: { matches: pattern?.matches ?? (() => true) },
      conversion:
        facts.kind === 'read'
          ? openConversion(facts.input.kind, JSON.parse(facts.input.document) as JsonObject, { clock })
          : undefined,
    };
  } finally {
    api.server.stop();
  }
}

function pickSource(sources: readonly S3ImportSource[], name: string | undefined): S3ImportSource {
  const names = sources.map(({ metadata }) => metadata.name).join(', ');
  if (sources.length === 0) throw new UsageError('the manifests hold no S3ImportSource');
  const [first, second] =
    name === undefined ? sources : sources.filter(({ metadata }) => metadata.name === name);
  if (first === undefined) throw new UsageError(`there is no S3ImportSource ${name}; there is ${names}`);
  if (second !== undefined)
    throw new UsageError(`there are several S3ImportSources; name one by --source: ${names}`);
  return first;
}

async function findConnection(
  { metadata, spec }: S3ImportSource,
  client: ApiClient,
  signal: AbortSignal,
): Promise<S3Connection> {
  const { namespace } = metadata;
  const { name } = spec.connectionRef;
  const found = await client.find<S3Connection>(resourceTypes.s3Connections, { namespace, name }, { signal });
  if (found !== undefined) return found;
  throw new UsageError(
    `the manifests hold no S3Connection ${name}, which the source names; add it by another -f`,
  );
}

async function firstKey(
  { spec }: S3ImportSource,
  document: OpenedSource['document'],
  objects: ObjectStore,
  signal: AbortSignal,
): Promise<string> {
  const { bucket, prefix, files } = spec;
  const pattern =
    files.pattern?.regex === undefined
      ? undefined
      : compileKeyPattern({ regex: files.pattern.regex }, prefix);
  if (pattern?.kind === 'invalid') throw new UsageError(`spec.files.pattern.regex: ${pattern.message}`);
  const matches = (key: string) => (pattern?.matches(key) ?? true) && document.matches(key);
  let startAfter: string | undefined;
  do {
    const page = await objects.listPage({ bucket, prefix, startAfter }, signal);
    const found = page.objects.find((object) => selectObject(object, matches) === 'file');
    if (found !== undefined) return found.key;
    startAfter = page.nextStartAfter;
  } while (startAfter !== undefined);
  throw new TerminalError({
    reason: 'PrefixEmpty',
    message: `There is no object in bucket ${bucket} under ${JSON.stringify(prefix)} that the source would take in.`,
  });
}

function settingsOf({ spec: { files } }: S3ImportSource) {
  return {
    format: files.format,
    compression: files.compression,
    options: { ...files.csv } as Readonly<JsonObject>,
  };
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
