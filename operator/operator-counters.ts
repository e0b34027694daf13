import type { RunOutcome } from '../lib/store/run-types.ts';
import type { Metrics } from '../lib/metrics.ts';
import type { Probe } from '../lib/discovery/probe-import.ts';
import type { ObjectKey } from './runtime/objects.ts';

/** What the controllers count beside what the runtime counts of their passes. */
export interface OperatorCounters {
  /** Permissions were tried at S3. */
  probed(probes: readonly Probe[]): void;
  runEnded(outcome: RunOutcome, seconds: number): void;
  /** The temporary credentials of a connection; undefined: it has none any more. */
  credentialsEnd(connection: ObjectKey, atMs: number | undefined): void;
}

/** From a minute's files to a day's. */
const runBuckets = [1, 5, 15, 60, 300, 900, 3_600, 4 * 3_600, 24 * 3_600];

export function createOperatorCounters(metrics: Metrics): OperatorCounters {
  const probes = metrics.counter({
    name: 'millrace_permission_probe_total',
    help: 'Actions that were tried to see whether they are permitted, by result: Allowed, Denied, Unknown',
    labels: ['action', 'result'] as const,
  });
  const runs = metrics.histogram({
    name: 'millrace_run_duration_seconds',
    help: 'Runs of sources, by outcome: Succeeded, CompletedWithFailures, Failed, Cancelled',
    labels: ['outcome'] as const,
    buckets: runBuckets,
  });
  const ends = metrics.gauge({
    name: 'millrace_credentials_expiry_timestamp_seconds',
    help: 'When the temporary credentials that the operator holds for a connection end; renewed some minutes before',
    labels: ['namespace', 'name'] as const,
  });
  return {
    probed: (tried) => {
      for (const { action, result } of tried) probes.inc({ action, result });
    },
    runEnded: (outcome, seconds) => runs.observe({ outcome }, seconds),
    credentialsEnd: ({ namespace, name }, atMs) => {
      if (atMs === undefined) ends.remove({ namespace, name });
      else ends.set({ namespace, name }, atMs / 1000);
    },
  };
}
