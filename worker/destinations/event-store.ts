import type { Destination } from './destination.ts';

/** The tables of the EventStore: events, rejects, counters and progress in one transaction. */
export const eventStore: Destination = {
  open(_settings, { store, storeSettings, projectId }) {
    const target = { projectId, deduplicationWindowMs: storeSettings.deduplicationWindowMs };
    return {
      write: (claim, batch) => store.loading.commitBatch(claim, target, batch),
      takeBack: (claim, version) => store.loading.restartFile(claim, version),
    };
  },
};
