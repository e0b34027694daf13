import type { S3ImportSource } from '../../../crds/generated/s3-import-source.ts';
import { resourceTypes } from '../../resource-types.ts';
import type { ControllerContext } from '../../manager.ts';
import { createController, type Controller } from '../../runtime/controller.ts';
import { keyOf, type KubernetesObject, type ObjectKey } from '../../runtime/objects.ts';
import type { Reflector } from '../../runtime/reflector.ts';
import { watchMapped, watchOwn, watchOwned, type Watch } from '../../runtime/watches.ts';
import type { Stores } from '../../stores.ts';
import type { SourceMemory } from './memory.ts';
import { reconcileS3ImportSource } from './reconcile.ts';

/** Woken by its own objects, by the Jobs that it owns, and by the connections and stores that sources name. */
export function createS3ImportSourceController(context: ControllerContext): Controller {
  const { connections, eventStores, sources, jobs } = context.reflectors;
  const deps = {
    ...context,
    sources: sources.store,
    connections: connections.store,
    eventStores: eventStores.store,
    jobs: jobs.store,
    memories: new Map<string, SourceMemory>(),
  };
  return createController(
    {
      name: 's3importsource',
      watches: [
        watchOwn(sources),
        watchRivals(sources),
        watchOwned(jobs, resourceTypes.s3ImportSources),
        watchNamed(connections, sources, ({ spec }) => spec.connectionRef.name),
        watchNamed(eventStores, sources, ({ spec }) => spec.storeRef.name),
        watchOpened(context.stores, sources),
      ],
      reconcile: (key, signal) => reconcileS3ImportSource(key, deps, signal),
    },
    context,
  );
}

/** A store that is opened wakes the sources that keep their ledger in it: nothing in its status may have changed. */
function watchOpened(stores: Stores, sources: Reflector<S3ImportSource>): Watch {
  return {
    synced: (signal) => sources.synced(signal),
    subscribe: (wake) =>
      stores.onOpened(({ namespace, name }) => {
        const waiting = sources.store.list(namespace).filter(({ spec }) => spec.storeRef.name === name);
        waiting.map(keyOf).forEach(wake);
      }),
  };
}

/** A source that goes gives its ledger up: those that wait for one of that name look again. */
function watchRivals(sources: Reflector<S3ImportSource>): Watch {
  const ledgerOf = ({ metadata, spec }: S3ImportSource) => spec.ledgerName ?? metadata.name;
  return watchMapped(sources, ({ kind, object }) =>
    kind === 'Deleted'
      ? sources.store
          .list(keyOf(object).namespace)
          .filter((other) => ledgerOf(other) === ledgerOf(object))
          .map(keyOf)
      : [],
  );
}

/** A change of an object wakes the sources of its namespace that name it. */
function watchNamed<T extends KubernetesObject>(
  named: Reflector<T>,
  sources: Reflector<S3ImportSource>,
  nameIn: (source: S3ImportSource) => string,
): Watch {
  return watchMapped(named, ({ object }): readonly ObjectKey[] => {
    const { namespace, name } = keyOf(object);
    return sources.store
      .list(namespace)
      .filter((source) => nameIn(source) === name)
      .map(keyOf);
  });
}
