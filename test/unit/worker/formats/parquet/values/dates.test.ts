import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import fc from 'fast-check';
import {
  formatDate,
  formatTime,
  timestampFormatter,
} from '../../../../../../worker/formats/parquet/values/dates.ts';

suite('dates and times of Parquet as text', () => {
  test('a moment in milliseconds is written as JavaScript writes it', () => {
    const format = timestampFormatter('milliseconds', true);
    fc.assert(
      fc.property(fc.integer({ min: -8_640_000_000_000_000, max: 8_640_000_000_000_000 }), (ms) => {
        assert.equal(format(ms), new Date(ms).toISOString());
        assert.equal(format(BigInt(ms)), format(ms));
      }),
    );
  });

  test('units finer than a millisecond keep all of their digits, before 1970 too', () => {
    assert.equal(timestampFormatter('microseconds', true)(-1), '1969-12-31T23:59:59.999999Z');
    assert.equal(timestampFormatter('nanoseconds', false)(-1n), '1969-12-31T23:59:59.999999999');
    assert.equal(
      timestampFormatter('nanoseconds', true)(9_223_372_036_854_775_807n),
      '2262-04-11T23:47:16.854775807Z',
    );
  });

  test('days of years beyond four digits carry a sign', () => {
    assert.equal(formatDate(2_932_896), '9999-12-31');
    assert.equal(formatDate(2_932_897), '+010000-01-01');
    assert.equal(formatDate(-719_529), '-000001-12-31');
  });

  test('a time of day has as many digits as its unit', () => {
    assert.equal(formatTime(86_399_999, 'milliseconds'), '23:59:59.999');
    assert.equal(formatTime(1, 'nanoseconds'), '00:00:00.000000001');
  });
});
