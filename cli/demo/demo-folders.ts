import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface DemoFolders extends AsyncDisposable {
  readonly stateDir: string;
  /** Of its own, since as root PostgreSQL runs as another user, who must be able to enter. */
  readonly postgresFolder: string;
}

/** Temporary folders that are gone afterwards, whether this process ends by itself, is stopped or is killed. */
export async function openDemoFolders(): Promise<DemoFolders> {
  const stateDir = await mkdtemp(join(tmpdir(), 'millrace-demo-'));
  const postgresFolder = await mkdtemp(join(tmpdir(), 'millrace-demo-postgres-'));
  const janitor = spawn(process.execPath, [cleanUp, stateDir, postgresFolder], {
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  await once(janitor, 'spawn');
  return {
    stateDir,
    postgresFolder,
    [Symbol.asyncDispose]: async () => {
      const ended = once(janitor, 'exit');
      janitor.stdin.end();
      await ended;
    },
  };
}

const cleanUp = join(import.meta.dirname, 'clean-up.ts');
