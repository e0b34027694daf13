import pg from 'pg';
import { backoffMs } from '../retry.ts';
import { createGate, type Gate } from './gate.ts';
import { copyIn } from './copy.ts';
import type { ConnectionTarget } from './connection-url.ts';
import { convertStoreError, isConflict } from './errors.ts';
import { quoteIdentifier } from './quoting.ts';
import type { StoreDeps, StoreOptions } from './types.ts';

/** The statements of one transaction. */
export interface Transaction {
  query<Row extends pg.QueryResultRow>(text: string, values?: readonly unknown[]): Promise<readonly Row[]>;
  /** As `query`, for a statement whose rows are not wanted: how many it wrote. */
  execute(text: string, values?: readonly unknown[]): Promise<number>;
  /** `sql` is a `COPY … FROM STDIN`. Answers how many rows went in. */
  copy(sql: string, chunks: Iterable<Buffer>): Promise<number>;
}

export interface TransactionOptions {
  /** Long work. All connections but one may be busy with it at a time, so that heartbeats never wait behind it. */
  readonly bulk?: boolean;
  /** Default: the store's. */
  readonly timeoutMs?: number;
}

/** One PostgreSQL, seen through one schema. Foreign errors end here. */
export interface Database {
  /** The schema's name, quoted for SQL. */
  readonly schema: string;
  /** The server as a message may name it. */
  readonly label: string;
  /** One statement, on its own. */
  query<Row extends pg.QueryResultRow>(text: string, values?: readonly unknown[]): Promise<readonly Row[]>;
  /**
   * Runs `work` between BEGIN and COMMIT. A deadlock or serialization failure rolls back and runs it anew,
   * a bounded number of times, so `work` must have no effect outside the transaction.
   */
  transaction<T>(work: (tx: Transaction) => Promise<T>, options?: TransactionOptions): Promise<T>;
  close(): Promise<void>;
}

const conflictPolicy = { attempts: 8, baseMs: 20, capMs: 2_000 } as const;
const defaultConnectTimeoutMs = 10_000;
const defaultTransactionTimeoutMs = 300_000;
/** A client that fell silent inside a transaction is cut off by the server, so that its locks come free. */
const silentTransactionMs = 60_000;
/** The server is given this much longer than its own limit before the connection is cut from this side. */
const graceMs = 10_000;

export function openDatabase(target: ConnectionTarget, options: StoreOptions, deps: StoreDeps): Database {
  const schema = quoteIdentifier(options.schema);
  const pool = createPool(target, options);
  const bulkGate = createGate(Math.max(1, options.maxConnections - 1));
  const context: Context = {
    pool,
    deps,
    subject: target.label,
    timeoutMs: options.transactionTimeoutMs ?? defaultTransactionTimeoutMs,
  };
  return {
    schema,
    label: target.label,
    query: async <Row extends pg.QueryResultRow>(text: string, values: readonly unknown[] = []) =>
      await withConflictRetry(context, async () => {
        return await withClient(context, context.timeoutMs, async (client) => {
          return (await client.query<Row>(text, [...values])).rows;
        });
      }),
    transaction: async (work, { bulk = false, timeoutMs = context.timeoutMs } = {}) =>
      await throughGate(bulk ? bulkGate : undefined, async () => {
        return await withConflictRetry(context, async () => {
          return await withClient(context, timeoutMs, async (client) => {
            return await runTransaction(client, timeoutMs, work);
          });
        });
      }),
    close: async () => {
      await pool.end();
    },
  };
}

interface Context {
  readonly pool: pg.Pool;
  readonly deps: StoreDeps;
  readonly subject: string;
  readonly timeoutMs: number;
}

function createPool(target: ConnectionTarget, options: StoreOptions): pg.Pool {
  const pool = new pg.Pool({
    host: target.host,
    port: target.port,
    user: target.user,
    password: target.password,
    database: target.database,
    ssl: target.ssl,
    application_name: options.applicationName,
    max: Math.max(2, options.maxConnections),
    connectionTimeoutMillis: options.connectTimeoutMs ?? defaultConnectTimeoutMs,
    idleTimeoutMillis: 30_000,
    keepAlive: true,
    keepAliveInitialDelayMillis: 10_000,
    types: createTypeParsers(),
  });
  // An idle connection that breaks leaves the pool by itself; the next call opens another.
  pool.on('error', () => undefined);
  return pool;
}

/** int8 as number (ids and counts stay far below 2^53), timestamptz as epoch milliseconds. */
function createTypeParsers(): pg.CustomTypesConfig {
  const { INT8, TIMESTAMPTZ } = pg.types.builtins;
  const parseDate = pg.types.getTypeParser(TIMESTAMPTZ, 'text');
  const parsers = new pg.TypeOverrides();
  parsers.setTypeParser(INT8, Number);
  parsers.setTypeParser(TIMESTAMPTZ, (text) => Number(parseDate(text)));
  return parsers;
}

async function throughGate<T>(gate: Gate | undefined, work: () => Promise<T>): Promise<T> {
  return gate === undefined ? await work() : await gate.pass(work);
}

async function withConflictRetry<T>(context: Context, work: () => Promise<T>): Promise<T> {
  for (let failures = 1; ; failures += 1) {
    try {
      return await work();
    } catch (error) {
      if (!isConflict(error) || failures >= conflictPolicy.attempts) {
        throw convertStoreError(error, context.subject);
      }
      await context.deps.clock.sleep(backoffMs(failures, conflictPolicy, context.deps.random));
    }
  }
}

/** Lends a connection; one that broke, or did not answer in time, does not go back to the pool. */
async function withClient<T>(
  context: Context,
  timeoutMs: number,
  work: (client: pg.PoolClient) => Promise<T>,
): Promise<T> {
  const client = await context.pool.connect();
  let broken: Error | undefined;
  const onError = (error: Error): void => {
    broken = error;
  };
  client.on('error', onError);
  const done = new AbortController();
  void context.deps.clock.sleep(timeoutMs + graceMs, done.signal).then(
    async () => {
      broken = new Error('no answer in time');
      await client.end();
    },
    () => undefined,
  );
  try {
    return await work(client);
  } catch (error) {
    if (!(error instanceof pg.DatabaseError) && convertStoreError(error, '') !== error)
      broken ??= error as Error;
    throw error;
  } finally {
    done.abort();
    client.off('error', onError);
    client.release(broken);
  }
}

async function runTransaction<T>(
  client: pg.PoolClient,
  timeoutMs: number,
  work: (tx: Transaction) => Promise<T>,
): Promise<T> {
  await client.query(
    `BEGIN ISOLATION LEVEL READ COMMITTED;
     SET LOCAL statement_timeout = ${String(Math.ceil(timeoutMs))};
     SET LOCAL idle_in_transaction_session_timeout = ${String(silentTransactionMs)}`,
  );
  try {
    const result = await work({
      query: async (text, values = []) => (await client.query(text, [...values])).rows,
      execute: async (text, values = []) => (await client.query(text, [...values])).rowCount ?? 0,
      copy: async (sql, chunks) => await copyIn(client, sql, chunks),
    });
    await client.query('COMMIT');
    return result;
  } catch (error) {
    // On a broken connection this fails as well; the server has rolled back already then.
    await client.query('ROLLBACK').catch(() => undefined);
    throw error;
  }
}
