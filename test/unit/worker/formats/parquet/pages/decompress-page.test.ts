import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { brotliCompressSync, gzipSync, zstdCompressSync } from 'node:zlib';
import fc from 'fast-check';
import { reasonOf } from '../../../../../../lib/errors.ts';
import { decompressPage } from '../../../../../../worker/formats/parquet/pages/decompress-page.ts';

const text = Buffer.from('abcabcabcabcabcabc-abcabcabcabcabc'.repeat(40));

/** By their numbers. Literals alone are valid Snappy and LZ4 too. */
const encoders: Readonly<Record<number, (bytes: Buffer) => Buffer>> = {
  0: (bytes) => bytes,
  1: snappyLiterals,
  2: gzipSync,
  4: brotliCompressSync,
  5: (bytes) => hadoop(bytes, lz4Literals(bytes)),
  6: zstdCompressSync,
  7: lz4Literals,
};

function snappyLiterals(bytes: Buffer): Buffer {
  const parts = [varint(bytes.length)];
  for (let at = 0; at < bytes.length; at += 60) {
    const piece = bytes.subarray(at, at + 60);
    parts.push(Buffer.from([(piece.length - 1) << 2]), piece);
  }
  return Buffer.concat(parts);
}

function lz4Literals(bytes: Buffer): Buffer {
  if (bytes.length < 15) return Buffer.concat([Buffer.from([bytes.length << 4]), bytes]);
  const more = bytes.length - 15;
  const length = Buffer.concat([Buffer.alloc(Math.floor(more / 255), 255), Buffer.from([more % 255])]);
  return Buffer.concat([Buffer.from([0xf0]), length, bytes]);
}

function hadoop(bytes: Buffer, block: Buffer): Buffer {
  const head = Buffer.alloc(8);
  head.writeUInt32BE(bytes.length, 0);
  head.writeUInt32BE(block.length, 4);
  return Buffer.concat([head, block]);
}

function varint(value: number): Buffer {
  const bytes = [];
  let left = value;
  for (; left >= 128; left >>= 7) bytes.push((left & 127) | 128);
  return Buffer.from([...bytes, left]);
}

suite('the compressions of pages', () => {
  for (const [codec, encode] of Object.entries(encoders)) {
    test(`give back what was compressed, and nothing of another length: number ${codec}`, async () => {
      await fc.assert(
        fc.asyncProperty(fc.uint8Array({ minLength: 1, maxLength: 400 }), async (array) => {
          const bytes = Buffer.from(array);
          assert.deepEqual(await decompressPage(encode(bytes), Number(codec), bytes.length), bytes);
        }),
        { numRuns: 30 },
      );
      for (const length of [text.length - 1, text.length + 1]) {
        const reason = await decompressPage(encode(text), Number(codec), length).then(() => 'read', reasonOf);
        assert.equal(reason, 'CorruptParquet');
      }
    });
  }

  test('copies of Snappy and LZ4 reach into what they write, and not before its beginning', async () => {
    // The length 10, a literal of one, a copy of nine from one before.
    const snappy = (offset: number) => Buffer.from([10, 0x00, 0x61, ((9 - 4) << 2) | 1, offset]);
    assert.equal(String(await decompressPage(snappy(1), 1, 10)), 'a'.repeat(10));
    await assert.rejects(decompressPage(snappy(2), 1, 10), { reason: 'CorruptParquet' });
    await assert.rejects(decompressPage(snappy(0), 1, 10), { reason: 'CorruptParquet' });
    // A literal of one, a copy of nine from one before, and the last literal, of none.
    const lz4 = (offset: number) => Buffer.from([0x15, 0x61, offset, 0, 0x00]);
    assert.equal(String(await decompressPage(lz4(1), 7, 10)), 'a'.repeat(10));
    await assert.rejects(decompressPage(lz4(2), 7, 10), { reason: 'CorruptParquet' });
  });

  test('that are not read are named, with those that are', async () => {
    for (const codec of [3, 99]) {
      await assert.rejects(decompressPage(text, codec, 10), (error: unknown) => {
        return reasonOf(error) === 'ParquetNotSupported' && /SNAPPY, GZIP, BROTLI/.test(String(error));
      });
    }
  });

  test('a page of nothing needs no compression', async () => {
    assert.equal((await decompressPage(Buffer.alloc(0), 1, 0)).length, 0);
  });
});
