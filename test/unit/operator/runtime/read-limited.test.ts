import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import fc from 'fast-check';
import { limitedLines, readLimited } from '../../../../operator/runtime/read-limited.ts';

async function* inChunks(bytes: Uint8Array, sizes: readonly number[]): AsyncGenerator<Uint8Array> {
  let [start, turn] = [0, 0];
  while (start < bytes.length) {
    const size = sizes[turn % sizes.length] ?? 1;
    yield bytes.subarray(start, start + size);
    start += size;
    turn += 1;
  }
}

const sizes = fc.array(fc.integer({ min: 1, max: 7 }), { minLength: 1, maxLength: 5 });

suite('reading bodies', () => {
  test('lines come out the same however the bytes were cut', async () => {
    const lines = fc.array(fc.string({ unit: 'binary' }).map((text) => text.replaceAll('\n', '')));
    const law = fc.asyncProperty(lines, sizes, async (expected, cuts) => {
      const bytes = Buffer.from(expected.map((line) => `${line}\n`).join(''));
      const seen = await Array.fromAsync(limitedLines(inChunks(bytes, cuts), 10_000));
      assert.deepEqual(
        seen,
        bytes
          .toString('utf8')
          .split('\n')
          .filter((line) => line !== ''),
      );
    });
    await fc.assert(law);
  });

  test('a last line without its end is given, so that whoever parses it sees the cut', async () => {
    const lines = await Array.fromAsync(limitedLines(inChunks(Buffer.from('one\ntw'), [3]), 10));
    assert.deepEqual(lines, ['one', 'tw']);
  });

  test('a body or a line beyond its limit is refused, with a cure', async () => {
    const endless = (): AsyncGenerator<Uint8Array> => inChunks(Buffer.alloc(1_000, 'x'), [7]);
    await assert.rejects(readLimited(endless(), 100), /more than 100 bytes; use a narrower selector/);
    await assert.rejects(Array.fromAsync(limitedLines(endless(), 100)), /a line of more than 100 bytes/);
  });
});
