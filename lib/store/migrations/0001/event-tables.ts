import type { MigrationNames } from '../migration.ts';

export function eventKeysTable({ schema, literal }: MigrationNames): string {
  return `
-- One row for each id of an event: what makes an event be stored once, across files, days and workers.
CREATE TABLE ${schema}.event_keys (
  key uuid NOT NULL PRIMARY KEY,
  first_seen timestamptz NOT NULL
) PARTITION BY HASH (key);
DO $do$ BEGIN
  FOR part IN 0..15 LOOP
    EXECUTE format(
      'CREATE TABLE %1$s.%2$I PARTITION OF %1$s.event_keys FOR VALUES WITH (MODULUS 16, REMAINDER %3$s)',
      ${literal(schema)}, 'event_keys_' || to_char(part, 'FM00'), part);
  END LOOP;
END $do$;
CREATE INDEX event_keys_by_time ON ${schema}.event_keys USING brin (first_seen);
`;
}

export function eventsTable({ schema }: MigrationNames): string {
  return `
-- The events, by day of arrival (UTC). Identify and Group Identify calls are kept among them, told by kind.
CREATE TABLE ${schema}.events (
  server_upload_time timestamptz NOT NULL,
  event_time timestamptz NOT NULL,
  source_id bigint NOT NULL,
  file_id bigint NOT NULL,
  file_row bigint NOT NULL,
  event_key uuid NOT NULL,
  kind text NOT NULL,
  project_id text NOT NULL,
  event_type text NOT NULL,
  user_id text,
  device_id text,
  insert_id text NOT NULL,
  -- The whole event. Not jsonb: the server's work on that is half of the cost of loading.
  body json NOT NULL
) PARTITION BY RANGE (server_upload_time);
CREATE INDEX events_by_arrival ON ${schema}.events USING brin (server_upload_time) WITH (pages_per_range = 32);
`;
}

export function propertyTables({ schema }: MigrationNames): string {
  return `
-- What is known of users and groups. subject_key is a hash of the three columns after it.
CREATE TABLE ${schema}.user_properties (
  subject_key uuid PRIMARY KEY,
  project_id text NOT NULL,
  -- 'user' or 'device'
  subject_type text NOT NULL,
  subject text NOT NULL,
  properties jsonb NOT NULL DEFAULT '{}',
  updated_at timestamptz NOT NULL
);
CREATE TABLE ${schema}.group_properties (
  subject_key uuid PRIMARY KEY,
  project_id text NOT NULL,
  -- The group type.
  subject_type text NOT NULL,
  subject text NOT NULL,
  properties jsonb NOT NULL DEFAULT '{}',
  updated_at timestamptz NOT NULL
);
-- What an unfinished file has changed of them, so that it can be taken back. Goes when the file is done.
CREATE TABLE ${schema}.property_changes (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  file_id bigint NOT NULL,
  scope text NOT NULL CHECK (scope IN ('user', 'group')),
  subject_key uuid NOT NULL,
  changes jsonb NOT NULL
);
CREATE INDEX property_changes_by_file ON ${schema}.property_changes (file_id, id);
`;
}
