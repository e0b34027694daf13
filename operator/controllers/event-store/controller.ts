import { createController, type Controller } from '../../runtime/controller.ts';
import { watchOwn } from '../../runtime/watches.ts';
import type { ControllerContext } from '../../manager.ts';
import { reconcileEventStore } from './reconcile.ts';

/** Woken by its own objects alone: Secrets and databases are looked at again in time. Owns nothing. */
export function createEventStoreController(context: ControllerContext): Controller {
  const { reflectors } = context;
  const deps = { ...context, eventStores: reflectors.eventStores.store };
  return createController(
    {
      name: 'eventstore',
      watches: [watchOwn(reflectors.eventStores)],
      reconcile: (key, signal) =>
        reconcileEventStore(key, { ...deps, installationId: context.installationId() }, signal),
    },
    context,
  );
}
