import { open, readdir, rename, rm, stat, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { Duplex, type Writable } from 'node:stream';

/** As much as a kubelet keeps of a container's output before it begins another file. */
const usualMaxBytes = 10 * 1024 * 1024;

/**
 * A file for the output of a pod, readable by the user alone. Once it is full it is set aside as `PATH.1`, in place of
 * the one set aside before, and begun anew: never more than twice `maxBytes` are kept.
 */
export function openPodLog(path: string, maxBytes: number = usualMaxBytes): Writable {
  return Duplex.from(async (output: AsyncIterable<Buffer>) => {
    let log = await openPart(path);
    try {
      for await (const chunk of output) {
        if (log.size > 0 && log.size + chunk.length > maxBytes) {
          await log.file.close();
          await rename(path, `${path}.1`);
          log = await openPart(path);
        }
        await log.file.appendFile(chunk);
        log.size += chunk.length;
      }
    } finally {
      await log.file.close();
    }
  });
}

async function openPart(path: string): Promise<{ readonly file: FileHandle; size: number }> {
  const file = await open(path, 'a', 0o600);
  return { file, size: (await file.stat()).size };
}

/** Leaves the newest `keep` files of a folder of logs. One that goes meanwhile is none of its business. */
export async function pruneLogs(folder: string, keep: number): Promise<void> {
  const names = await readdir(folder).catch(() => []);
  if (names.length <= keep) return;
  const files = await Promise.all(
    names.map(async (name) => {
      const path = join(folder, name);
      return { path, writtenAt: (await stat(path).catch(() => undefined))?.mtimeMs ?? 0 };
    }),
  );
  const old = files.toSorted((a, b) => b.writtenAt - a.writtenAt).slice(keep);
  await Promise.all(old.map(({ path }) => rm(path, { force: true })));
}
