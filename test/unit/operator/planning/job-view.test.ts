import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { viewJob } from '../../../../operator/planning/job-view.ts';
import { finished, jobView, workerJob } from '../../../support/builders/jobs.ts';

suite('what a plan sees of a Job', () => {
  test('run, template and size, from its annotations and spec', () => {
    const job = workerJob({ run: 12, shards: 3, templateHash: 'hash-9', status: { active: 3 } });
    assert.deepEqual(viewJob(job), jobView({ run: 12, size: 3, templateHash: 'hash-9' }));
  });

  test('the indexes whose workers have not ended, and how many were given up', () => {
    const { size, live, failed } = viewJob(
      workerJob({ shards: 8, status: { completedIndexes: '0,2-4', failedIndexes: '6' } }),
    );
    assert.deepEqual([size, live, failed], [8, [1, 5, 7], 1]);
  });

  test('of indexes that a smaller size has cut off, nothing', () => {
    const { live, failed } = viewJob(
      workerJob({ shards: 2, status: { completedIndexes: '1,5', failedIndexes: '3' } }),
    );
    assert.deepEqual([live, failed], [[0], 0]);
  });

  test('a Job that is over has nobody at work', () => {
    assert.deepEqual(viewJob(workerJob({ status: finished('Failed') })).live, []);
  });

  test('a Job that nothing is known of yet is at work', () => {
    assert.equal(viewJob(workerJob()).state, 'active');
  });

  test('a Job is at work until its condition is True, also while its end is under way', () => {
    const conditions = [
      { type: 'SuccessCriteriaMet', status: 'True' },
      { type: 'Complete', status: 'False' },
    ];
    assert.equal(viewJob(workerJob({ status: { conditions } })).state, 'active');
  });

  test('a Job that is complete has succeeded, one that failed has failed', () => {
    assert.equal(viewJob(workerJob({ status: finished('Complete') })).state, 'succeeded');
    assert.equal(viewJob(workerJob({ status: finished('Failed') })).state, 'failed');
  });
});
