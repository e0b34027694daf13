import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import fc from 'fast-check';
import { encodeEvents } from '../../../../lib/store/loading/staged-event.ts';
import type { LoadBatch } from '../../../../lib/store/types.ts';
import type { Outcome } from '../../../../worker/conversions/conversion.ts';
import type { RecordItem, RecordRead } from '../../../../worker/formats/format.ts';
import { batchRecords, type BatchLimits } from '../../../../worker/pipeline/batching.ts';
import { badRow, eventCall, record, records } from '../../../support/builders/import-task.ts';
import { decodeEvents, encodedEvents } from '../../../support/encoded-events.ts';

/** What each row becomes is in the row itself. */
function convert({ row, record: content }: RecordRead): Outcome {
  switch (content['becomes']) {
    case 'skip':
      return { kind: 'skip', reason: 'on purpose' };
    case 'reject':
      return { kind: 'reject', column: 'time', reason: 'is no time' };
    default:
      return { kind: 'event', event: eventCall(`row ${row}`) };
  }
}

const target = { projectId: '168342', deduplicationWindowMs: 0 };
const encoder = () => encodeEvents(target);

async function batchesOf(
  parts: readonly (readonly RecordItem[])[],
  { committedRows = 0, limits }: { readonly committedRows?: number; readonly limits?: BatchLimits } = {},
): Promise<readonly LoadBatch[]> {
  const input = { records: pieces(parts), committedRows, convert, encodeEvents: encoder };
  return await Array.fromAsync(limits === undefined ? batchRecords(input) : batchRecords(input, limits));
}

async function* pieces<T>(parts: readonly T[]): AsyncGenerator<T> {
  yield* parts;
}

/** What became of the rows, each once. */
function outcomesOf(batches: readonly LoadBatch[]): readonly string[] {
  const told = batches.flatMap(({ events, rejects }) => [
    ...decodeEvents(events).map(({ row, insertId }) => `${row} ${insertId}`),
    ...rejects.map(({ row, reason }) => `${row} ${reason}`),
  ]);
  return told.toSorted();
}

/** A file: rows from 1 on, some of them no records, in pieces of any size. */
const file: fc.Arbitrary<readonly (readonly RecordItem[])[]> = fc
  .array(fc.constantFrom('event', 'skip', 'reject', 'bad'), { maxLength: 40 })
  .map((kinds) =>
    kinds.map((kind, index) => (kind === 'bad' ? badRow(index + 1) : record(index + 1, { becomes: kind }))),
  )
  .chain((items) => fc.array(fc.nat(items.length)).map((cuts) => cutAt(items, cuts)));

function cutAt<T>(items: readonly T[], cuts: readonly number[]): readonly (readonly T[])[] {
  const places = [0, ...cuts.toSorted((a, b) => a - b), items.length];
  return places.slice(1).map((place, index) => items.slice(places[index], place));
}

const anyLimits: fc.Arbitrary<BatchLimits> = fc.record({
  rows: fc.integer({ min: 1, max: 10 }),
  characters: fc.integer({ min: 1, max: 200 }),
});

