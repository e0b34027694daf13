import { cleanJson, cleanText } from '../clean-text.ts';
import { encodeCopy, type CopyValue } from '../copy.ts';
import { hash128 } from '../identifiers.ts';
import type { LoadedEvent, LoadTarget } from '../types.ts';

/**
 * A table of the connection's own, empty at the end of each transaction. Named by its shape, since a pooler may
 * hand a connection from an older release to a newer one.
 */
export const stageTable = 'pg_temp.millrace_stage_1';

export const createStage = `CREATE TEMPORARY TABLE IF NOT EXISTS millrace_stage_1 (
  ord integer, key uuid, time_ms bigint, file_row bigint, kind text, event_type text, user_id text,
  device_id text, insert_id text, body json
) ON COMMIT DELETE ROWS`;

export const copyToStage = `COPY ${stageTable} FROM STDIN`;

/** What PostgreSQL's timestamps reach, in epoch milliseconds: 4713 BC, and further than JavaScript's own. */
const earliestMs = -210_866_803_200_000;
const latestMs = 8_640_000_000_000_000;

export function encodeStage(target: LoadTarget, events: readonly LoadedEvent[]): Generator<Buffer> {
  return encodeCopy(events.keys(), (ord) => [ord, ...stageRow(target, events[ord])]);
}

/** Of columns `key`, `time_ms`, `file_row`, `kind`, `event_type`, `user_id`, `device_id`, `insert_id`, `body`. */
export function stageRow(target: LoadTarget, loaded: LoadedEvent | undefined): readonly CopyValue[] {
  if (loaded === undefined) return [];
  const { row, event } = loaded;
  return [
    eventKey(target.projectId, loaded),
    storableTime(event.time),
    row,
    event.kind,
    cleanText(event.eventType),
    event.userId === undefined ? undefined : cleanText(event.userId),
    event.deviceId === undefined ? undefined : cleanText(event.deviceId),
    cleanText(event.insertId),
    cleanJson(event.body),
  ];
}

/** Same project, same device (without one: same user) and same insert_id: the same event. */
function eventKey(projectId: string, { event }: LoadedEvent): string {
  if (event.deviceId !== undefined) return hash128([projectId, 'device', event.deviceId, event.insertId]);
  if (event.userId !== undefined) return hash128([projectId, 'user', event.userId, event.insertId]);
  return hash128([projectId, 'none', event.insertId]);
}

/** undefined: the time of upload. */
function storableTime(time: number | undefined): number | undefined {
  if (time === undefined || !Number.isFinite(time)) return undefined;
  return Math.trunc(Math.min(Math.max(time, earliestMs), latestMs));
}
