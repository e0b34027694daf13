import { messageOf, TerminalError } from '../errors.ts';
import { parseConnectionUrl } from './connection-url.ts';
import { grantTo } from './grants.ts';
import { openDatabase, type Database, type Transaction } from './database.ts';
import type { Migration, MigrationNames } from './migrations/migration.ts';
import { migrations } from './migrations/migrations.ts';
import { quoteLiteral, quoteIdentifier } from './quoting.ts';
import { checkServer, readSchemaState } from './server-checks.ts';
import type { MigrateOptions, MigrationResult, StoreDeps } from './types.ts';

/** A step may rewrite much, and another replica waits for as long. */
const migrationTimeoutMs = 3_600_000;

/**
 * Makes the schema, or brings it to the version of this code. All missing steps go in one transaction under
 * an advisory lock, so several replicas may call it at once, and a step that fails leaves nothing behind.
 * A schema that is newer and says that this code may work on it is left alone.
 */
export async function migrateStore(options: MigrateOptions, deps: StoreDeps): Promise<MigrationResult> {
  return await runMigrations(options, deps, migrations);
}

/** As `migrateStore`, over a given list of steps. */
export async function runMigrations(
  options: MigrateOptions,
  deps: StoreDeps,
  steps: readonly Migration[],
): Promise<MigrationResult> {
  const database = openDatabase(
    parseConnectionUrl(options.ownerUrl ?? options.url, options.caPem),
    options,
    deps,
  );
  try {
    const serverVersion = await checkServer(database);
    const role = options.ownerUrl === undefined ? undefined : await currentRole(options, deps);
    return await database.transaction(
      async (tx) => {
        const result = await applySteps(tx, options.schema, steps);
        if (role !== undefined) await grantTo(tx, database.schema, role);
        return { ...result, serverVersion };
      },
      { timeoutMs: migrationTimeoutMs },
    );
  } finally {
    await database.close();
  }
}

async function currentRole(options: MigrateOptions, deps: StoreDeps): Promise<string> {
  const database: Database = openDatabase(parseConnectionUrl(options.url, options.caPem), options, deps);
  try {
    const [row] = await database.query<{ role: string }>('SELECT current_user AS role');
    return row?.role ?? '';
  } finally {
    await database.close();
  }
}

async function applySteps(
  tx: Transaction,
  schemaName: string,
  steps: readonly Migration[],
): Promise<Omit<MigrationResult, 'serverVersion'>> {
  const names = migrationNames(schemaName);
  await tx.query('SELECT pg_advisory_xact_lock(hashtextextended($1, 0))', [`${names.lockPrefix}:migrate`]);
  await prepare(tx, names.schema);
  const { version: from } = await readSchemaState(tx, names.schema);
  for (const [index, step] of steps.entries()) {
    if (index < from) continue;
    await applyStep(tx, names, step);
    await tx.query(
      `INSERT INTO ${names.schema}.migrations (version, name, oldest_code) VALUES ($1, $2, $3)`,
      [index + 1, step.name, step.oldestCode],
    );
  }
  return { from, to: Math.max(from, steps.length) };
}

function migrationNames(schemaName: string): MigrationNames {
  return { schema: quoteIdentifier(schemaName), literal: quoteLiteral, lockPrefix: `millrace:${schemaName}` };
}

/** Asked before created: a role without the right to create may still run over a schema that is there. */
async function prepare(tx: Transaction, schema: string): Promise<void> {
  const [there] = await tx.query<{ schema: boolean; table: boolean }>(
    `SELECT to_regnamespace($1) IS NOT NULL AS schema, to_regclass($2) IS NOT NULL AS table`,
    [schema, `${schema}.migrations`],
  );
  if (there?.schema !== true) await tx.query(`CREATE SCHEMA ${schema}`);
  if (there?.table === true) return;
  await tx.query(
    `CREATE TABLE ${schema}.migrations (
       version integer PRIMARY KEY,
       name text NOT NULL,
       -- The oldest version of the code that may work on the schema from here on.
       oldest_code integer NOT NULL,
       applied_at timestamptz NOT NULL DEFAULT now()
     )`,
  );
}

async function applyStep(tx: Transaction, names: MigrationNames, step: Migration): Promise<void> {
  try {
    await tx.query(step.sql(names));
  } catch (error) {
    if (!isMistake(error)) throw error;
    throw new TerminalError({
      reason: 'MigrationFailed',
      message: `The step "${step.name}" of the schema ${names.schema} failed and was rolled back: ${messageOf(error)}.`,
      cause: error,
    });
  }
}

/** The server refused the statements themselves (class 42: names and syntax), but not for want of a right. */
function isMistake(error: unknown): boolean {
  if (!(error instanceof Error) || !('code' in error) || typeof error.code !== 'string') return false;
  return error.code.startsWith('42') && error.code !== '42501';
}
