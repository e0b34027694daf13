import type { Fenced } from './types.ts';

export interface UpkeepRequest extends Fenced {
  /** Days for which partitions are to exist ahead of today. */
  readonly daysAhead: number;
  readonly deduplicationWindowMs: number;
  /** undefined: kept for good. Files are always kept for good. */
  readonly keepEventsMs: number | undefined;
  readonly keepRejectsMs: number | undefined;
  readonly keepRunsMs: number | undefined;
}

export interface UpkeepResult {
  readonly partitionsMade: number;
  readonly partitionsDropped: number;
  readonly eventKeysRemoved: number;
  readonly runsRemoved: number;
  /** More than one call removes was due: call again soon. */
  readonly more: boolean;
}

export interface Maintenance {
  /** Bounded work: partitions ahead, and what has outlived its time. */
  upkeep(request: UpkeepRequest): Promise<UpkeepResult>;
}
