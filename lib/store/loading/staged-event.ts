import type { CopyValue } from '../copy.ts';
import { CopyEncoder } from '../copy.ts';
import { cleanJson, cleanText } from '../clean-text.ts';
import { hash128 } from '../identifiers.ts';
import type { EventEncoder, LoadedEvent, LoadTarget } from '../types.ts';
import { changesProperties } from './property-subjects.ts';

/**
 * A table of the connection's own, empty at the end of each transaction. Named by its shape, since a pooler may
 * hand a connection from an older release to a newer one.
 */
export const stageTable = 'pg_temp.millrace_stage_1';

export const createStage = `CREATE TEMPORARY TABLE IF NOT EXISTS millrace_stage_1 (
  file_row bigint, key uuid, time_ms bigint, kind text, event_type text, user_id text, device_id text,
  insert_id text, body json
) ON COMMIT DELETE ROWS`;

export const copyToStage = `COPY ${stageTable} FROM STDIN`;

/** What PostgreSQL's timestamps reach, in epoch milliseconds: 4713 BC, and further than JavaScript's own. */
const earliestMs = -210_866_803_200_000;
const latestMs = 8_640_000_000_000_000;

/** As rows of the stage. */
export function encodeEvents({ projectId }: LoadTarget): EventEncoder {
  const rows = new CopyEncoder();
  const changing: LoadedEvent[] = [];
  let count = 0;
  return {
    add: (loaded) => {
      rows.add(stageRow(projectId, loaded));
      count += 1;
      if (changesProperties(loaded.event)) changing.push(loaded);
    },
    finish: () => ({ count, rows: rows.finish(), changing }),
  };
}

/** Of the columns in their order. */
function stageRow(projectId: string, { row, event }: LoadedEvent): readonly CopyValue[] {
  return [
    row,
    eventKey(projectId, event),
    storableTime(event.time),
    event.kind,
    cleanText(event.eventType),
    event.userId === undefined ? undefined : cleanText(event.userId),
    event.deviceId === undefined ? undefined : cleanText(event.deviceId),
    cleanText(event.insertId),
    cleanJson(event.body),
  ];
}

/** Same project, same device (without one: same user) and same insert_id: the same event. */
function eventKey(projectId: string, { deviceId, userId, insertId }: LoadedEvent['event']): string {
  if (deviceId !== undefined) return hash128([projectId, 'device', deviceId, insertId]);
  if (userId !== undefined) return hash128([projectId, 'user', userId, insertId]);
  return hash128([projectId, 'none', insertId]);
}

/** undefined: the time of upload. */
function storableTime(time: number | undefined): number | undefined {
  if (time === undefined || !Number.isFinite(time)) return undefined;
  return Math.trunc(Math.min(Math.max(time, earliestMs), latestMs));
}
