import type { MigrationNames } from '../migration.ts';

export function sourceTables({ schema }: MigrationNames): string {
  return `
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
`;
}

export function listingTable({ schema }: MigrationNames): string {
  return `
-- Where the listing of a source stands. pass_kind IS NULL: no pass is under way.
CREATE TABLE ${schema}.listings (
  source_id bigint PRIMARY KEY REFERENCES ${schema}.sources,
  pass bigint NOT NULL,
  pass_kind text CHECK (pass_kind IN ('full', 'tail')),
  started_at timestamptz NOT NULL,
  start_after text COLLATE "C",
  seen bigint NOT NULL,
  -- How many objects of the pass were what: words and counts of the operator's.
  tally jsonb NOT NULL,
  -- The greatest key that a listing has ever met: a tail pass begins behind it.
  greatest_key text COLLATE "C",
  last_full_at timestamptz,
  last_full_seen bigint,
  last_full_tally jsonb,
  last_finished_at timestamptz
) WITH (fillfactor = 50);
`;
}

export function runsTable({ schema }: MigrationNames): string {
  return `
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
`;
}
