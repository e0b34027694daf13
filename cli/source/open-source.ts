import type { S3Connection } from '../../crds/generated/s3-connection.ts';
import type { S3ImportSource } from '../../crds/generated/s3-import-source.ts';
import type { S3Options } from '../../lib/aws/s3.ts';
import type { JsonObject } from '../../lib/json.ts';
import { compileKeyPattern } from '../../lib/pattern.ts';
import { gatherS3Access, optionsOf } from '../../operator/controllers/s3-connection/gather.ts';
import { gatherConversion } from '../../operator/controllers/s3-import-source/gather.ts';
import { resourceTypes } from '../../operator/resource-types.ts';
import { createApiClient, type ApiClient } from '../../operator/runtime/api-client.ts';
import type { ConfigurationError, Conversion } from '../../worker/conversions/conversion.ts';
import { openWithWarnings } from '../../worker/conversions/open-conversion.ts';
import {
  onlyPositional,
  textOption,
  UsageError,
  type Arguments,
  type CommandDeps,
  type CommandOption,
} from '../command.ts';
import { connect, placeOptions } from '../connect.ts';
import { personsAccess } from '../local/access-deps.ts';
import { applyManifests } from '../local/apply-manifests.ts';
import { openMemoryApi } from '../local/memory-api.ts';
import { loadManifests } from '../manifests.ts';

/** Options of commands that read the files of a source as the import would. */
export const sourceOptions = {
  ...placeOptions,
  filename: {
    type: 'string',
    short: 'f',
    multiple: true,
    value: 'FILE|DIR',
    description: 'Manifests, instead of objects that were applied. May be given several times.',
  },
  source: { type: 'string', value: 'NAME', description: 'Which source, if the manifests hold several.' },
  'external-id': {
    type: 'string',
    value: 'ID',
    description: 'The external id of the connection’s role, where the operator made it.',
  },
} as const satisfies Readonly<Record<string, CommandOption>>;

/** All that is needed to do what the import does with the files of a source, short of storing anything. */
export interface OpenedSource {
  readonly source: S3ImportSource;
  readonly s3: S3Options;
  /** Undefined: the source has none yet. */
  readonly conversion: Conversion | undefined;
  /** What in the conversion works but is likely not what was meant. */
  readonly warnings: readonly ConfigurationError[];
  /** By the patterns of the source and of its converter's document. */
  readonly matches: (key: string) => boolean;
}

/** Of manifests, as the API server would have them: validated, with their defaults; or of a source that was applied. */
export async function openSource(args: Arguments, deps: CommandDeps): Promise<OpenedSource> {
  const paths = args.values['filename'];
  if (!Array.isArray(paths)) return openApplied(args, deps);
  if (args.positionals.length > 0) throw new UsageError('with -f a source is named by --source');
  const { clock, signal } = deps;
  const api = openMemoryApi(clock);
  try {
    const client = createApiClient({ transport: api.transport, clock, fieldManager: 'millrace-preview' });
    const manifests = await loadManifests(paths as readonly string[]);
    const namespace = textOption(args, 'namespace') ?? 'default';
    const applied = await applyManifests(client, manifests, namespace, signal);
    const sources = applied.flatMap(({ type, object }) =>
      type.kind === 'S3ImportSource' ? [object as unknown as S3ImportSource] : [],
    );
    const source = pickSource(sources, textOption(args, 'source'));
    return await open(source, await findConnection(source, client, signal), client, { args, deps });
  } finally {
    api.server.stop();
  }
}

async function openApplied(args: Arguments, deps: CommandDeps): Promise<OpenedSource> {
  const name = onlyPositional(args, 'SOURCE, or -f FILE,');
  await using place = await connect(args, deps);
  const { client, namespace } = place;
  const { signal } = deps;
  const { s3ImportSources, s3Connections } = resourceTypes;
  const source = await client.get<S3ImportSource>(s3ImportSources, { namespace, name }, { signal });
  const key = { namespace, name: source.spec.connectionRef.name };
  const connection = await client.get<S3Connection>(s3Connections, key, { signal });
  return await open(source, connection, client, { args, deps });
}

async function open(
  source: S3ImportSource,
  connection: S3Connection,
  client: ApiClient,
  { args, deps: { clock, signal } }: { readonly args: Arguments; readonly deps: CommandDeps },
): Promise<OpenedSource> {
  const externalId = textOption(args, 'external-id') ?? connection.status?.externalID;
  const access = await gatherS3Access(connection, personsAccess(client, externalId), signal);
  const facts = await gatherConversion(source, client, signal);
  if (facts.kind === 'unresolved') throw facts.error;
  const own = patternOf(source);
  const documents = facts.kind === 'read' && facts.pattern?.kind === 'compiled' ? facts.pattern : undefined;
  const opened =
    facts.kind === 'read'
      ? openWithWarnings(facts.input.kind, JSON.parse(facts.input.document) as JsonObject, { clock })
      : { conversion: undefined, warnings: [] };
  return {
    source,
    s3: optionsOf(access, { clock }),
    ...opened,
    matches: (key) => own(key) && (documents?.matches(key) ?? true),
  };
}

function patternOf({ spec: { files, prefix } }: S3ImportSource): (key: string) => boolean {
  const regex = files.pattern?.regex;
  if (regex === undefined) return () => true;
  const pattern = compileKeyPattern({ regex }, prefix);
  if (pattern.kind === 'invalid') throw new UsageError(`spec.files.pattern.regex: ${pattern.message}`);
  return pattern.matches;
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
