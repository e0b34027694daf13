import type { DestinationSettings, StoreSettings } from '../../lib/contract/task.ts';
import type { Claim, FileVersion, LoadBatch, LoadResult, Store } from '../../lib/store/types.ts';

/** What a line of the registry holds. */
export interface Destination {
  open(settings: DestinationSettings, target: DestinationTarget): Sink;
}

export interface DestinationTarget {
  readonly store: Pick<Store, 'loading'>;
  readonly storeSettings: StoreSettings;
  readonly projectId: string;
}

/** Where the batches of a file go. One is shared by all files of a worker. */
export interface Sink {
  /**
   * Delivers a batch and records how far the file has come. After a `TransientError` the same batch may be given
   * again. `LeaseLost`: the file is another worker's now.
   */
  write(claim: Claim, batch: LoadBatch): Promise<LoadResult>;
  /** Takes back what the file has brought in so far; it starts over as this version. */
  takeBack(claim: Claim, version: FileVersion): Promise<void>;
}
