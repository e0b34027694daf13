import type { MigrationNames } from '../migration.ts';

export function ownerTables({ schema }: MigrationNames): string {
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
`;
}
