import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { TerminalError } from '../../lib/errors.ts';
import { maxRawBytes, type RecordItem } from '../../worker/formats/format.ts';
import {
  defaultReadLimits,
  readRecords,
  type ReadLimits,
  type ReadSettings,
} from '../../worker/formats/read-records.ts';
import { inPieces } from '../support/bytes.ts';
import { fuzzParameters } from '../support/fuzz.ts';
import { mutated } from '../support/mutated-bytes.ts';

/** What came of a file: its rows, and the reason for which it failed as a whole. */
interface Outcome {
  readonly items: readonly RecordItem[];
  readonly failure: string | undefined;
}

const signal = new AbortController().signal;

const cell = fc.oneof(
  fc.constantFrom('', 'a', 'Zoë', '0', 'x,y', 'say "hi"', 'two\nlines', ' '),
  fc.string(),
);
const csvText = fc
  .array(fc.array(cell, { minLength: 2, maxLength: 4 }), { maxLength: 12 })
  .map((table) =>
    [
      'id,name,note',
      ...table.map((row) => row.map((text) => `"${text.replaceAll('"', '""')}"`).join(',')),
    ].join('\n'),
  );
const jsonText = fc
  .array(fc.dictionary(fc.string(), fc.jsonValue(), { maxKeys: 4 }), { maxLength: 12 })
  .map((objects) => objects.map((object) => `${JSON.stringify(object)}\n`).join(''));

/** As plain text, with a mark, in UTF-16, as gzip of one member and of several. */
function stored(text: fc.Arbitrary<string>): fc.Arbitrary<Buffer> {
  return fc.tuple(text, fc.nat(5)).map(([content, form]) => {
    const plain = Buffer.from(content);
    switch (form) {
      case 0:
        return Buffer.from(`\ufeff${content}`);
      case 1:
        return Buffer.from(`\ufeff${content}`, 'utf16le');
      case 2:
        return gzipSync(plain);
      case 3:
        return Buffer.concat([gzipSync(plain), gzipSync(plain), Buffer.alloc(3)]);
      default:
        return plain;
    }
  });
}

const formats = { JSONLines: stored(jsonText), CSV: stored(csvText) };

const limits: fc.Arbitrary<ReadLimits> = fc
  .record({
    maxRecordBytes: fc.oneof(fc.integer({ min: 1, max: 60 }), fc.constant(100_000)),
    maxDepth: fc.oneof(fc.integer({ min: 1, max: 4 }), fc.constant(100)),
    maxDecodedBytes: fc.oneof(fc.integer({ min: 1, max: 300 }), fc.constant(100_000_000)),
  })
  .map((changes) => ({ ...defaultReadLimits, ...changes }));

const compression = fc.constantFrom('Auto', 'None', 'Gzip');

async function read(
  file: Buffer,
  settings: ReadSettings,
  { pieceSize, within }: { readonly pieceSize: number; readonly within: ReadLimits },
): Promise<Outcome> {
  const items: RecordItem[] = [];
  async function* body(): AsyncGenerator<Buffer> {
    yield* inPieces(file, pieceSize);
  }
  try {
    for await (const batch of readRecords({ body: body() }, settings, signal, { limits: within }))
      items.push(...batch);
    return { items, failure: undefined };
  } catch (error) {
    assert.ok(error instanceof TerminalError, `no error of ours: ${String(error)}`);
    return { items, failure: error.reason };
  }
}

for (const [format, files] of Object.entries(formats)) {
  describe(`any bytes, read as ${format}`, () => {
    const settings = fc.record({
      format: fc.constant(format),
      compression,
      options: fc.constantFrom(...(format === 'CSV' ? [{}, { relaxQuotes: true }] : [{}])),
    });
    const input = fc.tuple(mutated(files), settings, limits);

    it(`every row of ${format} is a record or a reject, counted from 1, further on in the file than the one before`, async () => {
      await fc.assert(
        fc.asyncProperty(input, async ([file, how, within]) => {
          const { items, failure } = await read(file, how, { pieceSize: 4096, within });
          let last = -1;
          for (const [index, item] of items.entries()) {
            assert.equal(item.row, index + 1);
            assert.ok(item.offset > last, `row ${item.row} at ${item.offset}, behind ${last}`);
            last = item.offset;
            if (item.kind === 'record') {
              assert.ok(Buffer.byteLength(item.text) <= within.maxRecordBytes + 1);
              continue;
            }
            assert.ok(item.reason.length > 10 && item.reason.length < 2000, item.reason);
            assert.ok(Buffer.byteLength(item.raw) <= 3 * maxRawBytes);
          }
          assert.ok(failure === undefined || /^[A-Z]\w+$/.test(failure));
        }),
        fuzzParameters(400),
      );
    });

    it(`the pieces in which ${format} arrives make no difference to rows, offsets, rejects and reasons`, async () => {
      const sizes = fc.integer({ min: 1, max: 40 });
      await fc.assert(
        fc.asyncProperty(input, sizes, async ([file, how, within], pieceSize) => {
          const whole = await read(file, how, { pieceSize: file.length + 1, within });
          const pieces = await read(file, how, { pieceSize, within });
          assert.equal(pieces.failure === undefined, whole.failure === undefined);
          // Which of two faults within a gzip is met first, and how many rows were out before, the pieces decide.
          const isZipped = file[0] === 0x1f && file[1] === 0x8b;
          if (!isZipped) assert.equal(pieces.failure, whole.failure);
          const common = Math.min(pieces.items.length, whole.items.length);
          if (whole.failure === undefined) assert.equal(pieces.items.length, whole.items.length);
          assert.deepEqual(pieces.items.slice(0, common), whole.items.slice(0, common));
        }),
        fuzzParameters(400),
      );
    });
  });
}
