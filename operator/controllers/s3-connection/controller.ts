import { createController, type Controller } from '../../runtime/controller.ts';
import { watchOwn } from '../../runtime/watches.ts';
import type { ControllerContext } from '../../manager.ts';
import { reconcileS3Connection } from './reconcile.ts';

/** Woken by its own objects alone: Secrets are looked at again in time. Owns nothing. */
export function createS3ConnectionController(context: ControllerContext): Controller {
  const { reflectors } = context;
  const deps = {
    ...context,
    connections: reflectors.connections.store,
    revisions: new Map<string, string>(),
  };
  return createController(
    {
      name: 's3connection',
      watches: [watchOwn(reflectors.connections)],
      reconcile: (key, signal) => reconcileS3Connection(key, deps, signal),
    },
    context,
  );
}
