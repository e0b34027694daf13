import { cleanText } from '../clean-text.ts';
import { encodeCopy } from '../copy.ts';
import type { EncodedEvents, LoadTarget } from '../types.ts';
import type { BatchContext } from './commit-batch.ts';
import { scopeOf, stepsOf, subjectsOf } from './property-subjects.ts';
import { stageTable } from './staged-event.ts';
import { copyEvents } from './store-events.ts';

/** Puts events where nobody sees them, with whose properties they will change. */
export async function stageEvents(
  { tx, schema, claim }: BatchContext,
  target: LoadTarget,
  events: EncodedEvents,
): Promise<void> {
  if (events.count === 0) return;
  await copyEvents(tx, events);
  await tx.execute(
    `INSERT INTO ${schema}.staged_events
       (file_id, key, time_ms, file_row, kind, event_type, user_id, device_id, insert_id, body)
     SELECT $1, key, time_ms, file_row, kind, event_type, user_id, device_id, insert_id, body FROM ${stageTable}`,
    [claim.fileId],
  );
  const changing = events.changing.filter(({ event }) => stepsOf(event).length > 0);
  const changes = changing.flatMap(({ row, event }) =>
    subjectsOf(target.projectId, event).map((subject) => ({ row, scope: scopeOf(event), subject })),
  );
  if (changes.length === 0) return;
  await tx.copy(
    `COPY ${schema}.staged_changes (file_id, scope, subject_key, file_row, subject_type, subject) FROM STDIN`,
    encodeCopy(changes, ({ row, scope, subject: { key, type, id } }) => [
      claim.fileId,
      scope,
      key,
      row,
      cleanText(type),
      cleanText(id),
    ]),
  );
}
