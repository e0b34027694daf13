/**
 * Server processes that a test starts: they write to files, so that nothing of them keeps the test's process alive, and
 * they die with it, however it dies.
 */

import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';

export interface Server {
  readonly name: string;
  readonly pid: number;
  /** Undefined while it runs. */
  exited(): string | undefined;
  /** The last lines of what it wrote. */
  logTail(): string;
  /** Ends it and waits for that; at once if `signal` is SIGKILL, else with 10 s of grace. */
  stop(signal?: NodeJS.Signals): Promise<void>;
}

export interface ServerGroup {
  start(name: string, command: string, args: readonly string[]): Server;
  /** Ends all servers, the last started first. */
  stop(): Promise<void>;
}

/**
 * Reads process ids from its standard input, which only the test's process holds open. When that closes without the
 * word `done`, the test's process is gone without having cleaned up, and the shell does it: ends the servers, removes
 * the folder.
 */
const WATCHDOG = `
trap '' INT TERM HUP
pids=
while read -r line; do
  [ "$line" = done ] && exit 0
  pids="$pids $line"
done
[ -n "$pids" ] && kill -9 $pids
sleep 0.2
rm -rf -- "$1"
`;

/** @param folder for the logs; removed by the watchdog if the process dies */
export function createServerGroup(folder: string): ServerGroup {
  const watchdog = spawn('sh', ['-c', WATCHDOG, 'watchdog', folder], {
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  watchdog.unref();
  const { stdin } = watchdog;
  // Type of a pipe in fact; a handle that is not let go would keep a test's process from ending.
  (stdin as unknown as { unref(): void }).unref();
  const servers: Server[] = [];

  return {
    start(name, command, args) {
      const server = startServer({ name, command, args, folder });
      stdin.write(`${server.pid}\n`);
      servers.push(server);
      return server;
    },
    async stop() {
      for (const server of servers.toReversed()) await server.stop();
      stdin.end('done\n');
    },
  };
}

interface ServerCommand {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly folder: string;
}

function startServer({ name, command, args, folder }: ServerCommand): Server {
  const logFile = join(folder, `${name}.log`);
  const log = openSync(logFile, 'a');
  const child = spawn(command, args, { cwd: folder, stdio: ['ignore', log, log] });
  closeSync(log);
  child.unref();
  const { pid } = child;
  if (pid === undefined) throw new Error(`${command} could not be started`);
  const logTail = (): string => readFileSync(logFile, 'utf8').trimEnd().split('\n').slice(-20).join('\n');
  return {
    name,
    pid,
    logTail,
    exited: () => exitOf(child),
    stop: (signal = 'SIGTERM') => stopChild(child, signal),
  };
}

function exitOf(child: ChildProcess): string | undefined {
  if (child.exitCode !== null) return `exit code ${child.exitCode}`;
  return child.signalCode ?? undefined;
}

async function stopChild(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (exitOf(child) !== undefined) return;
  child.ref();
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  child.kill(signal);
  const impatience = setTimeout(() => child.kill('SIGKILL'), 10_000);
  await ended;
  clearTimeout(impatience);
}

/**
 * A port on loopback that nobody listens on. Below the range from which the system gives ports to outgoing connections,
 * so that none of those takes it before the server does.
 */
export async function freePort(): Promise<number> {
  for (let attempt = 0; attempt < 100; attempt += 1) {
    const port = 10_000 + Math.floor(Math.random() * 22_000);
    if (await canListen(port)) return port;
  }
  throw new Error('found no free port between 10000 and 32000 on 127.0.0.1');
}

function canListen(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}
