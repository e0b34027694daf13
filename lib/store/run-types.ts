import type { RecordCounts } from '../contract/report.ts';
import type { Fenced } from './types.ts';

/** What is told of a source's runs; the API of the store is in `types.ts`. */
export type RunOutcome = 'Succeeded' | 'CompletedWithFailures' | 'Failed' | 'Cancelled';

export interface Run {
  /** Counts from 1 within a source. */
  readonly number: number;
  readonly startedAt: number;
  readonly endedAt: number | undefined;
  readonly outcome: RunOutcome | undefined;
  readonly message: string | undefined;
  /** What was done between its begin and its end; for an open one, until now. */
  readonly files: { readonly done: number; readonly failed: number };
  readonly records: RecordCounts;
}

export interface Runs {
  /** The open run of the source if there is one, else a new one with the next number. */
  openRun(sourceId: number, fenced: Fenced): Promise<Run>;
  /** Ends it with the counts of now. Already ended: gives it as it ended. */
  closeRun(sourceId: number, number: number, end: RunEnd): Promise<Run>;
  /** Newest first. */
  listRuns(sourceId: number, limit: number): Promise<readonly Run[]>;
}

export interface RunEnd extends Fenced {
  readonly outcome: RunOutcome;
  readonly message?: string;
}
