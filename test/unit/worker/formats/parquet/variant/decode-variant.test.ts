import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { RowState } from '../../../../../../worker/formats/parquet/values/row-state.ts';
import { decodeVariant, readNames } from '../../../../../../worker/formats/parquet/variant/decode-variant.ts';

const decode = (hex: string, names: readonly string[] = [], row = new RowState(10_000)) =>
  decodeVariant(Buffer.from(hex.replaceAll(' ', ''), 'hex'), names, row);

suite('variants in their binary form', () => {
  test('names are read from the metadata', () => {
    assert.deepEqual(readNames(Buffer.from('010200010461626364', 'hex')), ['a', 'bcd']);
    assert.deepEqual(readNames(Buffer.from('010000', 'hex')), []);
    assert.throws(() => readNames(Buffer.from('0203', 'hex')), RangeError);
    assert.throws(() => readNames(Buffer.from('01ff0001', 'hex')), RangeError);
  });

  test('scalars become the values that columns of their types have', () => {
    assert.equal(decode('00'), null);
    assert.equal(decode('04'), true);
    assert.equal(decode('0c ff'), -1);
    assert.equal(decode('18 ffffffffffffff7f'), '9223372036854775807');
    assert.equal(decode('20 02 e2040000'), 12.5);
    assert.equal(decode('2c 00000000'), '1970-01-01');
    assert.equal(decode('30 0000000000000000'), '1970-01-01T00:00:00.000000Z');
    assert.equal(decode('3c 02000000 00ff'), 'AP8=');
    assert.equal(decode('09 6869'), 'hi');
    assert.equal(decode('50 0198c1f200007abc8def0123456789ab'), '0198c1f2-0000-7abc-8def-0123456789ab');
  });

  test('objects and arrays are put together by their offsets', () => {
    assert.deepEqual(decode('03 02 00 01 02 04 00'), [true, null]);
    assert.deepEqual(
      decode('02 02 01 00 00 01 02 04 00', ['a', '__proto__']),
      JSON.parse('{"__proto__":true,"a":null}'),
    );
  });

  test('what lies beyond the bytes, and what there is not, is damage', () => {
    for (const hex of ['', '18 00', '09', 'f8', '03 05 00', '02 01 07 00 01 00', '03 01 09 0a']) {
      assert.throws(() => decode(hex), RangeError, hex);
    }
  });

  test('few bytes that say the same many times over do not make more than a row may hold', () => {
    // Each array holds the next one twice.
    const levels = 60;
    const array = '03 02 00 00 00'.replaceAll(' ', '');
    const row = new RowState(10_000);
    decode(array.repeat(levels) + '00', [], row);
    assert.ok(row.full && row.size < 20_000);
    assert.throws(
      () => decode(array.replace('02', '01').replace('000000', '0000').repeat(200) + '00'),
      RangeError,
    );
  });
});
