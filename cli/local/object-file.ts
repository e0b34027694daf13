import { readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createObjectStore, type ObjectStore, type StoreSnapshot } from './api/object-store.ts';

const fileName = 'objects.json';

/** Objects that make no sense without the processes of the time: a Job that was not over is made anew by its owner. */
const passing = new Set(['/pods', 'batch/jobs', 'coordination.k8s.io/leases']);

/** The objects of an earlier run; an empty store where there was none. */
export async function loadObjects(stateDir: string): Promise<ObjectStore> {
  const text = await readFile(join(stateDir, fileName), 'utf8').catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  });
  if (text === undefined) return createObjectStore();
  return createObjectStore({ restored: JSON.parse(text) as StoreSnapshot });
}

/** Readable to the user alone, since Secrets are among them; whole or not at all. */
export async function saveObjects(stateDir: string, store: ObjectStore): Promise<void> {
  const { revision, objects } = store.snapshot();
  const kept = Object.fromEntries(Object.entries(objects).filter(([resource]) => !passing.has(resource)));
  const path = join(stateDir, fileName);
  await writeFile(`${path}.new`, JSON.stringify({ revision, objects: kept }), { mode: 0o600 });
  await rename(`${path}.new`, path);
}
