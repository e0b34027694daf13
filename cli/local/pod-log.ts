import { open, readdir, rename, rm, stat, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { Writable } from 'node:stream';

/** As much as a kubelet keeps of a container's output before it begins another file. */
const usualMaxBytes = 10 * 1024 * 1024;

/**
 * A file for the output of a pod, readable by the user alone. Once it is full it is set aside as `PATH.1`, in place of
 * the one set aside before, and begun anew: never more than twice `maxBytes` are kept.
 */
export function openPodLog(path: string, maxBytes: number = usualMaxBytes): Writable {
  let file: FileHandle | undefined;
  let size = 0;
  const begin = async (): Promise<void> => {
    file = await open(path, 'a', 0o600);
    ({ size } = await file.stat());
  };
  const append = async (chunk: Buffer): Promise<void> => {
    if (size > 0 && size + chunk.length > maxBytes) {
      await file?.close();
      await rename(path, `${path}.1`);
      await begin();
    }
    await file?.appendFile(chunk);
    size += chunk.length;
  };
  return new Writable({
    construct: (done) => void begin().then(() => done(), done),
    write: (chunk: Buffer, _encoding, done) => void append(chunk).then(() => done(), done),
    destroy: (error, done) => {
      const closed = file?.close() ?? Promise.resolve();
      void closed.then(
        () => done(error),
        (cause: Error) => done(cause),
      );
    },
  });
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
