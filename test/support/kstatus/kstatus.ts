import { execFile } from 'node:child_process';
import { access, constants, mkdir, mkdtemp, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { digestOf } from '../../../lib/digest.ts';
import { cacheRoot } from '../control-plane/install.ts';

export interface Verdict {
  readonly status: 'InProgress' | 'Failed' | 'Current' | 'Terminating' | 'NotFound' | 'Unknown';
  readonly message: string;
}

const source = join(import.meta.dirname, 'build');

/** What kstatus itself, the Go library, says of the objects. Built with Go at the first call, then kept in the cache. */
export async function judgeByKstatus(objects: readonly object[]): Promise<readonly Verdict[]> {
  const program = await buildOnce();
  const run = promisify(execFile)(program, { maxBuffer: 64 * 2 ** 20 });
  run.child.stdin?.end(JSON.stringify(objects));
  return JSON.parse((await run).stdout) as Verdict[];
}

/** For the `skip` of a suite: why it cannot be had here, unless `CI` asks for a failure instead. */
export async function reasonWithoutKstatus(): Promise<string | false> {
  if (process.env['CI'] === 'true' || (await isProgram(await cachePath()))) return false;
  const hasGo = await promisify(execFile)('go', ['version']).then(
    () => true,
    () => false,
  );
  return hasGo ? false : 'kstatus is a library of Go, and there is no Go on the PATH';
}

/** By what it is built from. */
async function cachePath(): Promise<string> {
  const files = await Promise.all(['go.mod', 'main.go'].map((name) => readFile(join(source, name), 'utf8')));
  return join(cacheRoot(), `kstatus-${digestOf(files).slice(0, 12)}`, 'kstatus');
}

/** Built beside its place and then moved there, so that nobody ever runs half of it. */
async function buildOnce(): Promise<string> {
  const target = await cachePath();
  if (await isProgram(target)) return target;
  const folder = join(target, '..');
  await mkdir(folder, { recursive: true });
  const scratch = await mkdtemp(join(folder, 'build-'));
  try {
    const output = join(scratch, 'kstatus');
    await promisify(execFile)('go', ['build', '-trimpath', '-buildvcs=false', '-o', output, '.'], {
      cwd: source,
    });
    await rename(output, target);
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
  return target;
}

async function isProgram(path: string): Promise<boolean> {
  return await access(path, constants.X_OK).then(
    () => true,
    () => false,
  );
}
