import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import fc from 'fast-check';
import { countIndexes, countShards } from '../../../../operator/planning/shard-counts.ts';
import { finished, workerJob } from '../../../support/builders/jobs.ts';

suite('indexes as a Job writes them', () => {
  for (const [text, count] of [
    ['', 0],
    ['0', 1],
    ['1,3-5', 4],
    ['0-99,200', 101],
  ] as const) {
    test(`"${text}" names ${count}`, () => assert.equal(countIndexes(text), count));
  }

  test('any set of them is counted whole', () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.nat({ max: 60 })), (indexes) => {
        assert.equal(countIndexes(compress(indexes.toSorted((a, b) => a - b))), indexes.length);
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

suite('workers as a status shows them', () => {
  test('without a Job under way, only those that are desired', () => {
    const done = workerJob({ status: finished('Complete', { failedIndexes: '1', active: 0 }) });
    assert.deepEqual(countShards([done], 2), { desired: 2, active: 0, failed: 0 });
    assert.deepEqual(countShards([], 0), { desired: 0, active: 0, failed: 0 });
  });

  test('with one, those that it has', () => {
    const job = workerJob({ shards: 5, status: { active: 3, failedIndexes: '0,4' } });
    assert.deepEqual(countShards([job], 2), { desired: 5, active: 3, failed: 2 });
    assert.equal(countShards([job], 8).desired, 8);
  });
});
