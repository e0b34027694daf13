import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { countShards } from '../../../../operator/planning/shard-counts.ts';
import { finished, workerJob } from '../../../support/builders/jobs.ts';

suite('workers as a status shows them', () => {
  test('without a Job under way, only those that are desired', () => {
    const done = workerJob({ status: finished('Complete', { failedIndexes: '1', active: 0 }) });
    assert.deepEqual(countShards([done], 2), { desired: 2, active: 0, failed: 0 });
    assert.deepEqual(countShards([], 0), { desired: 0, active: 0, failed: 0 });
  });

  test('with one, those that are at work in it, or are wanted', () => {
    const job = workerJob({ shards: 5, status: { active: 3, failedIndexes: '0,4' } });
    assert.deepEqual(countShards([job], 2), { desired: 3, active: 3, failed: 2 });
    assert.equal(countShards([job], 8).desired, 8);
  });
});
