import { createHash } from 'node:crypto';
import { TerminalError } from '../errors.ts';
import type { Database, Transaction } from './database.ts';
import { assertLeader } from './assert-leader.ts';
import type { Conversion, ConversionInput, SourceIdentity, Sources } from './types.ts';

/** Every method reads first, so that the same world gives no write. */
export function createSources(database: Database): Sources {
  const s = database.schema;
  const wantedTemplate = async (sourceId: number): Promise<string | undefined> => {
    const [row] = await database.query<{ wanted_template: string | null }>(
      `SELECT wanted_template FROM ${s}.sources WHERE id = $1`,
      [sourceId],
    );
    return row?.wanted_template ?? undefined;
  };
  return {
    ensureSource: async (identity, { epoch }) => {
      const known = await findSource(database, identity);
      if (known !== undefined) return known;
      return await database.transaction(async (tx) => {
        await assertLeader(tx, s, epoch);
        return await insertSource(tx, s, identityDigest(identity), identity);
      });
    },
    setWantedTemplate: async (sourceId, templateHash, { epoch }) => {
      if ((await wantedTemplate(sourceId)) === templateHash) return;
      await database.transaction(async (tx) => {
        await assertLeader(tx, s, epoch);
        await tx.query(`UPDATE ${s}.sources SET wanted_template = $2 WHERE id = $1`, [
          sourceId,
          templateHash ?? null,
        ]);
      });
    },
    wantedTemplate,
    recordConversion: async (sourceId, conversion, { epoch }) => {
      const newest = await newestConversion(database, s, sourceId);
      if (newest?.digest === conversion.digest) return newest.generation;
      return await database.transaction(async (tx) => {
        await assertLeader(tx, s, epoch);
        return await insertConversion(tx, s, sourceId, conversion);
      });
    },
    conversion: async (sourceId, generation) => {
      const [row] = await database.query<Conversion>(
        `SELECT generation, digest, kind, document FROM ${s}.conversions WHERE source_id = $1 AND generation = $2`,
        [sourceId, generation],
      );
      return row;
    },
  };
}

/** The ledger of this identity, if there is one. */
export async function findSource(database: Database, identity: SourceIdentity): Promise<number | undefined> {
  const [known] = await database.query<{ id: number }>(
    `SELECT id FROM ${database.schema}.sources WHERE identity_digest = $1`,
    [identityDigest(identity)],
  );
  return known?.id;
}

function identityDigest(identity: SourceIdentity): string {
  const { namespace, ledgerName, endpoint, bucket, prefix, projectId, destination } = identity;
  const parts = [namespace, ledgerName, endpoint, bucket, prefix, projectId, destination];
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex');
}

async function insertSource(
  tx: Transaction,
  schema: string,
  digest: string,
  identity: SourceIdentity,
): Promise<number> {
  const { namespace, ledgerName, endpoint, bucket, prefix, projectId, destination } = identity;
  await tx.query(
    `INSERT INTO ${schema}.sources
       (identity_digest, namespace, ledger_name, endpoint, bucket, prefix, project_id, destination)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (identity_digest) DO NOTHING`,
    [digest, namespace, ledgerName, endpoint, bucket, prefix, projectId, destination],
  );
  const [row] = await tx.query<{ id: number }>(
    `SELECT id FROM ${schema}.sources WHERE identity_digest = $1`,
    [digest],
  );
  return row?.id ?? 0;
}

async function newestConversion(
  reader: Pick<Transaction, 'query'>,
  schema: string,
  sourceId: number,
): Promise<{ readonly generation: number; readonly digest: string } | undefined> {
  const [row] = await reader.query<{ generation: number; digest: string }>(
    `SELECT generation, digest FROM ${schema}.conversions WHERE source_id = $1 ORDER BY generation DESC LIMIT 1`,
    [sourceId],
  );
  return row;
}

/** The source's row is locked, so that generations of one source are made one after another. */
async function insertConversion(
  tx: Transaction,
  schema: string,
  sourceId: number,
  conversion: ConversionInput,
): Promise<number> {
  const [source] = await tx.query(`SELECT id FROM ${schema}.sources WHERE id = $1 FOR NO KEY UPDATE`, [
    sourceId,
  ]);
  if (source === undefined) throw unknownSource(sourceId);
  const newest = await newestConversion(tx, schema, sourceId);
  if (newest?.digest === conversion.digest) return newest.generation;
  const generation = (newest?.generation ?? 0) + 1;
  await tx.query(
    `INSERT INTO ${schema}.conversions (source_id, generation, digest, kind, document) VALUES ($1, $2, $3, $4, $5)`,
    [sourceId, generation, conversion.digest, conversion.kind, conversion.document],
  );
  return generation;
}

function unknownSource(sourceId: number): TerminalError {
  return new TerminalError({
    reason: 'StoreError',
    message: `The ledger has no source ${String(sourceId)}: it was made in another database, or this one was restored from before.`,
  });
}
