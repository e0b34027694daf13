import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { TerminalError } from '../../lib/errors.ts';
import type { RecordItem } from '../../worker/formats/format.ts';
import { parquet } from '../../worker/formats/parquet/parquet.ts';
import { fileOf, randomAccessContext } from '../support/format-reading.ts';
import { fuzzParameters } from '../support/fuzz.ts';
import { mutated } from '../support/mutated-bytes.ts';
import { projectRoot } from '../support/project-files.ts';

const golden = join(projectRoot, 'test/golden/formats/Parquet');
const originals = readdirSync(golden).map((name) => readFileSync(join(golden, name, 'input')));

/** Bits and bytes that are changed where they lie: lengths stay right, so that the reader comes far. */
const flipped = fc
  .tuple(
    fc.constantFrom(...originals),
    fc.array(fc.tuple(fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true }), fc.nat(255)), {
      minLength: 1,
      maxLength: 4,
    }),
  )
  .map(([original, changes]) => {
    const bytes = Buffer.from(original);
    for (const [place, byte] of changes) bytes[Math.floor(place * bytes.length)] = byte;
    return bytes;
  });

/** Runs of one value can make very many rows of few bytes; the law needs only some of them. */
const enough = 20_000;

async function read(bytes: Buffer): Promise<readonly RecordItem[]> {
  const items: RecordItem[] = [];
  try {
    for await (const batch of parquet.read(fileOf(bytes), {}, randomAccessContext())) {
      items.push(...batch);
      if (items.length > enough) break;
    }
  } catch (error) {
    assert.ok(error instanceof TerminalError, `no error of ours: ${String((error as Error).stack)}`);
  }
  return items;
}

describe('Parquet files that were right once', () => {
  it('[I-27] are read or refused with a reason, without much memory and without a gap in the rows', async () => {
    await fc.assert(
      fc.asyncProperty(fc.oneof(flipped, mutated(fc.constantFrom(...originals))), async (bytes) => {
        const before = process.memoryUsage();
        const items = await read(bytes);
        const { external } = process.memoryUsage();
        assert.ok(external - before.external < 256 * 1024 * 1024, `${external - before.external} bytes`);
        for (const [index, item] of items.entries()) {
          assert.equal(item.row, index + 1);
          if (item.kind === 'record') JSON.stringify(item.record);
        }
      }),
      fuzzParameters(1500),
    );
  });
});
