import { resolve } from 'node:path';
import type { Clock } from '../lib/clock.ts';
import { reasonOf } from '../lib/errors.ts';
import type { ApiClient } from '../operator/runtime/api-client.ts';
import {
  kubectlPlugin,
  textOption,
  UsageError,
  type Arguments,
  type CommandDeps,
  type CommandIo,
  type CommandOption,
} from './command.ts';
import { connectLocal } from './local/connect-local.ts';
import { usualStateDir } from './local/local-objects.ts';
import { openStoredObjects } from './local/stored-objects.ts';

/** Options of every command that reads objects, of a running local mode or of a cluster. */
export const placeOptions = {
  namespace: {
    type: 'string',
    short: 'n',
    value: 'NAME',
    description: "The namespace of the objects. Default: default, or in a cluster the context's.",
  },
  state: {
    type: 'string',
    value: 'DIR',
    description: `The state folder of the local mode. Default: ${usualStateDir}.`,
  },
  cluster: {
    type: 'boolean',
    description:
      'Ask the cluster of the kubeconfig, not a local mode. So do --kubeconfig and --context, and kubectl millrace.',
  },
  kubeconfig: {
    type: 'string',
    value: 'FILE',
    description: 'Default: KUBECONFIG, then ~/.kube/config, as kubectl has it.',
  },
  context: { type: 'string', value: 'NAME', description: 'Of the kubeconfig. Default: its current one.' },
} as const satisfies Readonly<Record<string, CommandOption>>;

/** Where objects are: a running local mode, what the last one left in its state folder, or a cluster. */
export interface Place extends AsyncDisposable {
  readonly client: ApiClient;
  readonly kind: 'local' | 'stored' | 'cluster';
  /** The one that was asked for, or the usual one. */
  readonly namespace: string;
}

/**
 * To look at objects. Those of the local mode, also of one that has ended, unless a cluster is asked for by an option, or
 * by calling the command as `kubectl millrace`: never by what happens to be configured, so that the same command always
 * asks the same place. Errors: `LocalModeNotRunning`, `StateUnreadable`, `ApiAccessDenied`.
 */
export async function connect(args: Arguments, deps: CommandDeps): Promise<Place> {
  const namespace = textOption(args, 'namespace');
  const state = textOption(args, 'state');
  if (!meansCluster(args, deps)) {
    const place = await connectStateDir(resolve(state ?? usualStateDir), deps.clock);
    return { ...place, namespace: namespace ?? 'default' };
  }
  if (state !== undefined) throw new UsageError('--state is for the local mode, and a cluster is asked for');
  const { connectCluster } = await import('./connect-cluster.ts');
  const cluster = await connectCluster(
    { path: textOption(args, 'kubeconfig'), context: textOption(args, 'context') },
    deps,
  );
  return { ...cluster, kind: 'cluster', namespace: namespace ?? cluster.namespace };
}

async function connectStateDir(stateDir: string, clock: Clock): Promise<Omit<Place, 'namespace'>> {
  try {
    return { ...(await connectLocal(stateDir, clock)), kind: 'local' };
  } catch (error) {
    if (reasonOf(error) !== 'LocalModeNotRunning') throw error;
    const stored = await openStoredObjects(stateDir, clock);
    if (stored === undefined) throw error;
    return { ...stored, kind: 'stored' };
  }
}

/** Says so where objects are shown that nothing works on any more. */
export async function tellIfStored({ kind }: Place, { stderr }: CommandIo): Promise<void> {
  if (kind === 'stored')
    await stderr.write('No local mode runs: the objects are as the last one left them.\n');
}

function meansCluster({ values }: Arguments, { program }: CommandDeps): boolean {
  const asked = [values['kubeconfig'], values['context']].some((value) => value !== undefined);
  if (asked && values['cluster'] === false) {
    throw new UsageError('--no-cluster contradicts --kubeconfig and --context');
  }
  return asked || values['cluster'] === true || (program === kubectlPlugin && values['cluster'] !== false);
}
