import type { S3ImportSource } from '../../../crds/generated/s3-import-source.ts';
import type { AskedLook } from '../../../lib/discovery/listing.ts';
import type { ProgressSample } from '../../planning/rates.ts';
import type { OwnWrite } from '../own-write.ts';
import type { ProbedPermissions } from './probe-permissions.ts';

/**
 * What this process remembers of a source between its passes. All that counts is in the ledger: a restart forgets
 * this, and costs a look at the bucket, a moment of patience or a figure that comes later.
 */
export interface SourceMemory {
  lastWrite: OwnWrite<S3ImportSource> | undefined;
  /** When the counters in status were last written. */
  progressWrittenAt: number | undefined;
  /** Since when more workers have been at work than are wanted. */
  surplusSince: number | undefined;
  /** The whole look at the bucket that was asked for, and what is left of it. */
  look: { readonly token: string; readonly asked: AskedLook | undefined } | undefined;
  /** Since when its store is being opened. */
  openingSince: number | undefined;
  samples: readonly ProgressSample[];
  permissions: ProbedPermissions | undefined;
  /** Uids of evicted pods that were told of. */
  evicted: ReadonlySet<string>;
}

export function createSourceMemory(): SourceMemory {
  return {
    lastWrite: undefined,
    progressWrittenAt: undefined,
    surplusSince: undefined,
    look: undefined,
    openingSince: undefined,
    samples: [],
    permissions: undefined,
    evicted: new Set(),
  };
}
