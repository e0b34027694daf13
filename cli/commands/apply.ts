import { exitCodes, UsageError, type Arguments, type Command } from '../command.ts';
import { applyManifests } from '../local/apply-manifests.ts';
import { connectLocal } from '../local/connect-local.ts';
import { localOptions, namespaceOf, stateDirOf } from '../local/local-objects.ts';
import { qualifiedSingular } from '../local/local-resources.ts';
import { loadManifests } from '../manifests.ts';

export const filenameOption = {
  type: 'string',
  short: 'f',
  multiple: true,
  value: 'FILE|DIR',
  description: 'Manifests. May be given several times.',
} as const;

/** Applies manifests to a running local mode, as kubectl does to a cluster. */
export const apply = {
  usage: ['-f FILE|DIR… [OPTIONS]'],
  description: [
    'Server-side apply: what a manifest says is set, and what it said the last time and says no more is taken away. Prints one line for each object: created, configured or unchanged. A namespace that does not exist is made.',
    'Exit code 1 means that no local mode runs, or that an object was refused; the message names its file and line.',
  ],
  options: { ...localOptions, filename: filenameOption },
  async run(args, io, deps) {
    const manifests = await loadManifests(pathsOf(args));
    await using connection = await connectLocal(stateDirOf(args), deps.clock);
    const applied = await applyManifests(connection.client, manifests, namespaceOf(args), deps.signal);
    const lines = applied.map(
      ({ type, object, outcome }) => `${qualifiedSingular(type)}/${object.metadata.name ?? ''} ${outcome}\n`,
    );
    await io.stdout.write(lines.join(''));
    return exitCodes.ok;
  },
} satisfies Command;

export function pathsOf(args: Arguments): readonly string[] {
  const paths = args.values['filename'];
  if (!Array.isArray(paths) || paths.length === 0) throw new UsageError('-f FILE|DIR is missing');
  if (args.positionals.length > 0) {
    throw new UsageError(`manifests are given with -f; there is also ${JSON.stringify(args.positionals[0])}`);
  }
  return paths as readonly string[];
}
