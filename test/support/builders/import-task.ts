import type { EventCall } from '../../../lib/contract/event.ts';
import type { ImportTask, WorkerLimits } from '../../../lib/contract/task.ts';
import type { RecordItem, RecordRead, RecordReject } from '../../../worker/formats/format.ts';

export function importTask(limits: Partial<WorkerLimits> = {}): ImportTask {
  return {
    kind: 'import-shard',
    namespace: 'acme',
    name: 'web-events',
    sourceId: 7,
    bucket: 'acme-events',
    prefix: 'web/',
    connection: { region: 'us-east-1' },
    identity: { base: { kind: 'keys' }, sessionName: 'millrace-acme-acme-lake' },
    store: { schema: 'millrace', maxConnections: 4, deduplicationWindowMs: 604_800_000 },
    projectId: '168342',
    files: { format: 'JSONLines', compression: 'Auto', options: {} },
    destination: { kind: 'eventStore', options: {} },
    limits: {
      rates: { files: [], events: [] },
      maxAttempts: 5,
      lingerMs: 0,
      maxLifetimeMs: 3_600_000,
      ...limits,
    },
  };
}

/** A row that was read: `{"row": N}`, with what is added. */
export function record(row: number, members: RecordRead['record'] = {}): RecordRead {
  const content = { row, ...members };
  const text = JSON.stringify(content);
  return { kind: 'record', row, offset: row * 100, record: content, text };
}

/** A row that could not be read. */
export function badRow(row: number, changes: Partial<RecordReject> = {}): RecordReject {
  return {
    kind: 'reject',
    row,
    offset: row * 100,
    column: undefined,
    reason: 'is no JSON',
    raw: '{',
    ...changes,
  };
}

export function records(count: number, from = 1): readonly RecordItem[] {
  return Array.from({ length: count }, (_, index) => record(from + index));
}

export function eventCall(insertId: string, changes: Partial<EventCall> = {}): EventCall {
  return {
    kind: 'event',
    eventType: 'buy',
    userId: 'user-1',
    deviceId: undefined,
    insertId,
    time: undefined,
    body: { event_type: 'buy', user_id: 'user-1', insert_id: insertId },
    ...changes,
  };
}
