import { resourceTypes } from '../../resource-types.ts';
import { createController, type Controller } from '../../runtime/controller.ts';
import { watchOwn, watchOwned } from '../../runtime/watches.ts';
import type { ControllerContext } from '../../manager.ts';
import { reconcileS3Connection } from './reconcile.ts';

/** Woken by its own objects, and by the Jobs that ask for it who a pod is: Secrets are looked at again in time. */
export function createS3ConnectionController(context: ControllerContext): Controller {
  const { reflectors } = context;
  const deps = {
    ...context,
    connections: reflectors.connections.store,
    jobs: reflectors.jobs.store,
    revisions: new Map<string, string>(),
  };
  return createController(
    {
      name: 's3connection',
      watches: [watchOwn(reflectors.connections), watchOwned(reflectors.jobs, resourceTypes.s3Connections)],
      reconcile: (key, signal) => reconcileS3Connection(key, deps, signal),
    },
    context,
  );
}
