import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { decideJob } from '../../../../../cli/local/jobs/decide-job.ts';
import type { Job, JobSpec, JobStatus } from '../../../../../cli/local/jobs/job.ts';
import type { Pod, PodStatus } from '../../../../../cli/local/pod.ts';

const now = Date.parse('2026-11-23T18:00:00Z');

function job(spec: Partial<JobSpec> = {}, status: JobStatus = {}): Job {
  return {
    metadata: { name: 'job', namespace: 'acme', uid: 'job-uid' },
    spec: {
      completions: 2,
      parallelism: 2,
      backoffLimit: 2_147_483_647,
      backoffLimitPerIndex: 1,
      podReplacementPolicy: 'TerminatingOrFailed',
      suspend: false,
      selector: { matchLabels: {} },
      template: { spec: { containers: [{ name: 'worker', image: 'x' }] } },
      ...spec,
    },
    status,
  };
}

interface PodChanges {
  readonly failures?: number;
  readonly isTracked?: boolean;
  readonly isDeleted?: boolean;
  readonly exitCode?: number;
  readonly endedMsAgo?: number;
}

function pod(
  uid: string,
  index: number,
  phase: NonNullable<PodStatus['phase']>,
  changes: PodChanges = {},
): Pod {
  const { failures = 0, isTracked = true, isDeleted = false, exitCode = 1, endedMsAgo = 60_000 } = changes;
  const finishedAt = new Date(now - endedMsAgo).toISOString();
  const terminated = { exitCode, reason: 'Error', startedAt: finishedAt, finishedAt };
  const base = {
    name: 'worker',
    image: 'x',
    imageID: '',
    ready: false,
    started: false,
    restartCount: 0,
    lastState: {},
  };
  return {
    metadata: {
      name: uid,
      namespace: 'acme',
      uid,
      annotations: {
        'batch.kubernetes.io/job-completion-index': String(index),
        'batch.kubernetes.io/job-index-failure-count': String(failures),
      },
      ...(isTracked ? { finalizers: ['batch.kubernetes.io/job-tracking'] } : {}),
      ...(isDeleted ? { deletionTimestamp: finishedAt } : {}),
    },
    spec: { containers: [{ name: 'worker', image: 'x' }] },
    status: {
      phase,
      ...(phase === 'Failed' ? { containerStatuses: [{ ...base, state: { terminated } }] } : {}),
    },
  };
}

function decide(aJob: Job, ...pods: readonly Pod[]) {
  const decision = decideJob({ job: aJob, pods, now, backoffMs: 10_000 });
  const names = (list: readonly Pod[]) => list.map(({ metadata }) => metadata.uid);
  return {
    ...decision,
    create: decision.create.map(({ index, failures, ignored }) => `${index}:${failures}:${ignored}`),
    remove: names(decision.remove),
    release: names(decision.release),
    conditions: decision.status.conditions?.map(({ type, status }) => `${type}=${status}`),
  };
}

