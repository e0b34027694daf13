import type { Clock } from '../../lib/clock.ts';
import { parseDuration } from '../../lib/duration.ts';
import { TransientError } from '../../lib/errors.ts';
import type { ApiClient } from '../../operator/runtime/api-client.ts';
import { formatKey, type ObjectKey } from '../../operator/runtime/objects.ts';
import {
  exitCodes,
  textOption,
  UsageError,
  type Arguments,
  type Command,
  type CommandIo,
} from '../command.ts';
import type { ResourceDefinition } from '../local/api/resource-definition.ts';
import { placeObject } from '../local/apply-manifests.ts';
import { connectLocal } from '../local/connect-local.ts';
import { localOptions, namespaceOf, objectsMeant, stateDirOf } from '../local/local-objects.ts';
import { localResources, qualifiedSingular } from '../local/local-resources.ts';
import { loadManifests } from '../manifests.ts';
import { filenameOption, pathsOf } from './apply.ts';

/** Deletes objects of a running local mode, as kubectl does those of a cluster. */
export const deleteCommand = {
  usage: ['-f FILE|DIR… [OPTIONS]', 'KIND NAME… [OPTIONS]', 'KIND/NAME… [OPTIONS]'],
  description: [
    'Deletes the objects of manifests, the last first, or those that are named, and waits until they are gone. What was imported stays in the store.',
    'Exit code 1 means that no local mode runs, that an object does not exist, or that it was not gone in time.',
  ],
  options: {
    ...localOptions,
    filename: filenameOption,
    'ignore-not-found': { type: 'boolean', description: 'An object that does not exist is no failure.' },
    wait: {
      type: 'boolean',
      description: 'Wait until the objects are gone: the default; --no-wait does not.',
    },
    timeout: { type: 'string', value: 'DURATION', description: 'How long to wait. Default: 1m.' },
  },
  async run(args, io, deps) {
    const request = requestOf(args);
    const objects = await objectsOf(args);
    await using connection = await connectLocal(stateDirOf(args), deps.clock);
    const { client } = connection;
    const outcomes: boolean[] = [];
    for (const object of objects) {
      outcomes.push(await deleteOne(object, request, io, { client, clock: deps.clock, signal: deps.signal }));
    }
    return outcomes.every(Boolean) ? exitCodes.ok : exitCodes.failed;
  },
} satisfies Command;

interface DeleteRequest {
  readonly ignoreMissing: boolean;
  readonly waits: boolean;
  readonly timeoutMs: number;
}

interface Doomed {
  readonly type: ResourceDefinition;
  readonly key: ObjectKey;
}

function requestOf(args: Arguments): DeleteRequest {
  const timeout = textOption(args, 'timeout') ?? '1m';
  const timeoutMs = parseDuration(timeout);
  if (timeoutMs === undefined) {
    throw new UsageError(`--timeout must be a duration such as 90s or 5m, not ${JSON.stringify(timeout)}`);
  }
  return {
    timeoutMs,
    ignoreMissing: args.values['ignore-not-found'] === true,
    waits: args.values['wait'] !== false,
  };
}

async function objectsOf(args: Arguments): Promise<readonly Doomed[]> {
  const known = localResources();
  const namespace = namespaceOf(args);
  if (args.values['filename'] !== undefined) {
    const manifests = await loadManifests(pathsOf(args));
    const placed = manifests.map(({ object, place }) => placeObject(object, { place, namespace, known }));
    return placed.map(({ type, object }) => ({ type, key: keyFor(type, object.metadata) })).toReversed();
  }
  return objectsMeant(args.positionals, known).flatMap(({ definitions, names }) => {
    if (names.length === 0) throw new UsageError('NAME is missing: objects are deleted by name, or with -f');
    return definitions.flatMap((type) =>
      names.map((name) => ({ type, key: keyFor(type, { name, namespace }) })),
    );
  });
}

function keyFor(
  type: ResourceDefinition,
  { name = '', namespace = '' }: { readonly name?: string; readonly namespace?: string },
): ObjectKey {
  return { name, namespace: type.namespaced ? namespace : '' };
}

interface DeleteDeps {
  readonly client: ApiClient;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

/** False if there was no such object, and that counts. */
async function deleteOne(
  doomed: Doomed,
  request: DeleteRequest,
  io: CommandIo,
  deps: DeleteDeps,
): Promise<boolean> {
  const { type, key } = doomed;
  const shown = `${qualifiedSingular(type)} ${JSON.stringify(key.name)}`;
  if (!(await deps.client.delete(type, key, { signal: deps.signal }))) {
    if (!request.ignoreMissing) await io.stderr.write(`${shown} not found\n`);
    return request.ignoreMissing;
  }
  if (request.waits) await untilGone(doomed, request.timeoutMs, deps);
  await io.stdout.write(`${shown} deleted\n`);
  return true;
}

const lookMs = 100;

async function untilGone({ type, key }: Doomed, timeoutMs: number, { client, clock, signal }: DeleteDeps) {
  const end = clock.monotonic() + timeoutMs;
  while ((await client.find(type, key, { signal })) !== undefined) {
    if (clock.monotonic() > end) {
      throw new TransientError({
        reason: 'DeletionPending',
        message: `${type.kind} ${formatKey(key)} is marked for deletion, and not gone yet: something still holds it by a finalizer. millrace describe shows what it waits for.`,
      });
    }
    await clock.sleep(lookMs, signal);
  }
}
