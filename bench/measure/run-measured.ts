import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** Of a process from its start to its end. */
export interface Usage {
  /** User and system, all threads. */
  readonly cpuMs: number;
  readonly peakMiB: number;
  /** Without the start of Node itself. */
  readonly wallMs: number;
}

export const usageVariable = 'MILLRACE_BENCH_USAGE';

const preload = new URL('usage-at-exit.ts', import.meta.url).href;

export interface MeasuredProgram {
  /** From the checkout's root, e.g. `worker/main.ts`. */
  readonly program: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** An existing one, for what the process writes down. */
  readonly folder: string;
}

/** Runs a program of this checkout in a process of its own. Its output is shown only if it fails. */
export async function runMeasured({ program, args, env, folder }: MeasuredProgram): Promise<Usage> {
  const usagePath = join(folder, 'usage.json');
  const root = new URL('../../', import.meta.url);
  const child = spawn(process.execPath, ['--import', preload, program, ...args], {
    cwd: root,
    env: { ...process.env, ...env, [usageVariable]: usagePath },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const output: string[] = [];
  const keep = (chunk: Buffer): void => {
    output.push(chunk.toString());
    if (output.length > 200) output.shift();
  };
  child.stdout.on('data', keep);
  child.stderr.on('data', keep);
  const [code] = (await once(child, 'close')) as [number | null];
  if (code !== 0) throw new Error(`${program} ended with ${String(code)}:\n${output.join('')}`);
  return JSON.parse(await readFile(usagePath, 'utf8')) as Usage;
}
