import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseDuration } from '../../../lib/duration.ts';

const readable: readonly (readonly [text: string, ms: number])[] = [
  ['0', 0],
  ['0s', 0],
  ['300ms', 300],
  ['90s', 90_000],
  ['1h30m', 5_400_000],
  ['1.5h', 5_400_000],
  ['.5s', 500],
  ['2.s', 2000],
  ['168h0m0s', 604_800_000],
  ['1m500ms', 60_500],
  ['400d', 34_560_000_000],
  ['1us', 0.001],
  ['1µs', 0.001],
  ['1000000ns', 1],
];

test('a duration is read as Go reads it, and days as 24 hours', () => {
  for (const [text, ms] of readable) assert.equal(parseDuration(text), ms, text);
});

test('what Go would refuse as a duration, and a sign, is not a duration', () => {
  const refused = ['', ' ', '1', '-1h', '+1h', '1 h', '1h ', 'h', '1x', '.s', '1hm', '1e3s', 'Infinityh'];
  for (const text of [...refused, `${'9'.repeat(400)}h`]) assert.equal(parseDuration(text), undefined, text);
});

test('law: a duration of several parts is the sum of its parts', () => {
  const part = fc.tuple(fc.nat(), fc.constantFrom('ms', 's', 'm', 'h', 'd'));
  fc.assert(
    fc.property(fc.array(part, { minLength: 1 }), (parts) => {
      const texts = parts.map(([count, unit]) => `${count}${unit}`);
      const sum = texts.reduce((total, text) => total + (parseDuration(text) ?? NaN), 0);
      assert.equal(parseDuration(texts.join('')), sum);
    }),
  );
});

test('law: any text is a duration of at least 0 or none, and never an exception', () => {
  const text = fc.oneof(fc.string(), fc.stringMatching(/^([0-9.]{1,5}[nuµmshd]{1,2}){0,3}$/));
  fc.assert(
    fc.property(text, (given) => {
      const ms = parseDuration(given);
      assert.ok(ms === undefined || (Number.isFinite(ms) && ms >= 0));
    }),
  );
});