suite('batches of rows', () => {
  test('each holds what its rows became, and where they stand in the file', async () => {
    const rows = [record(1), badRow(2), record(3, { becomes: 'skip' }), record(4, { becomes: 'reject' })];
    assert.deepEqual(await batchesOf([rows]), [
      {
        afterRow: 0,
        throughRow: 4,
        events: encodedEvents(target, [{ row: 1, event: eventCall('row 1') }]),
        rejects: [
          { row: 2, offset: 200, column: undefined, reason: 'is no JSON', raw: '{' },
          {
            row: 4,
            offset: 400,
            column: 'time',
            reason: 'is no time',
            raw: '{"row":4,"becomes":"reject"}',
          },
        ],
        skipped: 1,
        final: true,
      },
    ]);
  });

  test('a file without rows is one batch, empty and final', async () => {
    const empty = {
      afterRow: 0,
      throughRow: 0,
      events: encodedEvents(target, []),
      rejects: [],
      skipped: 0,
      final: true,
    };
    assert.deepEqual(await batchesOf([]), [empty]);
  });

  test('a file whose rows are all committed closes with an empty batch behind them', async () => {
    const [last, ...others] = await batchesOf([records(3)], { committedRows: 3 });
    assert.deepEqual([last?.afterRow, last?.throughRow, last?.final, others.length], [3, 3, true, 0]);
  });

  test('a rejected row is kept cut', async () => {
    const long = record(1, { becomes: 'reject', text: 'x'.repeat(10_000) });
    const [batch] = await batchesOf([[long]]);
    assert.equal(batch?.rejects[0]?.raw.length, 4_096);
  });

  test('the usual limits are five thousand rows, or four mebibytes of text', async () => {
    const sizes = async (items: readonly RecordItem[]) =>
      (await batchesOf([items])).map(({ afterRow, throughRow }) => throughRow - afterRow);
    assert.deepEqual(await sizes(records(10_001)), [5_000, 5_000, 1]);
    const long = Array.from({ length: 5 }, (_, at) =>
      record(at + 1, { text: 'x'.repeat(1.5 * 1024 * 1024) }),
    );
    assert.deepEqual(await sizes(long), [3, 2]);
  });

  test('[C-07] every row behind the committed ones is in exactly one batch, in order; the last one is final', async () => {
    await fc.assert(
      fc.asyncProperty(file, anyLimits, fc.nat(45), async (parts, limits, committed) => {
        const rows = parts.flat().length;
        const committedRows = Math.min(committed, rows);
        const batches = await batchesOf(parts, { committedRows, limits });
        let behind = committedRows;
        for (const [index, batch] of batches.entries()) {
          assert.equal(batch.afterRow, behind);
          const { events, rejects, skipped } = batch;
          assert.equal(events.count + rejects.length + skipped, batch.throughRow - batch.afterRow);
          const inside = [...decodeEvents(events), ...rejects].map(({ row }) => row);
          assert.ok(inside.every((row) => row > batch.afterRow && row <= batch.throughRow));
          assert.equal(new Set(inside).size, inside.length);
          assert.equal(batch.final, index === batches.length - 1);
          behind = batch.throughRow;
        }
        assert.equal(behind, rows);
      }),
    );
  });

  test('no batch goes over the limits by more than its last row', async () => {
    await fc.assert(
      fc.asyncProperty(file, anyLimits, async (parts, limits) => {
        const items = parts.flat();
        for (const { afterRow, throughRow } of await batchesOf(parts, { limits })) {
          const inside = items.slice(afterRow, throughRow);
          assert.ok(inside.length <= limits.rows);
          const before = inside.slice(0, -1).reduce((sum, item) => sum + lengthOf(item), 0);
          assert.ok(before < limits.characters);
        }
      }),
    );
  });

  test('[C-07] a file resumed behind any row becomes the same as one read at once', async () => {
    await fc.assert(
      fc.asyncProperty(file, anyLimits, fc.nat(40), async (parts, limits, at) => {
        const rows = parts.flat().length;
        const committed = Math.min(at, rows);
        const whole = outcomesOf(await batchesOf(parts));
        const first = outcomesOf(await batchesOf([parts.flat().slice(0, committed)], { limits }));
        const rest = outcomesOf(await batchesOf(parts, { committedRows: committed, limits }));
        assert.deepEqual([...first, ...rest].toSorted(), whole);
      }),
    );
  });

  test('only as much of a file is read as the batches taken ask for', async () => {
    let given = 0;
    async function* endless(): AsyncGenerator<readonly RecordItem[]> {
      for (;;) {
        given += 1;
        yield [record(given)];
      }
    }
    const batches = batchRecords(
      { records: endless(), committedRows: 0, convert, encodeEvents: encoder },
      { rows: 10, characters: 1e6 },
    );
    await batches.next();
    await batches.next();
    assert.equal(given, 20);
    await batches.return();
  });
});

function lengthOf(item: RecordItem): number {
  return item.kind === 'record' ? item.text.length : item.raw.length;
}
