import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { formatAge } from '../../../../cli/output/format-age.ts';

const [second, minute, hour, day] = [1_000, 60_000, 3_600_000, 86_400_000];

suite('ages as kubectl shows them', () => {
  for (const [ms, text] of [
    [-5, '0s'],
    [119 * second, '119s'],
    [2 * minute, '2m'],
    [5 * minute + 3 * second, '5m3s'],
    [10 * minute + 59 * second, '10m'],
    [179 * minute, '179m'],
    [3 * hour, '3h'],
    [7 * hour + 59 * minute, '7h59m'],
    [47 * hour, '47h'],
    [2 * day, '2d'],
    [3 * day + 5 * hour, '3d5h'],
    [8 * day + 5 * hour, '8d'],
    [729 * day, '729d'],
    [730 * day, '2y'],
    [1000 * day, '2y270d'],
    [3650 * day, '10y'],
  ] as const) {
    test(`an age of ${String(ms)} ms is ${text}`, () => {
      assert.equal(formatAge(ms), text);
    });
  }
});
