import type { MigrationNames } from '../migration.ts';

export function arrivalFunctions({ schema, literal, lockPrefix }: MigrationNames): string {
  return `
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
`;
}

export function makePartitionsFunction({ schema, literal, lockPrefix }: MigrationNames): string {
  return `
-- Makes the partitions of \`days\` days from \`first_day\` on, and answers how many were missing. Runs with the
-- rights of the tables' owner, so that the role of the operator and of the workers need not own them.
-- A table is attached, not created in place, since that does not wait for writers nor hold them up.
CREATE FUNCTION ${schema}.make_partitions(first_day date, days integer) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET timezone = 'UTC' AS $f$
DECLARE
  day date;
  parent text;
  partition text;
  made integer := 0;
BEGIN
  PERFORM pg_advisory_xact_lock(hashtextextended(${literal(`${lockPrefix}:partitions`)}, 0));
  FOR i IN 0 .. least(days, 400) - 1 LOOP
    day := first_day + i;
    FOREACH parent IN ARRAY ARRAY['events', 'rejects'] LOOP
      partition := format('%s.%I', ${literal(schema)}, parent || '_' || to_char(day, 'YYYYMMDD'));
      CONTINUE WHEN to_regclass(partition) IS NOT NULL;
      EXECUTE format('CREATE TABLE %s (LIKE %s.%I INCLUDING ALL)', partition, ${literal(schema)}, parent);
      EXECUTE format('ALTER TABLE %s.%I ATTACH PARTITION %s FOR VALUES FROM (%L) TO (%L)',
        ${literal(schema)}, parent, partition, day::timestamptz, (day + 1)::timestamptz);
      made := made + 1;
    END LOOP;
  END LOOP;
  RETURN made;
END $f$;
`;
}

export function dropPartitionFunction({ schema, literal }: MigrationNames): string {
  return `
-- Drops the oldest partition of \`parent\` (events or rejects) if it ends at or before \`before\`. Answers 1 if it
-- did, 0 if there was none, and -1 if the table was in use for 3 s: whoever comes while this waits has to wait
-- behind it.
CREATE FUNCTION ${schema}.drop_partition(parent text, before date) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET lock_timeout = '3s' AS $f$
DECLARE
  oldest text;
BEGIN
  IF parent NOT IN ('events', 'rejects') THEN
    RAISE EXCEPTION 'no partitions of % are dropped', parent;
  END IF;
  SELECT c.relname INTO oldest
  FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
  WHERE i.inhparent = to_regclass(format('%s.%I', ${literal(schema)}, parent))
  ORDER BY c.relname LIMIT 1;
  IF oldest IS NULL OR to_date(right(oldest, 8), 'YYYYMMDD') >= before THEN
    RETURN 0;
  END IF;
  EXECUTE format('DROP TABLE %s.%I', ${literal(schema)}, oldest);
  RETURN 1;
EXCEPTION WHEN lock_not_available THEN
  RETURN -1;
END $f$;

REVOKE ALL ON FUNCTION ${schema}.make_partitions(date, integer) FROM PUBLIC;
REVOKE ALL ON FUNCTION ${schema}.drop_partition(text, date) FROM PUBLIC;
`;
}
