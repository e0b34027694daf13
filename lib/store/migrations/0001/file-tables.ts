import type { MigrationNames } from '../migration.ts';

export function filesTable({ schema }: MigrationNames): string {
  return `
-- One row a file, kept for good. Indexed columns stay as they are while a file is worked on, so that the
-- updates of heartbeats and progress touch no index.
CREATE TABLE ${schema}.files (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  source_id bigint NOT NULL REFERENCES ${schema}.sources,
  size bigint NOT NULL,
  last_modified timestamptz NOT NULL,
  found_at timestamptz NOT NULL DEFAULT now(),
  generation integer NOT NULL,
  state text NOT NULL DEFAULT 'found' CHECK (state IN ('found', 'claimed', 'done', 'failed')),
  key text COLLATE "C" NOT NULL,
  etag text NOT NULL,
  version_id text,
  storage_class text,
  found_by text NOT NULL,
  -- The claim. The token stays when the claim ends, so that an ending whose answer was lost is recognised.
  claim_token uuid,
  claimant text,
  -- The place in a Job that the claimant fills: whoever fills it next has the right to its claims.
  claimant_slot text,
  claim_deadline timestamptz,
  -- When the attempt under way was charged.
  opened_at timestamptz,
  attempts integer NOT NULL DEFAULT 0,
  -- How many claims ran out after the file was opened.
  crashes integer NOT NULL DEFAULT 0,
  due_at timestamptz NOT NULL DEFAULT '-infinity',
  -- What is committed of it.
  committed_rows bigint NOT NULL DEFAULT 0,
  imported bigint NOT NULL DEFAULT 0,
  duplicate bigint NOT NULL DEFAULT 0,
  skipped bigint NOT NULL DEFAULT 0,
  rejected bigint NOT NULL DEFAULT 0,
  -- Its events are on the stage, and none is visible before all are.
  staged boolean NOT NULL DEFAULT false,
  first_stamp timestamptz, -- The times of arrival of its events and rejects: the first
  last_stamp timestamptz, -- and the last.
  -- The counts of the last batch, so that one whose answer was lost is recognised and answered alike.
  last_batch jsonb,
  finished_at timestamptz,
  overwritten_etag text,
  reason text,
  message text,
  cure text,
  UNIQUE (source_id, key)
) WITH (fillfactor = 80);
`;
}

export function filesIndexes({ schema }: MigrationNames): string {
  return `
CREATE INDEX files_waiting ON ${schema}.files (source_id, last_modified, id) WHERE state = 'found';
CREATE INDEX files_claimed ON ${schema}.files (source_id) WHERE state = 'claimed';
CREATE INDEX files_done ON ${schema}.files (source_id, finished_at) WHERE state = 'done';
CREATE INDEX files_failed ON ${schema}.files (source_id, finished_at) WHERE state = 'failed';
`;
}

export function countersTable({ schema }: MigrationNames): string {
  return `
-- The sums of a source, spread over slots so that workers do not wait for one another's row.
CREATE TABLE ${schema}.source_counters (
  source_id bigint NOT NULL REFERENCES ${schema}.sources,
  slot smallint NOT NULL,
  files_found bigint NOT NULL DEFAULT 0,
  files_done bigint NOT NULL DEFAULT 0,
  files_failed bigint NOT NULL DEFAULT 0,
  files_overwritten bigint NOT NULL DEFAULT 0,
  imported bigint NOT NULL DEFAULT 0,
  duplicate bigint NOT NULL DEFAULT 0,
  skipped bigint NOT NULL DEFAULT 0,
  rejected bigint NOT NULL DEFAULT 0,
  PRIMARY KEY (source_id, slot)
) WITH (fillfactor = 50);
`;
}

export function rejectsTable({ schema, literal }: MigrationNames): string {
  return `
-- By day of arrival (UTC), as the events are. The id is of a sequence by name: before version 17 a table with
-- partitions can have no identity column.
CREATE SEQUENCE ${schema}.reject_ids;
CREATE TABLE ${schema}.rejects (
  id bigint NOT NULL DEFAULT nextval(${literal(`${schema}.reject_ids`)}),
  source_id bigint NOT NULL,
  file_id bigint NOT NULL,
  file_row bigint NOT NULL,
  byte_offset bigint NOT NULL,
  at timestamptz NOT NULL,
  column_name text,
  reason text NOT NULL,
  raw text NOT NULL
) PARTITION BY RANGE (at);
CREATE INDEX rejects_by_source ON ${schema}.rejects (source_id, id);
CREATE INDEX rejects_by_file ON ${schema}.rejects (file_id);
`;
}
