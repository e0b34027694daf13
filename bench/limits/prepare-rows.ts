import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { systemClock } from '../../lib/clock.ts';
import { encodeEvents } from '../../lib/store/loading/staged-event.ts';
import type { LoadedEvent, LoadTarget } from '../../lib/store/types.ts';
import { openConversion } from '../../worker/conversions/open-conversion.ts';
import { jsonConverter } from '../converters.ts';
import type { ExportedEvent } from '../export-events.ts';
import { bucket } from '../world/bench-world.ts';
import { deduplicationWindowMs, projectId } from '../import-run.ts';

const rowsOfBatch = 5_000;

/** Writes the bytes that a worker would send by COPY for these events, a file a batch. Answers the files. */
export async function prepareRows(
  folder: string,
  key: string,
  exported: readonly ExportedEvent[],
): Promise<readonly string[]> {
  await mkdir(folder, { recursive: true });
  const conversion = openConversion('amplitude', jsonConverter, {
    clock: systemClock,
  });
  const events = exported.map((record, index): LoadedEvent => {
    const row = index + 1;
    const outcome = conversion.convert(record, {
      bucket,
      key,
      version: 'bench',
      row,
    });
    if (outcome.kind !== 'event') throw new Error(`row ${String(row)} of ${key} is a ${outcome.kind}`);
    return { row, event: outcome.event };
  });
  const paths: string[] = [];
  for (let start = 0; start < events.length; start += rowsOfBatch) {
    const path = join(folder, `${key.replaceAll('/', '-')}-${String(start).padStart(9, '0')}.copy`);
    const target = { projectId, deduplicationWindowMs };
    await writeFile(path, Buffer.concat(encodedRows(target, events.slice(start, start + rowsOfBatch))));
    paths.push(path);
  }
  return paths;
}

function encodedRows(target: LoadTarget, events: readonly LoadedEvent[]): readonly Buffer[] {
  const encoder = encodeEvents(target);
  for (const loaded of events) encoder.add(loaded);
  return encoder.finish().rows;
}
