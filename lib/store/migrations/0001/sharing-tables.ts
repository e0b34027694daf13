import type { MigrationNames } from '../migration.ts';

export function seatsTable({ schema }: MigrationNames): string {
  return `
-- Who has how many of the connections that the workers of this store share. 0: waits for some.
CREATE TABLE ${schema}.connection_seats (
  holder text PRIMARY KEY,
  source_id bigint NOT NULL REFERENCES ${schema}.sources,
  connections integer NOT NULL,
  asked_at timestamptz NOT NULL,
  deadline timestamptz NOT NULL
) WITH (fillfactor = 50);
`;
}

export function ratesTable({ schema }: MigrationNames): string {
  return `
-- Token buckets. spent_until: when all that was reserved so far will have been earned at the bucket's rate.
CREATE TABLE ${schema}.rates (
  scope text PRIMARY KEY,
  spent_until timestamptz NOT NULL
) WITH (fillfactor = 50);

-- Reserves \`tokens\` of several buckets at once, as soon as all of them have some again; each may be ahead of its
-- rate by \`burst\`. \`at\`: when they may be used; NULL: later than after \`patience\`, and nothing is reserved.
CREATE FUNCTION ${schema}.reserve_tokens(
  scopes text[], rates_per_second float8[], tokens float8, burst interval, patience interval,
  OUT at timestamptz, OUT wait interval
) LANGUAGE plpgsql VOLATILE AS $f$
DECLARE
  known integer;
  asked timestamptz;
BEGIN
  LOOP
    PERFORM 1 FROM ${schema}.rates WHERE scope = ANY (scopes) ORDER BY scope FOR UPDATE;
    GET DIAGNOSTICS known = ROW_COUNT;
    EXIT WHEN known = cardinality(scopes);
    INSERT INTO ${schema}.rates SELECT one, '-infinity' FROM unnest(scopes) one ORDER BY one ON CONFLICT DO NOTHING;
  END LOOP;
  asked := clock_timestamp();
  SELECT greatest(asked, max(spent_until) - burst) INTO at FROM ${schema}.rates WHERE scope = ANY (scopes);
  wait := at - asked;
  IF wait > patience THEN
    at := NULL;
    RETURN;
  END IF;
  -- Counted from now, not from then: a slow bucket must not make a quick one wait for it.
  UPDATE ${schema}.rates r SET spent_until = greatest(r.spent_until, asked) + tokens / b.rate * interval '1 second'
  FROM unnest(scopes, rates_per_second) AS b (scope, rate) WHERE r.scope = b.scope;
END $f$;
`;
}
