import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import fc from 'fast-check';
import { parseIndexes } from '../../../../operator/planning/indexes.ts';

suite('indexes as a Job writes them', () => {
  for (const [text, indexes] of [
    ['', []],
    ['0', [0]],
    ['1,3-5', [1, 3, 4, 5]],
    [undefined, []],
  ] as const) {
    test(`"${text}" names ${indexes.length}`, () => assert.deepEqual(parseIndexes(text), indexes));
  }

  test('any set of them is read whole', () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.nat({ max: 60 })), (indexes) => {
        const sorted = indexes.toSorted((a, b) => a - b);
        assert.deepEqual(parseIndexes(compress(sorted)), sorted);
      }),
    );
  });
});

/** `1,3-5`, as the Job controller writes sorted indexes. */
function compress(sorted: readonly number[]): string {
  const runs: [number, number][] = [];
  for (const index of sorted) {
    const last = runs.at(-1);
    if (last !== undefined && last[1] === index - 1) last[1] = index;
    else runs.push([index, index]);
  }
  return runs.map(([first, last]) => (first === last ? `${first}` : `${first}-${last}`)).join(',');
}
