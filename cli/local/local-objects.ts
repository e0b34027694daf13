import { resolve } from 'node:path';
import type { JsonObject } from '../../lib/json.ts';
import { apiVersionOf, type KubernetesObject } from '../../operator/runtime/objects.ts';
import type { ApiClient, ListOptions } from '../../operator/runtime/api-client.ts';
import { textOption, UsageError, type Arguments, type CommandOption } from '../command.ts';
import type { ResourceDefinition } from './api/resource-definition.ts';
import { metadataOf, withFields, withMetadata } from './api/object-fields.ts';
import { resourcesNamed } from './local-resources.ts';

/** Where a local mode keeps its objects and its socket, if not said otherwise. */
export const usualStateDir = '.millrace';

/** Options of every command that speaks to a running local mode. */
export const localOptions = {
  namespace: {
    type: 'string',
    short: 'n',
    value: 'NAME',
    description: 'The namespace of the objects. Default: default.',
  },
  state: {
    type: 'string',
    value: 'DIR',
    description: `The state folder of the local mode. Default: ${usualStateDir}.`,
  },
} as const satisfies Readonly<Record<string, CommandOption>>;

export function stateDirOf(args: Arguments): string {
  return resolve(textOption(args, 'state') ?? usualStateDir);
}

export function namespaceOf(args: Arguments): string {
  return textOption(args, 'namespace') ?? 'default';
}

/** What positionals mean: all objects of some kinds, or some objects of one kind. */
export interface Meant {
  readonly definitions: readonly ResourceDefinition[];
  readonly names: readonly string[];
}

/** `KIND`, `KIND,KIND`, `KIND NAME…` or `KIND/NAME…`. */
export function objectsMeant(
  positionals: readonly string[],
  resources: readonly ResourceDefinition[],
): readonly Meant[] {
  const [first, ...names] = positionals;
  if (first === undefined) {
    throw new UsageError(`KIND is missing: one of ${resources.map(({ plural }) => plural).join(', ')}`);
  }
  if (first.includes('/')) return positionals.map((word) => pairMeant(word, resources));
  const definitions = resourcesNamed(first, resources);
  if (names.length > 0 && definitions.length > 1) {
    throw new UsageError(`one kind at a time with names; ${JSON.stringify(first)} means several`);
  }
  return [{ definitions, names }];
}

function pairMeant(word: string, resources: readonly ResourceDefinition[]): Meant {
  const [kind = '', name = '', ...rest] = word.split('/');
  const definitions = resourcesNamed(kind, resources);
  if (name !== '' && rest.length === 0 && definitions.length === 1) return { definitions, names: [name] };
  throw new UsageError(`${JSON.stringify(word)} is not KIND/NAME of one object`);
}

/** Objects as people look at them: with kind and version, without the record of who owns which field. */
export function shown(object: KubernetesObject, definition: ResourceDefinition): JsonObject {
  const plain = object as KubernetesObject & JsonObject;
  const typed = withFields(plain, { apiVersion: apiVersionOf(definition), kind: definition.kind });
  const { apiVersion = '', kind = '', ...rest } = withMetadata(typed, { managedFields: undefined });
  return { apiVersion, kind, metadata: metadataOf(rest), ...rest };
}

/** All pages of a list. */
export async function listAll(
  client: ApiClient,
  definition: ResourceDefinition,
  options: ListOptions,
): Promise<readonly JsonObject[]> {
  const objects: JsonObject[] = [];
  let continueFrom: string | undefined;
  do {
    const page = await client.list(definition, {
      ...options,
      limit: 500,
      ...(continueFrom === undefined ? {} : { continueFrom }),
    });
    objects.push(...page.items.map((item) => shown(item, definition)));
    ({ continueFrom } = page);
  } while (continueFrom !== undefined);
  return objects;
}
