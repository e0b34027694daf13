import type { EventStore } from '../../../crds/generated/event-store.ts';
import type { S3Connection } from '../../../crds/generated/s3-connection.ts';
import type { S3ImportSource } from '../../../crds/generated/s3-import-source.ts';
import type { Run } from '../../../lib/store/run-types.ts';
import type { ConversionInput, SourceCounts } from '../../../lib/store/types.ts';
import type { CompiledConverter } from '../../../lib/converter/converter.ts';
import type { CompiledKeyPattern } from '../../../lib/pattern.ts';
import type { ListingResult } from '../../../lib/discovery/listing.ts';
import type { Probe } from '../../../lib/discovery/probe-import.ts';
import type { Rates } from '../../planning/rates.ts';
import type { RunPlan } from '../../planning/run.ts';
import type { ShardCounts } from '../../planning/shard-counts.ts';
import type { Job } from '../../resources/worker-job.ts';
import type { StoreSession } from '../../stores.ts';
import type { S3Access } from '../s3-connection/gather.ts';
import type { WorkerReport } from './observe-workers.ts';

/** Everything that a decision about a source may look at. */
export interface ImportFacts {
  readonly source: S3ImportSource;
  /** Another source that keeps its account in the same ledger, and was there first. */
  readonly rival: string | undefined;
  readonly connection: S3Connection | undefined;
  readonly eventStore: EventStore | undefined;
  /** Undefined while the EventStore's own reconcile has not opened it. */
  readonly session: StoreSession | undefined;
  readonly access: S3Access | { readonly error: unknown } | undefined;
  readonly pattern: CompiledKeyPattern | undefined;
  readonly conversion: ConversionFacts;
  /** The source's Jobs, in whatever state. */
  readonly jobs: readonly Job[];
  /** Jobs that look at the bucket, where only a pod can; in whatever state. */
  readonly looks: readonly Job[];
  readonly nowMs: number;
}

/** What `spec.conversion` came to. */
export type ConversionFacts =
  | { readonly kind: 'missing' }
  | { readonly kind: 'unresolved'; readonly error: unknown }
  | {
      readonly kind: 'read';
      readonly input: ConversionInput;
      readonly compiled: CompiledConverter;
      /** Of the document's own `filterPattern`. */
      readonly pattern: CompiledKeyPattern | undefined;
    };

/** What a pass over a source that passed its preflight did and saw. */
export interface ImportProgress {
  readonly generation: number;
  /** Undefined: suspended, nothing was looked for. */
  readonly listing: ListingResult | { readonly error: unknown } | undefined;
  /** What the source may do; empty: suspended, nothing was tried. */
  readonly permissions: readonly Probe[];
  readonly counts: SourceCounts;
  readonly plan: RunPlan;
  readonly workers: WorkerReport;
  /** Of the last few minutes; undefined: not known yet. */
  readonly rates: Rates | undefined;
  /** The newest, the one under way among them. */
  readonly runs: readonly Run[];
  /** Of the newest conversion. */
  readonly digest: string;
  readonly shards: ShardCounts;
}
