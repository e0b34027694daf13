import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import fc from 'fast-check';
import { DeltaIntegers } from '../../../../../../worker/formats/parquet/encodings/delta-integers.ts';

/** As the format's definition says, with blocks of 32 values in 4 miniblocks. */
function encode(values: readonly bigint[], bits: number): Buffer {
  const parts = [varint(32n), varint(4n), varint(BigInt(values.length)), zigzag(values[0] ?? 0n)];
  const deltas = values
    .slice(1)
    .map((value, index) => BigInt.asIntN(bits, value - (values[index] as bigint)));
  for (let at = 0; at < deltas.length; at += 32) {
    const block = deltas.slice(at, at + 32);
    const least = block.reduce((a, b) => (b < a ? b : a));
    const minis = [0, 8, 16, 24].map((from) =>
      block.slice(from, from + 8).map((delta) => BigInt.asUintN(64, delta - least)),
    );
    const widths = minis.map((mini) =>
      mini.reduce((most, value) => Math.max(most, value.toString(2).length), 0),
    );
    parts.push(zigzag(least), Buffer.from(widths));
    minis.forEach((mini, index) => {
      const width = widths[index] as number;
      if (mini.length > 0) parts.push(pack(mini, width));
    });
  }
  return Buffer.concat(parts);
}

function pack(mini: readonly bigint[], width: number): Buffer {
  const bits = mini.reduce((sum, value, index) => sum | (value << BigInt(index * width)), 0n);
  return Buffer.from(
    Array.from({ length: width }, (_, index) => Number((bits >> BigInt(index * 8)) & 0xffn)),
  );
}

function zigzag(value: bigint): Buffer {
  return varint(BigInt.asUintN(64, (value << 1n) ^ (value >> 63n)));
}

function varint(value: bigint): Buffer {
  const bytes = [];
  let left = value;
  for (; left >= 128n; left >>= 7n) bytes.push(Number(left & 127n) | 128);
  return Buffer.from([...bytes, Number(left)]);
}

suite('whole numbers as differences', () => {
  for (const bits of [32, 64] as const) {
    test(`of ${bits} bits give back what was encoded, and end where they end`, () => {
      const half = 2n ** BigInt(bits - 1);
      const value = fc.oneof(fc.bigInt({ min: -half, max: half - 1n }), fc.bigInt({ min: -9n, max: 9n }));
      fc.assert(
        fc.property(fc.array(value, { minLength: 1, maxLength: 100 }), (values) => {
          const bytes = encode(values, bits);
          const reader = new DeltaIntegers(
            Buffer.concat([Buffer.from([7]), bytes, Buffer.from([9])]),
            1,
            bits,
          );
          assert.equal(reader.count, values.length);
          assert.deepEqual(
            values.map(() => BigInt(reader.next())),
            values,
          );
          assert.equal(reader.end(), 1 + bytes.length);
          assert.throws(() => reader.next(), { reason: 'CorruptParquet' });
        }),
      );
    });
  }

  test('in blocks of no size are refused', () => {
    for (const header of ['00040105', '20000105', '21040105', 'ffffffffffffffffff']) {
      assert.throws(() => new DeltaIntegers(Buffer.from(header, 'hex'), 0, 64), { reason: 'CorruptParquet' });
    }
  });
});
