import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { startEmbeddedPostgres } from '../../cli/local/embedded-postgres.ts';

/** A real PostgreSQL of this test process: its own folder and port, gone with `stop`. */
export interface PostgresServer {
  /** A new, empty database on it. */
  createDatabase(): Promise<TestDatabase>;
  /** Ends every session as an administrator would, and comes back on the same port. Not on a given server. */
  restart(): Promise<void>;
  /** False: a server that was given by URL, which tests must not stop. */
  readonly ours: boolean;
  readonly port: number;
  stop(): Promise<void>;
}

export interface TestDatabase {
  readonly url: string;
  /** As the administrator. */
  sql<Row extends pg.QueryResultRow = pg.QueryResultRow>(
    text: string,
    values?: readonly unknown[],
  ): Promise<Row[]>;
  /** A new role without any right, and the same database for it. */
  createRole(): Promise<TestRole>;
}

export interface TestRole {
  readonly name: string;
  readonly url: string;
}

/** Looks like a URL's other parts where it is not encoded. */
const password = 'p@ss/word:of the%test';

/** Nothing of a test outlives its process, so the disk need not be waited for. Deadlocks are told at once. */
const settings = {
  fsync: 'off',
  max_connections: '100',
  shared_buffers: '64MB',
  deadlock_timeout: '200ms',
};

/** Starts one, or uses the one that `MILLRACE_TEST_POSTGRES_URL` names (an administrator of it). */
export async function startPostgres(): Promise<PostgresServer> {
  const given = process.env['MILLRACE_TEST_POSTGRES_URL'];
  if (given !== undefined && given !== '') return useGiven(given);
  const folder = await mkdtemp(join(tmpdir(), 'millrace-postgres-'));
  const remove = async (): Promise<void> => {
    await rm(folder, { recursive: true, force: true });
  };
  const server = await startEmbeddedPostgres({ folder, password, settings }).catch(async (error: unknown) => {
    await remove();
    throw error;
  });
  return {
    ours: true,
    port: Number(new URL(server.url).port),
    createDatabase: async () => await createDatabase(server.url, []),
    restart: async () => {
      await server.restart();
    },
    stop: async () => {
      await server.stop();
      await remove();
    },
  };
}

function useGiven(adminUrl: string): PostgresServer {
  const made: string[] = [];
  const roles: string[] = [];
  return {
    ours: false,
    port: Number(new URL(adminUrl).port || 5432),
    createDatabase: async () => {
      const database = await createDatabase(adminUrl, roles);
      made.push(new URL(database.url).pathname.slice(1));
      return database;
    },
    restart: async () => await Promise.reject(new Error('a given server is not restarted')),
    stop: async () => {
      for (const name of made) await runSql(adminUrl, `DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
      for (const role of roles) await runSql(adminUrl, `DROP ROLE IF EXISTS ${role}`);
    },
  };
}

async function createDatabase(adminUrl: string, rolesMade: string[]): Promise<TestDatabase> {
  const name = `millrace_${randomUUID().replaceAll('-', '')}`;
  await runSql(adminUrl, `CREATE DATABASE ${name} ENCODING 'UTF8' TEMPLATE template0`);
  const url = new URL(adminUrl);
  url.pathname = `/${name}`;
  return {
    url: url.href,
    sql: async (text, values) => await runSql(url.href, text, values),
    createRole: async () => {
      const role = `role_${randomUUID().replaceAll('-', '')}`;
      const secret = randomUUID();
      await runSql(adminUrl, `CREATE ROLE ${role} LOGIN PASSWORD '${secret}'`);
      rolesMade.push(role);
      const other = new URL(url);
      other.username = role;
      other.password = secret;
      return { name: role, url: other.href };
    },
  };
}

async function runSql<Row extends pg.QueryResultRow>(
  url: string,
  text: string,
  values: readonly unknown[] = [],
): Promise<Row[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query<Row>(text, [...values])).rows;
  } finally {
    await client.end();
  }
}
