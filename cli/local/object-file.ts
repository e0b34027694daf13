import { readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { messageOf, TerminalError } from '../../lib/errors.ts';
import type { Logger } from '../../lib/log.ts';
import { createObjectStore, type ObjectStore, type StoreSnapshot } from './api/object-store.ts';

const fileName = 'objects.json';

/** Objects that make no sense without the processes of the time: a Job that was not over is made anew by its owner. */
const passing = new Set(['/pods', 'batch/jobs', 'coordination.k8s.io/leases']);

/** The objects of an earlier run; undefined where there was none. Errors: `StateUnreadable`. */
export async function loadObjects(stateDir: string): Promise<ObjectStore | undefined> {
  const path = join(stateDir, fileName);
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  });
  if (text === undefined) return undefined;
  try {
    return createObjectStore({ restored: JSON.parse(text) as StoreSnapshot });
  } catch (cause) {
    throw new TerminalError({
      reason: 'StateUnreadable',
      message: `${path} is not what millrace run writes: ${messageOf(cause)}. Move it away, and apply the manifests again; what was imported is in the store.`,
      cause,
    });
  }
}

export interface ObjectFile {
  /** Writes what is not written yet, and ends. */
  close(): Promise<void>;
}

/** A burst of changes is written once. */
const settleMs = 300;

/** Keeps the file equal to the store, so that no end of the process loses more than a moment. */
export function keepObjects(stateDir: string, store: ObjectStore, log: Logger): ObjectFile {
  let timer: NodeJS.Timeout | undefined;
  let writing = Promise.resolve();
  const write = (): Promise<void> => {
    clearTimeout(timer);
    timer = undefined;
    writing = writing.then(() => saveObjects(stateDir, store));
    return writing;
  };
  const unsubscribe = store.subscribe(({ resource }) => {
    if (passing.has(resource)) return;
    timer ??= setTimeout(() => {
      write().catch((error: unknown) => {
        writing = Promise.resolve();
        log.error('The objects could not be written', { stateDir, error });
      });
    }, settleMs);
  });
  return {
    close: () => {
      unsubscribe();
      return write();
    },
  };
}

/** Readable to the user alone, since Secrets are among them; whole or not at all. */
async function saveObjects(stateDir: string, store: ObjectStore): Promise<void> {
  const { revision, objects } = store.snapshot();
  const kept = Object.fromEntries(Object.entries(objects).filter(([resource]) => !passing.has(resource)));
  const path = join(stateDir, fileName);
  await writeFile(`${path}.new`, JSON.stringify({ revision, objects: kept }), { mode: 0o600 });
  await rename(`${path}.new`, path);
}
