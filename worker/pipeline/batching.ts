import type { Reject } from '../../lib/contract/event.ts';
import type { EventEncoder, LoadBatch } from '../../lib/store/types.ts';
import type { Outcome } from '../conversions/conversion.ts';
import type { RecordItem } from '../formats/format.ts';

/** When a batch is full. Whichever comes first. */
export interface BatchLimits {
  readonly rows: number;
  /** Of the rows' text, in characters: what a batch keeps in memory is a small multiple of it. */
  readonly characters: number;
}

/**
 * 5,000 rows is where COPY into a stage stops gaining; 4 Mi characters, some 2,700 events of common length, cost the
 * database no more than 8 Mi did, and half the memory.
 */
const defaultBatchLimits: BatchLimits = { rows: 5_000, characters: 4 * 1024 * 1024 };

/** A batch is reserved as a whole: at a low rate it must not be many seconds' worth. */
export function batchLimitsAt(eventsPerSecond: number): BatchLimits {
  const rows = Math.max(1, Math.floor(eventsPerSecond / 4));
  return { ...defaultBatchLimits, rows: Math.min(defaultBatchLimits.rows, rows) };
}

export interface BatchingInput {
  readonly records: AsyncIterable<readonly RecordItem[]>;
  /** Rows up to and including this one are already committed, and left out. */
  readonly committedRows: number;
  readonly convert: (item: Extract<RecordItem, { kind: 'record' }>) => Outcome;
  /** A new one for each batch. */
  readonly encodeEvents: () => EventEncoder;
}

/** Turns records into batches. The last one, which may be empty, is `final`. */
export async function* batchRecords(
  input: BatchingInput,
  limits: BatchLimits = defaultBatchLimits,
): AsyncGenerator<LoadBatch, void, undefined> {
  let open = openBatch(input.committedRows, input);
  for await (const items of input.records) {
    for (const item of items) {
      if (item.row <= input.committedRows) continue;
      addItem(open, item, input.convert);
      if (open.rows < limits.rows && open.characters < limits.characters) continue;
      yield closeBatch(open, false);
      open = openBatch(item.row, input);
    }
  }
  yield closeBatch(open, true);
}

interface OpenBatch {
  readonly afterRow: number;
  throughRow: number;
  readonly events: EventEncoder;
  readonly rejects: Reject[];
  skipped: number;
  rows: number;
  characters: number;
}

function openBatch(afterRow: number, { encodeEvents }: BatchingInput): OpenBatch {
  const events = encodeEvents();
  return { afterRow, throughRow: afterRow, events, rejects: [], skipped: 0, rows: 0, characters: 0 };
}

function closeBatch(open: OpenBatch, final: boolean): LoadBatch {
  const { afterRow, throughRow, events, rejects, skipped } = open;
  return { afterRow, throughRow, events: events.finish(), rejects, skipped, final };
}

function addItem(open: OpenBatch, item: RecordItem, convert: BatchingInput['convert']): void {
  open.throughRow = item.row;
  open.rows += 1;
  if (item.kind === 'reject') {
    open.characters += item.raw.length;
    const { row, offset, column, reason, raw } = item;
    open.rejects.push({ row, offset, column, reason, raw });
    return;
  }
  open.characters += item.size ?? item.text.length;
  addOutcome(open, item, convert(item));
}

function addOutcome(open: OpenBatch, item: Extract<RecordItem, { kind: 'record' }>, outcome: Outcome): void {
  switch (outcome.kind) {
    case 'event':
      open.events.add({ row: item.row, event: outcome.event });
      return;
    case 'skip':
      open.skipped += 1;
      return;
    case 'reject':
      open.rejects.push({
        row: item.row,
        offset: item.offset,
        column: outcome.column,
        reason: outcome.reason,
        raw: item.text.slice(0, rawCharacters),
      });
  }
}

/** What is kept of a rejected row; the store cuts again by bytes. */
const rawCharacters = 4_096;
