import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parse } from 'csv-parse/sync';
import fc from 'fast-check';
import { csv } from '../../worker/formats/csv/csv.ts';
import { collectItems, readContext, watchedBytes } from '../support/bytes.ts';
import { fuzzParameters } from '../support/fuzz.ts';
import { mutated } from '../support/mutated-bytes.ts';

const cell = fc.oneof(fc.constantFrom('', 'a', 'Zoë', 'x,y', 'say "hi"', 'two\nlines', ' '), fc.string());
const files = fc
  .array(fc.array(fc.tuple(cell, fc.boolean()), { minLength: 2, maxLength: 3 }), {
    minLength: 1,
    maxLength: 6,
  })
  .map((table) =>
    Buffer.from(
      table
        .map((row) =>
          row.map(([text, quoted]) => (quoted ? `"${text.replaceAll('"', '""')}"` : text)).join(','),
        )
        .join('\n'),
    ),
  );

const columns = ['c0', 'c1', 'c2', 'c3', 'c4', 'c5', 'c6', 'c7', 'c8', 'c9'];

/** As csv-parse reads the text; undefined where it refuses it. */
function otherReader(text: string): string[][] | undefined {
  try {
    return parse(text, {
      record_delimiter: '\n',
      skip_empty_lines: true,
      relax_column_count: true,
      bom: true,
    });
  } catch {
    return undefined;
  }
}

describe('two readers of CSV', () => {
  it('[P-17] read the same from any text that both accept, right or spoilt', async () => {
    let both = 0;
    await fc.assert(
      fc.asyncProperty(mutated(files), async (bytes) => {
        // A carriage return ends rows for one of them and not for the other, by their first line.
        const text = bytes.toString().replaceAll('\r', '');
        const options = { header: false, columns };
        const reading = collectItems(csv.read(watchedBytes([Buffer.from(text)]), options, readContext()));
        const items = await reading.catch(() => undefined);
        const theirs = otherReader(text);
        if (items === undefined || theirs === undefined) return;
        if (items.some(({ kind }) => kind === 'reject')) return;
        both += 1;
        const ours = items.map((item) => (item.kind === 'record' ? Object.values(item.record) : []));
        assert.deepEqual(ours, theirs);
      }),
      fuzzParameters(600),
    );
    assert.ok(both > 100, `only ${both} texts that both accept`);
  });
});
