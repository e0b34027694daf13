import { stringify } from 'yaml';
import type { JsonObject } from '../../lib/json.ts';
import type { ApiClient } from '../../operator/runtime/api-client.ts';
import {
  exitCodes,
  textOption,
  UsageError,
  type Arguments,
  type Command,
  type CommandIo,
} from '../command.ts';
import { connect, placeOptions, tellIfStored, type Place } from '../connect.ts';
import type { ResourceDefinition } from '../local/api/resource-definition.ts';
import { listAll, objectsMeant, shown, type Meant } from '../local/local-objects.ts';
import { localResources } from '../local/local-resources.ts';
import { formatTable } from '../output/format-table.ts';
import { objectTable } from '../output/object-table.ts';

const outputs = ['table', 'wide', 'json', 'yaml'] as const;
type GetOutput = (typeof outputs)[number];

/** Lists objects of a local mode, as kubectl does those of a cluster. */
export const get = {
  usage: ['KIND [NAME…] [OPTIONS]', 'KIND/NAME… [OPTIONS]'],
  description: [
    'KIND is a plural, singular or short name, as s3importsources or s3src; several with commas between; or millrace for all kinds of Millrace. The columns are those that kubectl shows.',
    'Exit code 1 means that no local mode runs or has run, that the cluster does not answer, or that an object does not exist.',
  ],
  options: {
    ...placeOptions,
    'all-namespaces': { type: 'boolean', short: 'A', description: 'Objects of every namespace.' },
    selector: {
      type: 'string',
      short: 'l',
      value: 'SELECTOR',
      description: 'Only objects with these labels, as app=web,tier!=test.',
    },
    output: {
      type: 'string',
      short: 'o',
      value: 'table|wide|json|yaml',
      description: 'table: the main columns (the default); wide: all columns; json and yaml: whole objects.',
    },
  },
  async run(args, io, deps) {
    const wanted = requestOf(args);
    await using place = await connect(args, deps);
    await tellIfStored(place, io);
    const request = { ...wanted, namespace: namespaceIn(place, wanted) };
    const found: Found[] = [];
    for (const meant of request.meant) found.push(...(await find(meant, request, place.client, deps.signal)));
    await print(found, request, io, deps.clock.now());
    return exitCodes.ok;
  },
} satisfies Command;

function namespaceIn({ namespace }: Place, { everywhere }: GetWanted): string {
  return everywhere ? '' : namespace;
}

interface GetWanted {
  readonly meant: readonly Meant[];
  readonly everywhere: boolean;
  readonly labelSelector: string | undefined;
  readonly output: GetOutput;
}

interface GetRequest extends GetWanted {
  /** Empty: all. */
  readonly namespace: string;
}

interface Found {
  readonly definition: ResourceDefinition;
  readonly objects: readonly JsonObject[];
}

function requestOf(args: Arguments): GetWanted {
  const name = textOption(args, 'output') ?? 'table';
  const output = outputs.find((one) => one === name);
  if (output === undefined) {
    throw new UsageError(`--output must be one of ${outputs.join(', ')}, not ${JSON.stringify(name)}`);
  }
  const meant = objectsMeant(args.positionals, localResources());
  const isNamed = meant.some(({ names }) => names.length > 0);
  const everywhere = args.values['all-namespaces'] === true;
  if (isNamed && everywhere)
    throw new UsageError('an object is named with its namespace, not with all of them');
  return {
    meant,
    output,
    everywhere,
    labelSelector: textOption(args, 'selector'),
  };
}

async function find(
  { definitions, names }: Meant,
  { namespace, labelSelector }: GetRequest,
  client: ApiClient,
  signal: AbortSignal,
): Promise<readonly Found[]> {
  return await Promise.all(
    definitions.map(async (definition) => {
      const scope = definition.namespaced ? namespace : '';
      if (names.length === 0) {
        const options = {
          namespace: scope,
          signal,
          ...(labelSelector === undefined ? {} : { labelSelector }),
        };
        return { definition, objects: await listAll(client, definition, options) };
      }
      const read = names.map((name) => client.get(definition, { namespace: scope, name }, { signal }));
      return { definition, objects: (await Promise.all(read)).map((object) => shown(object, definition)) };
    }),
  );
}

async function print(
  found: readonly Found[],
  request: GetRequest,
  io: CommandIo,
  now: number,
): Promise<void> {
  const objects = found.flatMap((one) => one.objects);
  const isOne = request.meant.length === 1 && request.meant[0]?.names.length === 1;
  const [only] = objects;
  const document = isOne && only !== undefined ? only : { apiVersion: 'v1', kind: 'List', items: objects };
  switch (request.output) {
    case 'json':
      await io.stdout.write(`${JSON.stringify(document, undefined, 2)}\n`);
      return;
    case 'yaml':
      await io.stdout.write(stringify(document, { lineWidth: 0 }));
      return;
    case 'table':
    case 'wide':
      await printTables(found, request, io, now);
  }
}

async function printTables(
  found: readonly Found[],
  { output, namespace }: GetRequest,
  io: CommandIo,
  now: number,
): Promise<void> {
  const filled = found.filter(({ objects }) => objects.length > 0);
  if (filled.length === 0) {
    const where = namespace === '' ? '' : ` in ${namespace} namespace`;
    await io.stderr.write(`No resources found${where}.\n`);
    return;
  }
  const tables = filled.map(({ definition, objects }) => {
    const withNamespace = namespace === '' && definition.namespaced;
    const { headings, rows } = objectTable(definition, objects, {
      wide: output === 'wide',
      withNamespace,
      now,
    });
    const prefix = found.length > 1 ? `${definition.singular}/` : '';
    const column = withNamespace ? 1 : 0;
    const named = rows.map((row) => row.with(column, prefix + (row[column] ?? '')));
    return formatTable(headings, named, Infinity);
  });
  await io.stdout.write(tables.join('\n'));
}
