import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { projectRoot } from './project-files.ts';

export interface CommandResult {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface CommandSettings {
  readonly stdin?: string | Buffer;
  /** Beside the PATH; nothing else of this process's environment. */
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** Which of the programs in `cli/bin`; default `millrace`. */
  readonly program?: 'millrace' | 'kubectl-millrace';
}

const endsWithinMs = 120_000;

/** Runs `millrace` as a process, as a person would, and waits for its end. */
export async function runMillrace(
  args: readonly string[],
  settings: CommandSettings = {},
): Promise<CommandResult> {
  const program = join(projectRoot, 'cli/bin', `${settings.program ?? 'millrace'}.js`);
  const child = spawn(process.execPath, [program, ...args], {
    cwd: settings.cwd ?? projectRoot,
    env: { PATH: process.env['PATH'], ...settings.env },
    timeout: endsWithinMs,
  });
  const [stdout, stderr]: [Buffer[], Buffer[]] = [[], []];
  child.stdout.on('data', (chunk: Buffer) => stdout.push(chunk));
  child.stderr.on('data', (chunk: Buffer) => stderr.push(chunk));
  // A command that does not read its input to the end closes it.
  child.stdin.on('error', () => {});
  child.stdin.end(settings.stdin ?? '');
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  return { code, stdout: Buffer.concat(stdout).toString(), stderr: Buffer.concat(stderr).toString() };
}
