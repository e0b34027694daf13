import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { exportedEvents, toCsv, toJsonLines, type ExportedEvent } from './export-events.ts';
import type { BenchWorld } from './world/bench-world.ts';

const compress = promisify(gzip);

export interface UploadPlan {
  readonly prefix: string;
  readonly events: number;
  readonly files: number;
  readonly format: 'JSONLines' | 'CSV';
  /** Sees each file as it is made; keeps what it needs. */
  readonly onFile?: (file: UploadedFile) => Promise<void>;
}

export interface UploadedFile {
  readonly key: string;
  readonly events: readonly ExportedEvent[];
  readonly zipped: Uint8Array<ArrayBuffer>;
}

export interface Uploaded {
  readonly bytes: number;
  readonly plainBytes: number;
}

/** Files of equal numbers of events, which are the same at each call. Held in memory one file at a time. */
export async function uploadEvents(world: BenchWorld, plan: UploadPlan): Promise<Uploaded> {
  const perFile = Math.ceil(plan.events / plan.files);
  let bytes = 0;
  let plainBytes = 0;
  for (let file = 0; file < plan.files; file += 1) {
    const events = exportedEvents(file * perFile, perFile);
    const text = plan.format === 'CSV' ? toCsv(events) : toJsonLines(events);
    const zipped = new Uint8Array(await compress(text, { level: 6 }));
    const key = `${plan.prefix}${String(file).padStart(6, '0')}.gz`;
    await world.upload(key, zipped);
    await plan.onFile?.({ key, events, zipped });
    bytes += zipped.length;
    plainBytes += Buffer.byteLength(text);
  }
  return { bytes, plainBytes };
}

export async function keepOnDisk(folder: string, { key, zipped }: UploadedFile): Promise<string> {
  const path = join(folder, key.replaceAll('/', '-'));
  await writeFile(path, zipped);
  return path;
}
