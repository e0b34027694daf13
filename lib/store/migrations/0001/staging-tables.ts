import type { MigrationNames } from '../migration.ts';

export function stagingTables({ schema }: MigrationNames): string {
  return `
-- The events of files that become visible only as a whole. Emptied when the file is published or given up.
CREATE TABLE ${schema}.staged_events (
  file_id bigint NOT NULL,
  file_row bigint NOT NULL,
  key uuid NOT NULL,
  time_ms bigint,
  kind text NOT NULL,
  event_type text NOT NULL,
  user_id text,
  device_id text,
  insert_id text NOT NULL,
  body json NOT NULL,
  PRIMARY KEY (file_id, file_row)
);
-- Which of them change properties, and whose.
CREATE TABLE ${schema}.staged_changes (
  file_id bigint NOT NULL,
  scope text NOT NULL CHECK (scope IN ('user', 'group')),
  subject_key uuid NOT NULL,
  file_row bigint NOT NULL,
  subject_type text NOT NULL,
  subject text NOT NULL,
  PRIMARY KEY (file_id, scope, subject_key, file_row)
);
`;
}
