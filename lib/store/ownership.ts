import { TerminalError } from '../errors.ts';
import type { Database, Transaction } from './database.ts';
import type { OwnerIdentity, Ownership, OwnershipResult } from './types.ts';

interface OwnerRow {
  readonly same: boolean;
  readonly organization_id: string;
  readonly silent_ms: number;
}

export function createOwnership(database: Database): Ownership {
  const s = database.schema;
  return {
    hold: async (identity, livenessMs) =>
      await database.transaction(async (tx) => {
        const first = await tx.execute(
          `INSERT INTO ${s}.owner (installation_id, namespace, name, organization_id, alive_at)
           VALUES ($1, $2, $3, $4, clock_timestamp()) ON CONFLICT DO NOTHING`,
          ownerValues(identity),
        );
        if (first === 1) return { kind: 'first' };
        const holder = await readHolder(tx, s, identity);
        const result = judgeHolder(holder, identity, livenessMs, s);
        await tx.query(
          `UPDATE ${s}.owner
           SET installation_id = $1, namespace = $2, name = $3, organization_id = $4, alive_at = clock_timestamp()`,
          ownerValues(identity),
        );
        return result;
      }),
    resign: async (identity) => {
      await database.query(
        `UPDATE ${s}.owner SET alive_at = 'epoch'
         WHERE (installation_id, namespace, name, organization_id) = ($1, $2, $3, $4)`,
        ownerValues(identity),
      );
    },
    takeEpoch: async (leader) => {
      const [row] = await database.query<{ epoch: number }>(
        `UPDATE ${s}.leader SET epoch = epoch + 1, holder = $1, taken_at = clock_timestamp() RETURNING epoch`,
        [leader],
      );
      if (row === undefined) throw missingLeaderRow(s);
      return row.epoch;
    },
  };
}

function ownerValues(identity: OwnerIdentity): readonly string[] {
  return [identity.installationId, identity.namespace, identity.name, identity.organizationId];
}

async function readHolder(
  tx: Transaction,
  schema: string,
  identity: OwnerIdentity,
): Promise<OwnerRow | undefined> {
  const [holder] = await tx.query<OwnerRow>(
    `SELECT (installation_id, namespace, name) = ($1, $2, $3) AS same, organization_id,
            extract(epoch FROM clock_timestamp() - alive_at)::float8 * 1000 AS silent_ms
     FROM ${schema}.owner FOR UPDATE`,
    ownerValues(identity).slice(0, 3),
  );
  return holder;
}

function judgeHolder(
  holder: OwnerRow | undefined,
  identity: OwnerIdentity,
  livenessMs: number,
  schema: string,
): OwnershipResult {
  if (holder === undefined || holder.organization_id !== identity.organizationId) {
    throw conflicting(schema, 'belongs to another organization, for good: choose another schema or database');
  }
  if (holder.same) return { kind: 'held' };
  if (holder.silent_ms <= livenessMs) {
    const seconds = String(Math.round(livenessMs / 1000));
    throw conflicting(
      schema,
      `is in use by another EventStore, whose operator has shown life within the last ${seconds} s: choose another schema, or delete that EventStore first. If that operator was ended for good, this one takes its place by itself within ${seconds} s; the same installation, in the local mode the same --state, goes on at once`,
    );
  }
  return { kind: 'takenOver', silentMs: Math.round(holder.silent_ms) };
}

function conflicting(schema: string, why: string): TerminalError {
  return new TerminalError({ reason: 'ConflictingResource', message: `The schema ${schema} ${why}.` });
}

function missingLeaderRow(schema: string): TerminalError {
  return new TerminalError({
    reason: 'StoreError',
    message: `The table ${schema}.leader has lost its row.`,
    cure: "Insert (true, 0, '', now()) again.",
  });
}
