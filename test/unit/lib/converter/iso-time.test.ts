import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { formatIsoTime, parseIsoTime } from '../../../../lib/converter/iso-time.ts';
import { compileTimeFormat } from '../../../../lib/converter/java-time-format.ts';

const instants = fc.date({
  min: new Date('0000-01-01T00:00:00Z'),
  max: new Date('9999-12-31T23:59:59.999Z'),
  noInvalidDate: true,
});

test('[I-32] every instant of ten thousand years is read back from its ISO text', () => {
  fc.assert(
    fc.property(instants, (instant) => {
      assert.equal(parseIsoTime(instant.toISOString()), instant.getTime());
      const seconds = Math.floor(instant.getTime() / 1000) * 1000;
      assert.equal(parseIsoTime(formatIsoTime(instant.getTime()) ?? ''), seconds);
    }),
    { numRuns: 5000 },
  );
});

test('[I-32] an offset moves an ISO time by that much', () => {
  fc.assert(
    fc.property(
      instants,
      fc.integer({ min: -17, max: 17 }),
      fc.integer({ min: 0, max: 59 }),
      (instant, hours, minutes) => {
        const sign = hours < 0 ? '-' : '+';
        const offset = `${String(Math.abs(hours)).padStart(2, '0')}:${String(minutes).padStart(2, '0')}`;
        const shift = (Math.abs(hours) * 60 + minutes) * 60_000 * (hours < 0 ? -1 : 1);
        const text = instant.toISOString().replace('Z', sign + offset);
        assert.equal(parseIsoTime(text), instant.getTime() - shift);
      },
    ),
  );
});

test('[I-32] any text is an ISO time or none, and none throws', () => {
  const near = fc.tuple(instants, fc.nat(24), fc.string({ maxLength: 3 })).map(([instant, at, inserted]) => {
    const text = instant.toISOString();
    return text.slice(0, at) + inserted + text.slice(at + inserted.length);
  });
  fc.assert(
    fc.property(fc.oneof(fc.string(), near), (text) => {
      const read = parseIsoTime(text);
      if (read === undefined || !/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/.test(text)) return;
      assert.equal(read, Date.parse(text), text);
    }),
    { numRuns: 5000 },
  );
});

test('[I-32] every instant is read back from a Java format that tells all of it', () => {
  const format = compileTimeFormat("yyyy-MM-dd'T'HH:mm:ss.SSSXX");
  fc.assert(
    fc.property(instants, (instant) => {
      assert.equal(format.kind === 'compiled' && format.parse(instant.toISOString()), instant.getTime());
    }),
  );
});

test('[I-32] any text as a time format compiles or is refused, and reads any text without throwing', () => {
  const letters = fc.constantFrom(...'yuMLdDHkKhmsSaEZXxzQ'.split(''), "'", '-', ' ', '/', ':');
  const formats = fc
    .array(fc.tuple(letters, fc.integer({ min: 1, max: 5 })))
    .map((runs) => runs.map(([letter, count]) => letter.repeat(count)).join(''));
  fc.assert(
    fc.property(fc.oneof(formats, fc.string()), fc.string(), instants, (source, text, instant) => {
      const format = compileTimeFormat(source);
      if (format.kind === 'invalid') {
        assert.match(format.message, /^the time format /);
        return;
      }
      for (const tried of [
        text,
        instant.toISOString(),
        instant.toUTCString(),
        instant.toISOString().replaceAll(/\D/g, ''),
      ]) {
        const read = format.parse(tried);
        assert.ok(read === undefined || Number.isFinite(read));
      }
    }),
    { numRuns: 3000 },
  );
});

for (const [source, text, expected] of [
  ['hh:mm a', '12:30 AM', '1970-01-01T00:30:00Z'],
  ['hh:mm a', '12:30 pm', '1970-01-01T12:30:00Z'],
  ['KK:mm a', '00:30 PM', '1970-01-01T12:30:00Z'],
  ['kk:mm', '24:30', '1970-01-01T00:30:00Z'],
  ['d MMM yyyy', '3 sept 2021', undefined],
  ['d MMM yyyy', '3 Sep 2021', '2021-09-03T00:00:00Z'],
  ['d MMMM yyyy', '3 september 2021', '2021-09-03T00:00:00Z'],
  ['yyyy-MM-dd HH:mm:ss,SSS', '2021-01-01 00:00:00,5', '2021-01-01T00:00:00.500Z'],
  ["h 'o''clock' a", "3 o'clock PM", '1970-01-01T15:00:00Z'],
  ['yyyy-MM-dd z', '2021-01-01 PST', '2021-01-01T08:00:00Z'],
  ['yyyy-MM-dd z', '2021-01-01 GMT+02:00', '2020-12-31T22:00:00Z'],
  ['yyyy-MM-dd', '2021-02-29', undefined],
  ['yyyy-DDD', '2021-366', undefined],
  ['h:mm a', '13:00 PM', undefined],
  ['HH:mm', '24:00', undefined],
] as const) {
  test(`[I-32] the format ${source} reads ${text} as ${expected ?? 'no time'}`, () => {
    const format = compileTimeFormat(source);
    const read = format.kind === 'compiled' ? format.parse(text) : format.message;
    assert.equal(read, expected === undefined ? undefined : Date.parse(expected));
  });
}

for (const [source, says] of [
  ['', 'is empty'],
  ["yyyy 'open", 'a single quote without its partner'],
  ['VV', 'has "VV"'],
  ['yyyy-ww', 'has "ww"'],
] as const) {
  test(`[I-35] the time format ${JSON.stringify(source)} is refused with the way out`, () => {
    const format = compileTimeFormat(source);
    assert.ok(format.kind === 'invalid' && format.message.includes(says), JSON.stringify(format));
  });
}
