/**
 * `node clean-up.ts STATE_FOLDER POSTGRES_FOLDER`: the janitor of a demo, a process of its own. It waits until its
 * standard input ends, which the demo holds: however the demo ended, its PostgreSQL is ended then and its folders are
 * removed. It stands in a process group of its own, so that Ctrl-C does not reach it.
 */
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { systemClock } from '../../lib/clock.ts';

const patienceMs = 30_000;
const lookMs = 100;

/** Asks it to end at once, and makes it end if it does not. */
async function endPostgres(folder: string): Promise<void> {
  const text = await readFile(join(folder, 'postmaster.pid'), 'utf8').catch(() => '');
  const pid = Number(text.split('\n')[0]);
  if (!Number.isSafeInteger(pid) || pid <= 0) return;
  send(pid, 'SIGINT');
  const end = systemClock.monotonic() + patienceMs;
  while (send(pid, 0)) {
    if (systemClock.monotonic() > end) send(pid, 'SIGKILL');
    await systemClock.sleep(lookMs);
  }
}

/** False when there is no such process any more. */
function send(pid: number, signal: NodeJS.Signals | 0): boolean {
  try {
    return process.kill(pid, signal);
  } catch {
    return false;
  }
}

async function cleanUp(folders: readonly string[]): Promise<void> {
  for (const folder of folders) {
    await endPostgres(folder);
    // Something may still be writing there that is about to notice.
    await rm(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 500 });
  }
}

for await (const _ of process.stdin);
await cleanUp(process.argv.slice(2));
