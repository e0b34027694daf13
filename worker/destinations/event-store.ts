import { addCounts } from '../../lib/contract/report.ts';
import { ReservationLate } from '../../lib/store/loading/take-stamp.ts';
import type { Claim, ClaimedFile, Loading, LoadResult, LoadTarget } from '../../lib/store/types.ts';
import type { Destination } from './destination.ts';

/** The tables of the EventStore: events, rejects, counters and progress in one transaction. */
export const eventStore: Destination = {
  open(_settings, { store, storeSettings, projectId, maxRejectShare }) {
    const { loading } = store;
    const target = { projectId, deduplicationWindowMs: storeSettings.deduplicationWindowMs };
    return {
      encodeEvents: () => loading.encodeEvents(target),
      write: async (file, batch, validUntil) => {
        try {
          if (!isStaged(file, maxRejectShare)) {
            return await loading.commitBatch(file.claim, target, batch, validUntil);
          }
          const staged = await loading.stageBatch(file.claim, target, batch, validUntil);
          return batch.final
            ? await publish({ loading, target, maxRejectShare }, file.claim, staged)
            : staged;
        } catch (error) {
          if (error instanceof ReservationLate) return 'late';
          throw error;
        }
      },
      takeBack: (claim, version) => loading.restartFile(claim, version),
    };
  },
};

/** A file that was begun one way goes on so, whatever the source says by now. */
function isStaged(
  { committedRows, staged }: Pick<ClaimedFile, 'committedRows' | 'staged'>,
  maxRejectShare: number | undefined,
): boolean {
  return committedRows > 0 ? staged : maxRejectShare !== undefined;
}

interface Publishing {
  readonly loading: Loading;
  readonly target: LoadTarget;
  readonly maxRejectShare: number | undefined;
}

async function publish(
  { loading, target, maxRejectShare = 1 }: Publishing,
  claim: Claim,
  staged: LoadResult,
): Promise<LoadResult> {
  const published = await loading.publishFile(claim, target, maxRejectShare);
  return { ...addCounts(staged, published), repeated: staged.repeated };
}
