import { cleanText } from '../clean-text.ts';
import { encodeCopy } from '../copy.ts';
import type { LoadedEvent, LoadTarget } from '../types.ts';
import type { BatchContext } from './commit-batch.ts';
import { changesProperties, scopeOf, stepsOf, subjectsOf } from './property-subjects.ts';
import { stageRow } from './staged-event.ts';

/** Puts events where nobody sees them, with whose properties they will change. */
export async function stageEvents(
  { tx, schema, claim }: BatchContext,
  target: LoadTarget,
  events: readonly LoadedEvent[],
): Promise<void> {
  if (events.length === 0) return;
  await tx.copy(
    `COPY ${schema}.staged_events
       (file_id, key, time_ms, file_row, kind, event_type, user_id, device_id, insert_id, body) FROM STDIN`,
    encodeCopy(events, (loaded) => [claim.fileId, ...stageRow(target, loaded)]),
  );
  const changing = events.filter((loaded) => changesProperties(loaded) && stepsOf(loaded.event).length > 0);
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
