import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import fc from 'fast-check';
import { reasonOf } from '../../../../../../lib/errors.ts';
import { bitWidth, HybridReader } from '../../../../../../worker/formats/parquet/encodings/hybrid.ts';

type Run =
  | { readonly kind: 'run'; readonly value: number; readonly count: number }
  | { readonly kind: 'packed'; readonly values: readonly number[] };

function runs(width: number): fc.Arbitrary<readonly Run[]> {
  const value = fc.integer({ min: 0, max: 2 ** width - 1 });
  return fc.array(
    fc.oneof(
      fc.record({ kind: fc.constant('run' as const), value, count: fc.integer({ min: 1, max: 500 }) }),
      fc.integer({ min: 1, max: 3 }).chain((groups) =>
        fc.record({
          kind: fc.constant('packed' as const),
          values: fc.array(value, { minLength: groups * 8, maxLength: groups * 8 }),
        }),
      ),
    ),
    { maxLength: 6 },
  );
}

function encode(all: readonly Run[], width: number): Buffer {
  return Buffer.concat(
    all.map((one) => {
      if (one.kind === 'run')
        return Buffer.concat([varint(one.count * 2), little(BigInt(one.value), Math.ceil(width / 8))]);
      const bits = one.values.reduce(
        (sum, value, index) => sum | (BigInt(value) << BigInt(index * width)),
        0n,
      );
      return Buffer.concat([
        varint((one.values.length / 8) * 2 + 1),
        little(bits, (one.values.length / 8) * width),
      ]);
    }),
  );
}

function little(value: bigint, size: number): Buffer {
  return Buffer.from(
    Array.from({ length: size }, (_, index) => Number((value >> BigInt(index * 8)) & 0xffn)),
  );
}

function varint(value: number): Buffer {
  const bytes = [];
  let left = value;
  for (; left >= 128; left >>= 7) bytes.push((left & 127) | 128);
  return Buffer.from([...bytes, left]);
}

suite('runs and packed bits', () => {
  test('give back what was encoded, one by one and at once, in any width', () => {
    const cases = fc.integer({ min: 1, max: 32 }).chain((width) => fc.tuple(fc.constant(width), runs(width)));
    fc.assert(
      fc.property(cases, ([width, all]) => {
        const bytes = encode(all, width);
        const expected = all.flatMap((one) =>
          one.kind === 'run' ? Array.from({ length: one.count }, () => one.value) : one.values,
        );
        const reader = new HybridReader(bytes, 0, bytes.length, width);
        assert.deepEqual(
          expected.map(() => reader.next()),
          expected,
        );
        assert.throws(
          () => reader.next(),
          (error: unknown) => reasonOf(error) === 'CorruptParquet',
        );
        if (width > 8) return;
        const filled = new Uint8Array(expected.length);
        const filler = new HybridReader(bytes, 0, bytes.length, width);
        // oxlint-disable-next-line unicorn/no-array-fill-with-reference-type -- the reader's own method, not an array's
        filler.fill(filled);
        assert.deepEqual([...filled], expected);
      }),
    );
  });

  test('of no width are zeros, whether or not they are written', () => {
    assert.equal(new HybridReader(Buffer.alloc(0), 0, 0, 0).next(), 0);
    assert.equal(new HybridReader(Buffer.from([6]), 0, 1, 0).next(), 0);
  });

  test('of more bits than a number of 32 are refused', () => {
    assert.throws(() => new HybridReader(Buffer.alloc(9), 0, 9, 33), { reason: 'CorruptParquet' });
  });

  test('take as many bits as their largest value needs', () => {
    assert.deepEqual([0, 1, 2, 3, 4, 255, 256].map(bitWidth), [0, 1, 2, 2, 3, 8, 9]);
  });
});
