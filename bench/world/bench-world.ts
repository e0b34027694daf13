import { spawn, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startEmbeddedPostgres } from '../../cli/local/embedded-postgres.ts';

export const bucket = 'bench';

/** Real servers on this machine, each in a process of its own. */
export interface BenchWorld {
  readonly folder: string;
  readonly databaseUrl: string;
  /** Of the server's files, to find its processes by. */
  readonly databaseFolder: string;
  readonly endpoint: string;
  upload(key: string, body: Uint8Array<ArrayBuffer>): Promise<void>;
  stop(): Promise<void>;
}

/** As a server of its own has them, on a disk that keeps its promises. */
const databaseSettings = {
  shared_buffers: '512MB',
  max_wal_size: '4GB',
  checkpoint_timeout: '15min',
};

export async function startBenchWorld(): Promise<BenchWorld> {
  const folder = await mkdtemp(join(tmpdir(), 'millrace-bench-'));
  // Beside the other one: as root, PostgreSQL runs as another user, who must get there.
  const databaseFolder = await mkdtemp(join(tmpdir(), 'millrace-bench-postgres-'));
  const password = randomBytes(16).toString('hex');
  const postgres = await startEmbeddedPostgres({
    folder: databaseFolder,
    password,
    settings: databaseSettings,
  });
  const s3 = spawn(process.execPath, [new URL('serve-s3.ts', import.meta.url).pathname], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const endpoint = `http://127.0.0.1:${await firstLine(s3)}`;
  return {
    folder,
    databaseFolder,
    databaseUrl: postgres.url,
    endpoint,
    upload: async (key, body) => {
      const answer = await fetch(`${endpoint}/${bucket}/${key}`, {
        method: 'PUT',
        body,
      });
      if (!answer.ok) throw new Error(`${key} was refused: ${String(answer.status)} ${await answer.text()}`);
      await answer.arrayBuffer();
    },
    stop: async () => {
      const ended = once(s3, 'exit');
      s3.kill('SIGTERM');
      await Promise.all([ended, postgres.stop()]);
      await Promise.all([folder, databaseFolder].map((made) => rm(made, { recursive: true, force: true })));
    },
  };
}

async function firstLine(child: ChildProcess): Promise<string> {
  for await (const chunk of child.stdout ?? []) return String(chunk).trim();
  throw new Error('the S3 server ended before it began');
}
