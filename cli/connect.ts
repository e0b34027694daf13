import { resolve } from 'node:path';
import type { ApiClient } from '../operator/runtime/api-client.ts';
import {
  kubectlPlugin,
  textOption,
  UsageError,
  type Arguments,
  type CommandDeps,
  type CommandOption,
} from './command.ts';
import { connectLocal } from './local/connect-local.ts';
import { usualStateDir } from './local/local-objects.ts';

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

/** Where objects are: a running local mode, or a cluster. */
export interface Place extends AsyncDisposable {
  readonly client: ApiClient;
  readonly kind: 'local' | 'cluster';
  /** The one that was asked for, or the usual one. */
  readonly namespace: string;
}

/**
 * The local mode, unless a cluster is asked for by an option, or by calling the command as `kubectl millrace`: never by
 * what happens to run or to be configured, so that the same command always asks the same place.
 * Errors: `LocalModeNotRunning`, `ApiAccessDenied`.
 */
export async function connect(args: Arguments, deps: CommandDeps): Promise<Place> {
  const namespace = textOption(args, 'namespace');
  const state = textOption(args, 'state');
  if (!meansCluster(args, deps)) {
    const { client, [Symbol.asyncDispose]: dispose } = await connectLocal(
      resolve(state ?? usualStateDir),
      deps.clock,
    );
    return { client, kind: 'local', namespace: namespace ?? 'default', [Symbol.asyncDispose]: dispose };
  }
  if (state !== undefined) throw new UsageError('--state is for the local mode, and a cluster is asked for');
  const { connectCluster } = await import('./connect-cluster.ts');
  const cluster = await connectCluster(
    { path: textOption(args, 'kubeconfig'), context: textOption(args, 'context') },
    deps,
  );
  return { ...cluster, kind: 'cluster', namespace: namespace ?? cluster.namespace };
}

function meansCluster({ values }: Arguments, { program }: CommandDeps): boolean {
  const asked = [values['kubeconfig'], values['context']].some((value) => value !== undefined);
  if (asked && values['cluster'] === false) {
    throw new UsageError('--no-cluster contradicts --kubeconfig and --context');
  }
  return asked || values['cluster'] === true || (program === kubectlPlugin && values['cluster'] !== false);
}
