import { encodeEvents } from '../../lib/store/loading/staged-event.ts';
import type { EncodedEvents, LoadedEvent, LoadTarget } from '../../lib/store/types.ts';

/** As a worker gives them to the store. */
export function encodedEvents(target: LoadTarget, events: readonly LoadedEvent[]): EncodedEvents {
  const encoder = encodeEvents(target);
  for (const loaded of events) encoder.add(loaded);
  return encoder.finish();
}

export interface EncodedRow {
  readonly row: number;
  readonly insertId: string;
}

/** What stands in them, for ids without tabs, backslashes and line ends. */
export function decodeEvents({ rows }: EncodedEvents): readonly EncodedRow[] {
  const lines = Buffer.concat(rows).toString().split('\n').slice(0, -1);
  return lines.map((line) => {
    const cells = line.split('\t');
    return { row: Number(cells[0]), insertId: cells[7] ?? '' };
  });
}
