import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import fc from 'fast-check';
import {
  bigEndian,
  decimalToJson,
  readFloat16,
  unsigned,
  wholeToJson,
} from '../../../../../../worker/formats/parquet/values/numbers.ts';

suite('numbers of Parquet as JSON', () => {
  test('a whole number keeps every digit, as a number or as text', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 64n }), (value) => {
        const json = wholeToJson(Number.isSafeInteger(Number(value)) ? Number(value) : value);
        assert.equal(BigInt(json as number | string), value);
        assert.equal(typeof json, Number.isSafeInteger(Number(value)) ? 'number' : 'string');
      }),
    );
  });

  test('a decimal keeps every digit, as a number or as text', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: -(10n ** 38n), max: 10n ** 38n }), fc.nat(38), (unscaled, scale) => {
        const [mantissa = '', exponent = '0'] = `${decimalToJson(unscaled, scale) as string | number}`.split(
          'e',
        );
        const [whole = '', fraction = ''] = mantissa.split('.');
        const ownScale = fraction.length - Number(exponent);
        const shift = 100;
        const scaled = (value: bigint, by: number) => value * 10n ** BigInt(shift - by);
        assert.equal(scaled(BigInt(whole + fraction), ownScale), scaled(unscaled, scale));
      }),
    );
  });

  test('a decimal with a scale below zero is a multiple', () => {
    assert.equal(decimalToJson(12n, -3), 12_000);
    assert.equal(decimalToJson(0n, -3), 0);
  });

  test("two's complement of any length is what it says", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 20 }),
        fc.bigInt({ min: -(2n ** 159n), max: 2n ** 159n }),
        (size, any) => {
          const value = BigInt.asIntN(size * 8, any);
          const hex = BigInt.asUintN(size * 8, value)
            .toString(16)
            .padStart(size * 2, '0');
          const bytes = Buffer.from(`ff${hex}ff`, 'hex');
          assert.equal(bigEndian(bytes, 1, 1 + size), value);
        },
      ),
    );
  });

  test('a signed number is read as unsigned by its width', () => {
    assert.equal(unsigned(-1, 32), 4_294_967_295);
    assert.equal(unsigned(-1, 64), 18_446_744_073_709_551_615n);
    assert.equal(unsigned(7, 32), 7);
  });

  test('numbers of 16 bits are those of IEEE 754', () => {
    const values: readonly (readonly [number, number])[] = [
      [0x3c00, 1],
      [0xc000, -2],
      [0x7bff, 65_504],
      [0x0001, 2 ** -24],
      [0x7c00, Infinity],
      [0xfc00, -Infinity],
      [0x7e00, Number.NaN],
    ];
    for (const [bits, value] of values) {
      assert.equal(readFloat16(Buffer.from([bits & 0xff, bits >> 8]), 0), value);
    }
  });
});
