import type { DestinationSettings, StoreSettings } from '../../lib/contract/task.ts';
import type {
  Claim,
  ClaimedFile,
  EventEncoder,
  FileVersion,
  LoadBatch,
  LoadResult,
  Store,
} from '../../lib/store/types.ts';

/** What a line of the registry holds. */
export interface Destination {
  open(settings: DestinationSettings, target: DestinationTarget): Sink;
}

export interface DestinationTarget {
  readonly store: Pick<Store, 'loading'>;
  readonly storeSettings: StoreSettings;
  readonly projectId: string;
  /** Of a file's rows, 0 to 1; undefined: events need not wait for the end of their file. */
  readonly maxRejectShare: number | undefined;
}

/** Where the batches of a file go. One is shared by all files of a worker. */
export interface Sink {
  /** For the events of one batch. */
  encodeEvents(): EventEncoder;
  /**
   * Delivers a batch and records how far the file has come. After a `TransientError` the same batch may be given
   * again. `LeaseLost`: the file is another worker's now. `late`: the reservation was over before the batch was
   * through, and nothing was delivered.
   */
  write(
    file: Pick<ClaimedFile, 'claim' | 'committedRows' | 'staged'>,
    batch: LoadBatch,
    validUntil: string | undefined,
  ): Promise<LoadResult | 'late'>;
  /** Takes back what the file has brought in so far; it starts over as this version. */
  takeBack(claim: Claim, version: FileVersion): Promise<void>;
}
