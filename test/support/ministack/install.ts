/**
 * Brings MiniStack, the stand-in for S3, STS and IAM: a virtual environment of Python in the cache, once for each
 * version of the requirements.
 *
 *     node test/support/ministack/install.ts
 */

import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { cacheRoot, withLock } from '../control-plane/install.ts';

const exec = promisify(execFile);
const requirements = join(import.meta.dirname, 'requirements.txt');
const installMs = 10 * 60_000;

/** For the `skip` of a suite: a reason where there is no Python for it, unless `CI` asks for a failure instead. */
export async function reasonToSkipMiniStack(): Promise<string | false> {
  if (process.env['CI'] === 'true' || (await hasPython())) return false;
  return 'no python3 of version 3.11 or newer with venv and ensurepip on this machine';
}

/** The path of the program. A virtual environment cannot be moved, so it is made in its place, under a lock. */
export async function installMiniStack(): Promise<string> {
  const text = await readFile(requirements, 'utf8');
  const version = /^ministack==(\S+)/m.exec(text)?.[1];
  if (version === undefined) throw new Error(`${requirements} pins no ministack`);
  const folder = join(cacheRoot(), `ministack-${version}`);
  const marker = join(folder, 'installed');
  const digest = createHash('sha256').update(text).digest('hex');
  const isInstalled = async () => (await readFile(marker, 'utf8').catch(() => '')) === digest;
  if (!(await isInstalled())) {
    await withLock(`${folder}.lock`, async () => {
      if (await isInstalled()) return;
      await install(folder);
      await writeFile(marker, digest);
    });
  }
  return join(folder, 'bin', 'ministack');
}

async function install(folder: string): Promise<void> {
  if (!(await hasPython())) {
    throw new Error(
      'MiniStack needs python3, 3.11 or newer, with the modules venv and ensurepip (on Debian: apt-get install python3-venv)',
    );
  }
  await rm(folder, { recursive: true, force: true });
  await exec('python3', ['-m', 'venv', folder], { timeout: installMs });
  const pip = ['install', '--quiet', '--require-hashes', '--no-deps', '-r', requirements];
  await exec(join(folder, 'bin', 'pip'), pip, { timeout: installMs });
}

async function hasPython(): Promise<boolean> {
  const question = 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))';
  return exec('python3', ['-c', question]).then(
    () => true,
    () => false,
  );
}

if (import.meta.main) process.stdout.write(`${await installMiniStack()}\n`);