suite('one step of a Job', () => {
  test('a new Job gets a pod for each index that may run', () => {
    const { create, status } = decide(job({ completions: 5 }));
    assert.deepEqual(create, ['0:0:0', '1:0:0']);
    assert.deepEqual([status.active, status.startTime], [2, '2026-11-23T18:00:00Z']);
  });

  test('a failed pod is noted, kept until its successor is there, and counted when it is gone', () => {
    const failed = pod('first', 0, 'Failed');
    const noted = decide(job(), failed, pod('other', 1, 'Running'));
    assert.deepEqual([noted.create, noted.release], [['0:1:0'], []]);
    assert.deepEqual(noted.status.uncountedTerminatedPods, { failed: ['first'] });
    assert.equal(noted.status.failed, 0);

    const replaced = decide(
      job({}, noted.status),
      failed,
      pod('second', 0, 'Running', { failures: 1 }),
      pod('other', 1, 'Running'),
    );
    assert.deepEqual(replaced.release, ['first']);
    const let1 = pod('first', 0, 'Failed', { isTracked: false });
    const counted = decide(
      job({}, replaced.status),
      let1,
      pod('second', 0, 'Running', { failures: 1 }),
      pod('other', 1, 'Running'),
    );
    assert.deepEqual([counted.status.failed, counted.status.uncountedTerminatedPods], [1, {}]);
  });

  test('a controller that died after it noted a failure counts it once', () => {
    const status: JobStatus = { failed: 0, uncountedTerminatedPods: { failed: ['first'] } };
    const gone = decide(job({}, status), pod('second', 0, 'Running', { failures: 1 }));
    assert.deepEqual([gone.status.failed, gone.status.uncountedTerminatedPods], [1, {}]);
    assert.equal(decide(job({}, gone.status), pod('second', 0, 'Running', { failures: 1 })).status.failed, 1);
  });

  test('the next try of an index waits, twice as long after each failure', () => {
    const waiting = decide(
      job({ completions: 1, backoffLimitPerIndex: 5 }),
      pod('a', 0, 'Failed', { endedMsAgo: 1_000 }),
    );
    assert.deepEqual([waiting.create, waiting.requeueAfterMs], [[], 9_000]);
    const later = decide(
      job({ completions: 1, backoffLimitPerIndex: 5 }),
      pod('a', 0, 'Failed', { endedMsAgo: 1_000, failures: 2 }),
    );
    assert.deepEqual([later.create, later.requeueAfterMs], [[], 39_000]);
  });

  test('an index at its limit is given up, and the Job fails when nothing else is left', () => {
    const spent = pod('a', 0, 'Failed', { failures: 1 });
    const going = decide(job(), spent, pod('b', 1, 'Running'));
    assert.deepEqual([going.create, going.status.failedIndexes, going.conditions], [[], '0', []]);
    const ending = decide(job({}, going.status), spent, pod('b', 1, 'Succeeded'));
    assert.deepEqual(ending.conditions, ['FailureTarget=True']);
    assert.deepEqual(ending.release, ['a', 'b']);
    const settled = decide(
      job({}, ending.status),
      pod('a', 0, 'Failed', { failures: 1, isTracked: false }),
      pod('b', 1, 'Succeeded', { isTracked: false }),
    );
    assert.deepEqual(settled.conditions, ['FailureTarget=True', 'Failed=True']);
    assert.equal(settled.status.failed, 1);
  });

  test('a Job is not over before its last pod has ended', () => {
    const rules = [{ action: 'FailJob' as const, onExitCodes: { operator: 'In' as const, values: [10] } }];
    const fatal = job({ podFailurePolicy: { rules }, podReplacementPolicy: 'Failed' });
    const first = decide(fatal, pod('a', 0, 'Failed', { exitCode: 10 }), pod('b', 1, 'Running'));
    assert.deepEqual([first.remove, first.conditions], [['b'], ['FailureTarget=True']]);
    const waiting = decide({ ...fatal, status: first.status }, pod('b', 1, 'Running', { isDeleted: true }));
    assert.deepEqual([waiting.conditions, waiting.status.terminating], [['FailureTarget=True'], 1]);
  });

  test('a Job that waits for failed pods does not replace one that is still ending', () => {
    const leaving = pod('a', 0, 'Running', { isDeleted: true });
    assert.deepEqual(
      decide(job({ podReplacementPolicy: 'Failed' }), leaving, pod('b', 1, 'Running')).create,
      [],
    );
    const replaced = decide(job({ backoffLimitPerIndex: 3 }), leaving, pod('b', 1, 'Running'));
    assert.deepEqual(replaced.create, ['0:1:0']);
  });

  test('two pods of one index become one, and pods beyond the last index go', () => {
    const surplus = decide(
      job({ completions: 1, parallelism: 1 }),
      pod('a', 0, 'Running'),
      pod('b', 0, 'Running'),
      pod('c', 1, 'Running'),
    );
    assert.deepEqual(surplus.remove, ['b', 'c']);
    assert.deepEqual(surplus.forget.length, 2);
  });

  test('what was decided is decided again, when nothing happened', () => {
    const pods = [pod('a', 0, 'Running'), pod('b', 1, 'Succeeded')];
    const once = decide(job(), ...pods);
    const again = decide(job({}, once.status), ...pods);
    assert.deepEqual(again.status, once.status);
  });
});
