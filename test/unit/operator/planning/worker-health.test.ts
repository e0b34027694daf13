import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { judgeWorkers, troubleOfRefusal, worstOf } from '../../../../operator/planning/worker-health.ts';
import { startTime } from '../../../support/builders/resources.ts';
import {
  endedWith,
  evicted,
  runningSince,
  unschedulable,
  waitingFor,
  workerPod,
} from '../../../support/builders/worker-pod.ts';

const nowMs = startTime + 300_000;
const full = unschedulable('0/1 nodes are available: 1 Insufficient cpu.');

suite('how the workers of a Job stand', () => {
  test('those that run are steady, and one that cannot is told', () => {
    const pods = [
      workerPod({ index: 0, status: runningSince(startTime) }),
      workerPod({ index: 1, status: full }),
      workerPod({ index: 2, status: endedWith(0) }),
    ];
    const { steady, trouble } = judgeWorkers(pods, nowMs);
    assert.deepEqual([steady, trouble?.reason], [1, 'PodUnschedulable']);
  });

  test('what a worker met before its successor ran is over', () => {
    const pods = [
      workerPod({ attempt: 0, status: endedWith(1) }),
      workerPod({ attempt: 1, status: runningSince(nowMs - 1_000) }),
    ];
    assert.deepEqual(judgeWorkers(pods, nowMs), { steady: 1, trouble: undefined, evicted: [] });
  });

  test('one that fails again and again is not steady before it has run for a minute', () => {
    const failures = [
      workerPod({ attempt: 0, status: endedWith(1) }),
      workerPod({ attempt: 1, status: endedWith(1) }),
    ];
    const health = (ranMs: number) =>
      judgeWorkers([...failures, workerPod({ attempt: 2, status: runningSince(nowMs - ranMs) })], nowMs);
    assert.deepEqual([health(5_000).steady, health(5_000).trouble?.reason], [0, 'WorkerCrashed']);
    assert.deepEqual([health(60_000).steady, health(60_000).trouble], [1, undefined]);
  });

  test('an eviction is noted until a successor is there, and is no trouble', () => {
    const gone = workerPod({ attempt: 0, status: evicted() });
    assert.deepEqual(judgeWorkers([gone], nowMs), { steady: 0, trouble: undefined, evicted: [gone] });
    const next = workerPod({ attempt: 1, status: runningSince(nowMs) });
    assert.deepEqual(judgeWorkers([gone, next], nowMs).evicted, []);
  });

  test('of several troubles the one that a person must mend comes first', () => {
    const pods = [
      workerPod({ index: 0, status: full }),
      workerPod({ index: 1, status: endedWith(1) }),
      workerPod({ index: 2, status: waitingFor('ErrImagePull', 'not found') }),
    ];
    assert.equal(judgeWorkers(pods, nowMs).trouble?.reason, 'ImagePullFailed');
    assert.equal(worstOf([]), undefined);
  });
});

suite('what the Job controller says of pods that it could not make', () => {
  test('a quota is named with what is used up, without figures', () => {
    const note =
      'Error creating: pods "web-events-1-0-x7x2p" is forbidden: exceeded quota: compute, ' +
      'requested: limits.memory=512Mi,pods=1, used: limits.memory=4Gi,pods=8, limited: limits.memory=4Gi,pods=8';
    assert.deepEqual(troubleOfRefusal(note), {
      reason: 'PodQuotaExceeded',
      message:
        'ResourceQuota compute leaves no room for a worker: it is used up in limits.memory, pods. ' +
        'Raise it, or lower spec.workers.',
    });
  });

  test('another refusal is quoted, without the name of the pod', () => {
    const note =
      'Error creating: pods "web-events-1-0-x7x2p" is forbidden: maximum memory usage per Container is 64Mi, but limit is 512Mi';
    assert.deepEqual(troubleOfRefusal(note), {
      reason: 'WorkerForbidden',
      message:
        'The cluster does not admit the pods of workers: maximum memory usage per Container is 64Mi, but limit is 512Mi.',
    });
  });
});
