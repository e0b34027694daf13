import type { MigrationNames } from './migration.ts';

/**
 * The first tables. Rules of all migrations: they only expand (a worker of the version before goes on beside
 * them); what is no longer used goes one version later.
 */
export function createStore({ schema, literal, lockPrefix }: MigrationNames): string {
  return `
-- The EventStore object that this schema belongs to, and the leader among the replicas of its operator.
CREATE TABLE ${schema}.owner (
  one boolean PRIMARY KEY DEFAULT true CHECK (one),
  installation_id text NOT NULL,
  namespace text NOT NULL,
  name text NOT NULL,
  organization_id text NOT NULL,
  alive_at timestamptz NOT NULL
);
CREATE TABLE ${schema}.leader (
  one boolean PRIMARY KEY DEFAULT true CHECK (one),
  epoch bigint NOT NULL,
  holder text NOT NULL,
  taken_at timestamptz NOT NULL
);
INSERT INTO ${schema}.leader VALUES (true, 0, '', now());

CREATE TABLE ${schema}.sources (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  -- Of the columns that follow: together they may be longer than an index takes.
  identity_digest text NOT NULL UNIQUE,
  namespace text NOT NULL,
  ledger_name text NOT NULL,
  endpoint text NOT NULL,
  bucket text NOT NULL,
  prefix text NOT NULL,
  project_id text NOT NULL,
  destination text NOT NULL,
  -- Workers of another template claim nothing; NULL: nobody does.
  wanted_template text,
  created_at timestamptz NOT NULL DEFAULT now()
);
CREATE TABLE ${schema}.conversions (
  source_id bigint NOT NULL REFERENCES ${schema}.sources,
  generation integer NOT NULL,
  digest text NOT NULL,
  kind text NOT NULL,
  document text NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (source_id, generation)
);

-- Where the listing of a source stands. pass_kind IS NULL: no pass is under way.
CREATE TABLE ${schema}.listings (
  source_id bigint PRIMARY KEY REFERENCES ${schema}.sources,
  pass bigint NOT NULL,
  pass_kind text CHECK (pass_kind IN ('full', 'tail')),
  started_at timestamptz NOT NULL,
  start_after text COLLATE "C",
  seen bigint NOT NULL,
  ignored bigint NOT NULL,
  -- The greatest key that a listing has ever met: a tail pass begins behind it.
  greatest_key text COLLATE "C",
  last_full_at timestamptz,
  last_full_seen bigint,
  last_full_ignored bigint,
  last_finished_at timestamptz
) WITH (fillfactor = 50);

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
  -- The first and the last server_upload_time of its events.
  first_stamp timestamptz,
  last_stamp timestamptz,
  -- The counts of the last batch, so that one whose answer was lost is recognised and answered alike.
  last_batch jsonb,
  finished_at timestamptz,
  overwritten_etag text,
  reason text,
  message text,
  cure text,
  UNIQUE (source_id, key)
) WITH (fillfactor = 80);
CREATE INDEX files_waiting ON ${schema}.files (source_id, last_modified, id) WHERE state = 'found';
CREATE INDEX files_claimed ON ${schema}.files (source_id) WHERE state = 'claimed';
CREATE INDEX files_failed ON ${schema}.files (source_id, finished_at) WHERE state = 'failed';

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

CREATE TABLE ${schema}.rejects (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  source_id bigint NOT NULL,
  file_id bigint NOT NULL,
  file_row bigint NOT NULL,
  byte_offset bigint NOT NULL,
  at timestamptz NOT NULL DEFAULT now(),
  column_name text,
  reason text NOT NULL,
  raw text NOT NULL
);
CREATE INDEX rejects_by_source ON ${schema}.rejects (source_id, id);
CREATE INDEX rejects_by_file ON ${schema}.rejects (file_id);
CREATE INDEX rejects_by_time ON ${schema}.rejects USING brin (at);

CREATE TABLE ${schema}.runs (
  source_id bigint NOT NULL REFERENCES ${schema}.sources,
  number integer NOT NULL,
  started_at timestamptz NOT NULL,
  ended_at timestamptz,
  outcome text,
  message text,
  -- The source's sums when the run began and when it ended.
  sums_before jsonb NOT NULL,
  sums_after jsonb,
  PRIMARY KEY (source_id, number)
);
CREATE UNIQUE INDEX runs_open ON ${schema}.runs (source_id) WHERE ended_at IS NULL;

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

-- The lock that stands for an hour of arrival. Writers hold it shared; who closes the hour takes it exclusively.
CREATE FUNCTION ${schema}.hour_lock(hour timestamptz) RETURNS bigint
LANGUAGE sql STABLE AS $f$
  SELECT hashtextextended(${literal(`${lockPrefix}:hour:`)} || extract(epoch FROM hour)::bigint, 0)
$f$;

-- A time of arrival, of an hour that cannot be closed before this transaction has ended.
CREATE FUNCTION ${schema}.take_stamp() RETURNS timestamptz
LANGUAGE plpgsql VOLATILE AS $f$
DECLARE
  hour timestamptz;
  stamp timestamptz;
BEGIN
  LOOP
    hour := date_trunc('hour', clock_timestamp(), 'UTC');
    PERFORM pg_advisory_xact_lock_shared(${schema}.hour_lock(hour));
    stamp := clock_timestamp();
    -- While this waited, the hour may have passed and been closed.
    EXIT WHEN date_trunc('hour', stamp, 'UTC') = hour;
  END LOOP;
  RETURN stamp;
END $f$;

-- Makes the partitions of \`days\` days from \`first_day\` on, and answers how many were missing. Runs with the
-- rights of the tables' owner, so that the role of the operator and of the workers need not own them.
-- A table is attached, not created in place, since that does not wait for writers nor hold them up.
CREATE FUNCTION ${schema}.make_event_partitions(first_day date, days integer) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET timezone = 'UTC' AS $f$
DECLARE
  day date;
  partition text;
  made integer := 0;
BEGIN
  PERFORM pg_advisory_xact_lock(hashtextextended(${literal(`${lockPrefix}:partitions`)}, 0));
  FOR i IN 0 .. least(days, 400) - 1 LOOP
    day := first_day + i;
    partition := format('%s.%I', ${literal(schema)}, 'events_' || to_char(day, 'YYYYMMDD'));
    CONTINUE WHEN to_regclass(partition) IS NOT NULL;
    EXECUTE format('CREATE TABLE %s (LIKE %s.events INCLUDING ALL)', partition, ${literal(schema)});
    EXECUTE format('ALTER TABLE %s.events ATTACH PARTITION %s FOR VALUES FROM (%L) TO (%L)',
      ${literal(schema)}, partition, day::timestamptz, (day + 1)::timestamptz);
    made := made + 1;
  END LOOP;
  RETURN made;
END $f$;

-- Drops the oldest partition if it ends at or before \`before\`. Answers 1 if it did, 0 if there was none, and
-- -1 if the table was in use for 3 s: whoever comes while this waits has to wait behind it.
CREATE FUNCTION ${schema}.drop_event_partition(before date) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET lock_timeout = '3s' AS $f$
DECLARE
  oldest text;
BEGIN
  SELECT c.relname INTO oldest
  FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
  WHERE i.inhparent = to_regclass(${literal(`${schema}.events`)})
  ORDER BY c.relname LIMIT 1;
  IF oldest IS NULL OR to_date(right(oldest, 8), 'YYYYMMDD') >= before THEN
    RETURN 0;
  END IF;
  EXECUTE format('DROP TABLE %s.%I', ${literal(schema)}, oldest);
  RETURN 1;
EXCEPTION WHEN lock_not_available THEN
  RETURN -1;
END $f$;

REVOKE ALL ON FUNCTION ${schema}.make_event_partitions(date, integer) FROM PUBLIC;
REVOKE ALL ON FUNCTION ${schema}.drop_event_partition(date) FROM PUBLIC;
`;
}
