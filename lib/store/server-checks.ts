import { TerminalError, TransientError } from '../errors.ts';
import type { Database, Transaction } from './database.ts';
import { schemaVersion } from './migrations/migrations.ts';

const oldestServer = 140_000;

/** Rejects unless the server is one that a store can be in; answers its version for people. */
export async function checkServer(database: Database): Promise<string> {
  const [server] = await database.query<{
    version: number;
    shown: string;
    encoding: string;
    readonly: boolean;
  }>(
    `SELECT current_setting('server_version_num')::int AS version,
            split_part(current_setting('server_version'), ' ', 1) AS shown,
            current_setting('server_encoding') AS encoding,
            pg_is_in_recovery() OR current_setting('default_transaction_read_only')::bool AS readonly`,
  );
  if (server === undefined) return '';
  const { label } = database;
  if (server.version < oldestServer) {
    throw new TerminalError({
      reason: 'StoreTooOld',
      message: `${label} is version ${server.shown}; version 14 or newer is needed.`,
    });
  }
  if (server.encoding !== 'UTF8') {
    throw new TerminalError({
      reason: 'StoreError',
      message: `${label} keeps text as ${server.encoding}.`,
      cure: "Create the database with ENCODING 'UTF8'.",
    });
  }
  if (server.readonly) {
    throw new TransientError({
      reason: 'StoreReadOnly',
      message: `${label} takes no writes: it is a standby, or default_transaction_read_only is on.`,
    });
  }
  return server.shown;
}

export interface SchemaState {
  /** 0: no step was applied. */
  readonly version: number;
  /** The oldest version of the code that may work on it. */
  readonly oldestCode: number;
}

export async function readSchemaState(
  reader: Pick<Transaction, 'query'>,
  schema: string,
): Promise<SchemaState> {
  const [row] = await reader.query<{ version: number; oldest: number }>(
    `SELECT coalesce(max(version), 0) AS version, coalesce(max(oldest_code), 0) AS oldest FROM ${schema}.migrations`,
  );
  return { version: row?.version ?? 0, oldestCode: row?.oldest ?? 0 };
}

/** Rejects unless this code may work on the schema: at its version, or newer and made to bear older code. */
export async function checkSchema(database: Database): Promise<void> {
  const state = await readSchemaState(database, database.schema);
  const of = `The schema ${database.schema} of ${database.label}`;
  if (state.version < schemaVersion) {
    throw new TerminalError({
      reason: 'StoreNotMigrated',
      message: `${of} is at version ${String(state.version)}, and this release needs ${String(schemaVersion)}: the operator migrates it.`,
    });
  }
  if (state.oldestCode > schemaVersion) {
    throw new TerminalError({
      reason: 'SchemaTooNew',
      message: `${of} is at version ${String(state.version)}, which a release that knows version ${String(schemaVersion)} cannot work on: run the newer release.`,
    });
  }
}
