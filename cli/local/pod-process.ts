import { spawn, type ChildProcess } from 'node:child_process';
import { mkdir, open, rm, writeFile } from 'node:fs/promises';
import { constants } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Writable } from 'node:stream';

import { openPodLog, pruneLogs } from './pod-log.ts';
import type { Container } from './pod.ts';
import type { ContainerEnd } from './pod-status.ts';

export interface ProcessInput {
  readonly container: Container;
  readonly command: readonly [program: string, args: readonly string[]];
  readonly workingDirectory: string;
  readonly environment: Readonly<Record<string, string>>;
  /** All that it writes goes there. */
  readonly logPath: string;
  readonly messagePath: string;
  readonly onLine: ((line: string) => void) | undefined;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

/** A container's process while it runs. */
export interface PodProcess {
  /** Undefined if it could not be started; `ended` says why. */
  readonly pid: number | undefined;
  readonly startedAt: number;
  /** Never rejects. */
  readonly ended: Promise<ContainerEnd>;
  kill(signal: 'SIGTERM' | 'SIGKILL'): void;
}

/** What of a termination message reaches the status of the pod, in bytes. */
const maxMessageBytes = 4096;
/** What of the log stands in for it, where the pod asks for that. */
const maxLogBytes = 2048;
const maxLogLines = 80;
/** Of the pods of a namespace, each in one file or two; the newest. */
const keptLogs = 100;

/** Starts the container's process with exactly the given environment: nothing of ours reaches it otherwise. */
export async function startProcess(input: ProcessInput): Promise<PodProcess> {
  const logs = dirname(input.logPath);
  await mkdir(logs, { recursive: true, mode: 0o700 });
  await pruneLogs(logs, keptLogs - 1);
  await writeFile(input.messagePath, '', { mode: 0o600 });
  const log = openPodLog(input.logPath);
  const [program, args] = input.command;
  const startedAt = input.now();
  const child = spawn(program, args, {
    cwd: input.workingDirectory,
    env: { ...input.environment },
    // Never written to: its end tells the process that this one is gone, however it went.
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  // A process that closes it, or cannot be started, is told by its end.
  child.stdin.on('error', () => {});
  child.stdout.pipe(log, { end: false });
  child.stderr.pipe(log, { end: false });
  if (input.onLine) tellLines(child, input.onLine);
  return {
    pid: child.pid,
    startedAt,
    ended: endOf(child, { ...input, startedAt, log }),
    kill: (signal) => void child.kill(signal),
  };
}

function tellLines(child: ChildProcess, onLine: (line: string) => void): void {
  for (const stream of [child.stdout, child.stderr]) {
    if (stream) createInterface({ input: stream, crlfDelay: Infinity }).on('line', onLine);
  }
}

interface Ending extends ProcessInput {
  readonly startedAt: number;
  readonly log: Writable;
}

async function endOf(child: ChildProcess, ending: Ending): Promise<ContainerEnd> {
  const { code, error } = await new Promise<{ code: number; error?: Error }>((resolve) => {
    child.once('error', (cause) => resolve({ code: 128, error: cause }));
    child.once('close', (exitCode, signal) => resolve({ code: exitCodeOf(exitCode, signal) }));
  });
  await new Promise<void>((resolve) => {
    ending.log.once('close', resolve).end();
  });
  const { startedAt } = ending;
  const finishedAt = ending.now();
  if (error) return { exitCode: code, reason: 'StartError', message: error.message, startedAt, finishedAt };
  const reason = code === 0 ? 'Completed' : 'Error';
  return { exitCode: code, reason, message: await messageOf(code, ending), startedAt, finishedAt };
}

function exitCodeOf(code: number | null, signal: NodeJS.Signals | null): number {
  return code ?? 128 + (signal === null ? 0 : constants.signals[signal]);
}

async function messageOf(code: number, { container, messagePath, logPath }: Ending): Promise<string> {
  const message = await readEnd(messagePath, maxMessageBytes);
  const wantsLog = container.terminationMessagePolicy === 'FallbackToLogsOnError' && code !== 0;
  if (message !== '' || !wantsLog) return message;
  const lines = (await readEnd(logPath, maxLogBytes)).split('\n');
  return lines.slice(-maxLogLines).join('\n');
}

/** The last bytes of a file, cut to whole characters; empty if there is none. */
async function readEnd(path: string, most: number): Promise<string> {
  try {
    await using file = await open(path, 'r');
    const { size } = await file.stat();
    const length = Math.min(size, most);
    const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, size - length);
    const text = buffer.subarray(0, bytesRead);
    const start = size > most ? text.findIndex((byte) => (byte & 0xc0) !== 0x80) : 0;
    return text.subarray(Math.max(start, 0)).toString('utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return '';
    throw error;
  }
}

/** A folder that only the user can open, for what a pod may see; removed with all in it when the pod has ended. */
export async function createPodFolder(
  stateDir: string,
  uid: string,
): Promise<AsyncDisposable & { path: string }> {
  const path = join(stateDir, 'pods', uid);
  await mkdir(path, { recursive: true, mode: 0o700 });
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
}

/** What pods left that were not seen to their end, since this process was killed: their volumes hold Secrets. */
export async function removePodFolders(stateDir: string): Promise<void> {
  await rm(join(stateDir, 'pods'), { recursive: true, force: true });
}
