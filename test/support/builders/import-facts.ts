import type { S3Access } from '../../../operator/controllers/s3-connection/gather.ts';
import type {
  ConversionFacts,
  ImportFacts,
  ImportProgress,
} from '../../../operator/controllers/s3-import-source/facts.ts';
import { compileConverter } from '../../../lib/converter/compile-converter.ts';
import type { JsonValue } from '../../../lib/json.ts';
import type { Store } from '../../../lib/store/types.ts';
import { passed, type Finding } from '../../../operator/conditions/finding.ts';
import type { WorkerReport } from '../../../operator/controllers/s3-import-source/observe-workers.ts';
import type { StoreSession } from '../../../operator/stores.ts';
import { listingState, sourceCounts } from './ledger.ts';
import { connection, eventStore, importSource, startTime } from './resources.ts';

/** Of a store that nobody asks anything. */
export function storeSession(changes: Partial<StoreSession> = {}): StoreSession {
  return {
    store: {} as Store,
    epoch: 1,
    revision: 'uid/1',
    schemaVersion: 1,
    serverVersion: '18.4',
    ownership: { kind: 'held' },
    ...changes,
  };
}

const access: S3Access = {
  revision: 'uid/1',
  options: { region: 'us-east-1' },
  plan: {
    base: {
      kind: 'keys',
      credentials: { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'not to be seen anywhere' },
    },
    sts: { region: 'us-east-1' },
    sessionName: 'millrace-acme-acme-lake',
  },
  identity: { base: { kind: 'keys' }, sessionName: 'millrace-acme-acme-lake' },
};

export function conversionFacts(
  document: JsonValue = { convertToAmplitudeFunc: { event_type: 'event', user_id: 'uid' } },
): ConversionFacts {
  const text = JSON.stringify(document);
  return {
    kind: 'read',
    input: { kind: 'amplitude', digest: `digest of ${text}`, document: text },
    compiled: compileConverter(document),
    pattern: undefined,
  };
}

/** A source that has all that it needs. */
export function importFacts(changes: Partial<ImportFacts> = {}): ImportFacts {
  return {
    source: importSource(),
    rival: undefined,
    connection: connection(),
    eventStore: eventStore(),
    session: storeSession(),
    access,
    pattern: undefined,
    conversion: conversionFacts(),
    jobs: [],
    looks: [],
    nowMs: startTime,
    ...changes,
  };
}

/** A pass over a source whose bucket was looked at and holds nothing. */
export function importProgress(changes: Partial<ImportProgress> = {}): ImportProgress {
  const lastFull = { finishedAt: startTime, seen: 0, tally: {} };
  return {
    generation: 1,
    permissions: [
      { action: 's3:ListBucket', resource: 'arn:aws:s3:::acme-events', result: 'Allowed' },
      { action: 's3:GetObject', resource: 'arn:aws:s3:::acme-events/web/*', result: 'Allowed' },
    ],
    digest: 'digest-1',
    listing: {
      state: listingState({ lastFull, lastFinishedAt: startTime }),
      nextInMs: 60_000,
      asked: undefined,
    },
    counts: sourceCounts(),
    runs: [],
    rates: undefined,
    plan: { kind: 'none' },
    workers: workerReport(passed('WorkersAvailable', 'WorkersAvailable', 'No worker is missing.')),
    shards: { desired: 0, active: 0, failed: 0 },
    ...changes,
  };
}

export function workerReport(finding: Finding, changes: Partial<WorkerReport> = {}): WorkerReport {
  return { finding, trouble: undefined, evicted: [], ...changes };
}
