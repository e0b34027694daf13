import { createController, type Controller } from '../../runtime/controller.ts';
import { watchOwn } from '../../runtime/watches.ts';
import type { ControllerContext } from '../../manager.ts';
import { heartbeatMs, reconcileEventStore, type Upkeep } from './reconcile.ts';

/** Woken by its own objects alone: Secrets and databases are looked at again in time. Owns nothing. */
export function createEventStoreController(context: ControllerContext): Controller {
  const { reflectors } = context;
  const deps = { ...context, eventStores: reflectors.eventStores.store, upkeeps: new Map<string, Upkeep>() };
  return createController(
    {
      name: 'eventstore',
      // A store that fails for now is asked again before its owner's heartbeat would look dead.
      backoff: { baseMs: 1_000, capMs: heartbeatMs },
      watches: [watchOwn(reflectors.eventStores)],
      reconcile: (key, signal) =>
        reconcileEventStore(key, { ...deps, installationId: context.installationId() }, signal),
    },
    context,
  );
}
