import type { JsonObject } from '../../lib/json.ts';
import type { ApiClient } from '../../operator/runtime/api-client.ts';
import { exitCodes, type Command } from '../command.ts';
import { connect, placeOptions, tellIfStored } from '../connect.ts';
import { metadataOf, textAt } from '../local/api/object-fields.ts';
import type { ResourceDefinition } from '../local/api/resource-definition.ts';
import { listAll, objectsMeant, shown } from '../local/local-objects.ts';
import { localResources, resourcesNamed } from '../local/local-resources.ts';
import { describeObject } from '../output/describe-object.ts';

/** Tells all about objects of a local mode. */
export const describe = {
  usage: ['KIND [NAME…] [OPTIONS]', 'KIND/NAME… [OPTIONS]'],
  description: [
    'Prints what is wanted, what is, and what happened. The message of a condition says what is wrong and what to do about it. Values of Secrets are not printed.',
    'Exit code 1 means that no local mode runs or has run, that the cluster does not answer, or that an object does not exist.',
  ],
  options: { ...placeOptions },
  async run(args, io, deps) {
    const known = localResources();
    const meant = objectsMeant(args.positionals, known);
    await using place = await connect(args, deps);
    await tellIfStored(place, io);
    const { namespace } = place;
    const reader = { client: place.client, known, signal: deps.signal };
    const texts: string[] = [];
    for (const { definitions, names } of meant) {
      for (const definition of definitions) {
        for (const object of await read({ definition, namespace, names }, reader)) {
          const events = await eventsOf(object, reader);
          texts.push(describeObject({ object, events, now: deps.clock.now() }));
        }
      }
    }
    if (texts.length === 0) await io.stderr.write(`No resources found in ${namespace} namespace.\n`);
    await io.stdout.write(texts.join('\n\n'));
    return exitCodes.ok;
  },
} satisfies Command;

interface Reader {
  readonly client: ApiClient;
  readonly known: readonly ResourceDefinition[];
  readonly signal: AbortSignal;
}

interface Wanted {
  readonly definition: ResourceDefinition;
  readonly namespace: string;
  /** All when there is none. */
  readonly names: readonly string[];
}

async function read(
  { definition, namespace, names }: Wanted,
  { client, signal }: Reader,
): Promise<readonly JsonObject[]> {
  const scope = definition.namespaced ? namespace : '';
  if (names.length === 0) return listAll(client, definition, { namespace: scope, signal });
  const objects = names.map((name) => client.get(definition, { namespace: scope, name }, { signal }));
  return (await Promise.all(objects)).map((object) => shown(object, definition));
}

async function eventsOf(
  object: JsonObject,
  { client, known, signal }: Reader,
): Promise<readonly JsonObject[]> {
  const [events] = resourcesNamed('events', known);
  const metadata = metadataOf(object);
  const namespace = textAt(metadata, 'namespace');
  if (events === undefined || namespace === '') return [];
  return listAll(client, events, {
    namespace,
    fieldSelector: `regarding.uid=${textAt(metadata, 'uid')}`,
    signal,
  });
}
