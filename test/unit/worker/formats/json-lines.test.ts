import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { TerminalError } from '../../../../lib/errors.ts';
import type { RecordItem } from '../../../../worker/formats/format.ts';
import { jsonLines } from '../../../../worker/formats/json-lines.ts';
import type { ReadLimits } from '../../../../worker/formats/read-records.ts';
import { collectItems, inPiecesOf, readContext, watchedBytes } from '../../../support/bytes.ts';

function read(
  bytes: Buffer,
  sizes: readonly number[] = [1000],
  limits: Partial<ReadLimits> = {},
): Promise<readonly RecordItem[]> {
  return collectItems(jsonLines.read(watchedBytes(inPiecesOf(bytes, sizes)), {}, readContext(limits)));
}

const pieces = fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 5 });
/** Of a row: rarely one that does not matter. */
const limit = fc.oneof(fc.integer({ min: 1, max: 30 }), fc.constant(10_000));

/** Without numbers that are not kept as numbers; those have a law of their own. */
const object = fc
  .dictionary(fc.string({ unit: 'binary' }), fc.jsonValue({ stringUnit: 'binary' }), { maxKeys: 4 })
  .filter((one) => !/\d{16}|e\+/.test(JSON.stringify(one)));

describe('reading JSON lines', () => {
  it('[I-25] any objects come back as a plain parse of each line has them, however they arrive', async () => {
    const lineEnd = fc.constantFrom('\n', '\r\n', '\n\n', '\n \t\r\n');
    await fc.assert(
      fc.asyncProperty(fc.array(object, { maxLength: 6 }), lineEnd, pieces, async (objects, end, sizes) => {
        const lines = objects.map((one) => JSON.stringify(one));
        const items = await read(Buffer.from(lines.join(end)), sizes);
        for (const item of items) {
          assert.ok(item.kind === 'record', JSON.stringify(item));
          assert.equal(item.text, lines[item.row - 1]);
          assert.deepEqual(JSON.stringify(item.record), JSON.stringify(JSON.parse(item.text)));
        }
        assert.equal(items.length, lines.length);
      }),
      { numRuns: 300 },
    );
  });

  it('any bytes read the same as lines of JSON however they arrive, and fail with nothing but an error of ours', async () => {
    const soup = fc
      .array(
        fc.constantFrom(
          '{',
          '}',
          '"a"',
          ':',
          '1',
          ',',
          '[',
          ']',
          '\n',
          '\r\n',
          ' ',
          'é',
          '\\',
          '9'.repeat(20),
        ),
        {
          maxLength: 40,
        },
      )
      .map((parts) => parts.join(''));
    const noise = fc.uint8Array({ maxLength: 60 }).map((bytes) => Buffer.from(bytes));
    const bytes = fc.oneof(
      soup.map((text) => Buffer.from(text)),
      soup.map((text) => Buffer.from(`\ufeff${text}`, 'utf16le')),
      noise,
      noise.map((rest) => Buffer.concat([Buffer.from('feff', 'hex'), rest])),
    );
    await fc.assert(
      fc.asyncProperty(bytes, pieces, limit, async (content, sizes, maxRecordBytes) => {
        const outcome = (by: readonly number[]) =>
          read(content, by, { maxRecordBytes }).catch((error: unknown) => {
            assert.ok(error instanceof TerminalError, String(error));
            return error.message;
          });
        assert.deepEqual(await outcome(sizes), await outcome([content.length + 1]));
      }),
      { numRuns: 500 },
    );
  });

  it('an integer that a number cannot hold is kept as its digits, wherever it stands', async () => {
    const digits = fc.bigInt({ min: -(10n ** 30n), max: 10n ** 30n });
    await fc.assert(
      fc.asyncProperty(digits, async (id) => {
        const [item] = await read(Buffer.from(`{"id":${id},"in":[{"id":${id}}]}`));
        assert.ok(item?.kind === 'record');
        const safe = id <= BigInt(Number.MAX_SAFE_INTEGER) && id >= BigInt(Number.MIN_SAFE_INTEGER);
        const kept = safe ? Number(id) : String(id);
        assert.deepEqual(item.record, { id: kept, in: [{ id: kept }] });
      }),
    );
  });

  it('rejects a line beyond the limit, and reads on behind it, however it arrives', async () => {
    const bytes = Buffer.from(`{"a":1}\n{"a":"${'é'.repeat(40)}"}\n{"a":2}\n{"a":"${'y'.repeat(60)}`);
    for (const sizes of [[1000], [1], [7], [13, 2]]) {
      const items = await read(bytes, sizes, { maxRecordBytes: 20 });
      assert.deepEqual(
        items.map(({ kind, row, offset }) => [kind, row, offset]),
        [
          ['record', 1, 0],
          ['reject', 2, 8],
          ['record', 3, 97],
          ['reject', 4, 105],
        ],
      );
      const rejected = items[1];
      assert.ok(rejected?.kind === 'reject');
      assert.match(rejected.reason, /longer than 20 bytes/);
      assert.equal(rejected.raw, '{"a":"ééééééé');
    }
  });

  it('takes a line of exactly the limit', async () => {
    const bytes = Buffer.from('{"a":123}\n');
    assert.equal((await read(bytes, [4], { maxRecordBytes: 9 }))[0]?.kind, 'record');
    assert.equal((await read(bytes, [4], { maxRecordBytes: 8 }))[0]?.kind, 'reject');
  });

  it('rejects a record that is nested too deep, even hundreds of thousands of levels, without a stack overflow', async () => {
    const nested = (levels: number) => `{"a":${'['.repeat(levels - 1)}${']'.repeat(levels - 1)}}\n`;
    const bytes = Buffer.from(nested(10) + nested(11) + nested(300_000) + nested(2));
    const items = await read(bytes, [65_536], { maxDepth: 10 });
    assert.deepEqual(
      items.map(({ kind }) => kind),
      ['record', 'reject', 'reject', 'record'],
    );
    assert.match((items[1] as { reason: string }).reason, /nested more than 10 levels deep/);
  });

  it('keeps of a rejected line what fits, cut between characters', async () => {
    const [item] = await read(Buffer.from(`x${'é'.repeat(4000)}\n`));
    assert.ok(item?.kind === 'reject');
    assert.equal(item.raw, `x${'é'.repeat(2047)}`);
  });
});
