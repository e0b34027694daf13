import { createS3Metrics } from '../lib/aws/s3-metrics.ts';
import { createStsMetrics } from '../lib/aws/sts-metrics.ts';
import type { IdentityObserver } from '../lib/aws/identity-plan.ts';
import type { RequestObserver } from '../lib/aws/request-observer.ts';
import type { Metrics } from '../lib/metrics.ts';
import type { FileOutcome } from './pipeline/import-file.ts';

/**
 * What a worker counts while it lives. A worker may end between two scrapes: what must not be missed (files and records
 * of a source, its lag) the operator tells from the ledger; these say how fast and how well a worker works.
 */
export interface WorkerMetrics {
  readonly s3: RequestObserver;
  readonly identity: IdentityObserver;
  /** A file's attempt has ended; `bytes` as it is stored. */
  fileEnded(outcome: FileOutcome, bytes: number): void;
  leaseLost(): void;
}

export function createWorkerMetrics(metrics: Metrics): WorkerMetrics {
  const objects = metrics.counter({
    name: 'millrace_import_objects_total',
    help: 'Files whose attempt has ended, by how; lost: another worker has the file',
    labels: ['outcome'] as const,
  });
  const bytes = metrics.counter({
    name: 'millrace_import_bytes_total',
    help: 'Bytes of the imported files, as they are stored',
  });
  const records = metrics.counter({
    name: 'millrace_import_records_total',
    help: 'Records of the imported files, by outcome',
    labels: ['outcome'] as const,
  });
  return {
    s3: createS3Metrics(metrics, 'worker'),
    identity: createStsMetrics(metrics, 'worker'),
    fileEnded: (outcome, size) => {
      objects.inc({ outcome: outcome.kind });
      if (outcome.kind === 'failed') return;
      bytes.inc({}, size);
      for (const [name, count] of Object.entries(outcome.records)) records.inc({ outcome: name }, count);
    },
    leaseLost: () => objects.inc({ outcome: 'lost' }),
  };
}
