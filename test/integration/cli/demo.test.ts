import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { waitUntil } from '../../support/control-plane/wait-until.ts';
import { projectRoot } from '../../support/project-files.ts';

const patienceMs = 120_000;

/** The process of the demo's PostgreSQL, once it runs. */
async function postgresOf(folder: string): Promise<number> {
  let pid = 0;
  await waitUntil('the PostgreSQL of the demo runs', patienceMs, async () => {
    const name = (await readdir(folder)).find((one) => one.startsWith('millrace-demo-postgres-'));
    const text = await readFile(join(folder, name ?? '', 'postmaster.pid'), 'utf8').catch(() => '');
    if (text.includes('ready')) pid = Number(text.split('\n')[0]);
    return pid > 0;
  });
  return pid;
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

async function endOf(child: ChildProcess): Promise<unknown> {
  if (child.exitCode !== null || child.signalCode !== null) return child.exitCode ?? child.signalCode;
  const [code, signal] = (await once(child, 'exit')) as [number | null, string | null];
  return code ?? signal;
}

suite('millrace demo, interrupted', () => {
  for (const [signal, ending] of [
    ['SIGINT', 1],
    ['SIGTERM', 1],
    ['SIGKILL', 'SIGKILL'],
  ] as const) {
    test(`leaves no folder and no process behind after ${signal}`, async (t) => {
      const folder = await mkdtemp(join(tmpdir(), 'millrace-interrupted-'));
      // As root, the demo's PostgreSQL runs as a user of its own, who must be able to pass.
      await chmod(folder, 0o755);
      const demo = spawn(process.execPath, [join(projectRoot, 'cli/bin/millrace.js'), 'demo'], {
        env: { PATH: process.env['PATH'], TMPDIR: folder },
        stdio: 'ignore',
      });
      t.after(async () => {
        demo.kill('SIGKILL');
        await rm(folder, { recursive: true, force: true });
      });
      const postgres = await postgresOf(folder);
      demo.kill(signal);
      assert.equal(await endOf(demo), ending);
      const left = async () => (await readdir(folder)).filter((name) => name.startsWith('millrace-demo'));
      await waitUntil('its folders are gone', patienceMs, async () => (await left()).length === 0);
      assert.equal(isAlive(postgres), false);
    });
  }
});
