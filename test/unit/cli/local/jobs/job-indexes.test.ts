import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import fc from 'fast-check';
import { formatIndexes, parseIndexes } from '../../../../../cli/local/jobs/job-indexes.ts';

suite('indexes of a Job as text', () => {
  for (const [indexes, text] of [
    [[], ''],
    [[0], '0'],
    [[1, 0], '0,1'],
    [[0, 1, 2, 5], '0-2,5'],
    [[1, 3, 4, 6, 7, 8], '1,3,4,6-8'],
  ] as const) {
    test(`the indexes [${indexes.join(' ')}] are written ${JSON.stringify(text)}`, () => {
      assert.equal(formatIndexes(new Set(indexes)), text);
    });
  }

  test('what is written is read again, but for indexes that the Job no longer has', () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.nat(30)), fc.nat(31), (list, completions) => {
        const read = parseIndexes(formatIndexes(new Set(list)), completions);
        assert.deepEqual(
          read,
          new Set(list.filter((index) => index < completions).toSorted((a, b) => a - b)),
        );
      }),
    );
  });
});
