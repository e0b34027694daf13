import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { formatReport, noRecords } from '../../../../lib/contract/report.ts';
import type { WorkerPod } from '../../../../operator/resources/worker-pod.ts';
import { isEvicted, troubleOf } from '../../../../operator/planning/pod-trouble.ts';
import {
  endedWith,
  evicted,
  runningSince,
  unschedulable,
  waitingFor,
  workerPod,
} from '../../../support/builders/worker-pod.ts';
import { startTime } from '../../../support/builders/resources.ts';

function told(status: NonNullable<WorkerPod['status']>) {
  return troubleOf(workerPod({ status }));
}

suite('what keeps a pod from running', () => {
  test('nothing, of one that runs, has done its work or has only begun', () => {
    for (const status of [
      runningSince(startTime),
      endedWith(0),
      { phase: 'Pending' },
      {},
      waitingFor('ContainerCreating'),
    ]) {
      assert.equal(told(status), undefined);
    }
  });

  test('no node, in the words of the scheduler, without what changes from look to look', () => {
    const before =
      '0/5 nodes are available: 1 node(s) had untolerated taint {dedicated: gpu}, 4 Insufficient memory. ' +
      'preemption: 0/5 nodes are available: 5 Preemption is not helpful for scheduling.';
    const after =
      '0/7 nodes are available: 6 Insufficient memory, 1 node(s) had untolerated taint {dedicated: gpu}. ' +
      'preemption: 0/7 nodes are available: 1 Preemption is not helpful, 6 No preemption victims found.';
    const trouble = {
      reason: 'PodUnschedulable',
      message: 'No node takes a worker: Insufficient memory, node(s) had untolerated taint {dedicated: gpu}.',
    };
    assert.deepEqual(told(unschedulable(before)), trouble);
    assert.deepEqual(told(unschedulable(after)), trouble);
    assert.equal(
      told(unschedulable('no nodes available to schedule pods'))?.message,
      'No node takes a worker: no nodes available to schedule pods.',
    );
  });

  test('an image that cannot be pulled, alike while it is tried and while the node waits', () => {
    const image = 'registry.example/millrace:1';
    const cause = `failed to pull and unpack image "${image}": failed to resolve reference: ${image}: not found`;
    const tried = told(waitingFor('ErrImagePull', `rpc error: code = NotFound desc = ${cause}`));
    const waited = told(
      waitingFor('ImagePullBackOff', `Back-off pulling image "${image}": ErrImagePull: ${cause}`),
    );
    assert.deepEqual(tried, waited);
    assert.deepEqual([tried?.reason, tried?.message.includes(image)], ['ImagePullFailed', true]);
    assert.match(tried?.message ?? '', /The registry has no such image\./);
  });

  for (const [message, cause] of [
    ['failed to authorize: 401 Unauthorized', /refuses the node/],
    [
      'tls: failed to verify certificate: x509: certificate signed by unknown authority',
      /certificate is not trusted/,
    ],
    ['dial tcp: lookup registry.example: no such host', /does not answer/],
    ['toomanyrequests: You have reached your pull rate limit.', /fewer requests/],
    ['something new', /cannot be pulled\. Check/],
  ] as const) {
    test(`an image whose pull fails with "${message.slice(0, 40)}" is told with its cause`, () => {
      assert.match(told(waitingFor('ErrImagePull', message))?.message ?? '', cause);
    });
  }

  test('a container that cannot be made, without the name of the pod', () => {
    const missing = told(
      waitingFor('CreateContainerConfigError', "couldn't find key url in Secret acme/analytics-db"),
    );
    assert.deepEqual(missing, {
      reason: 'ContainerConfigError',
      message: "A worker's container cannot be made: couldn't find key url in Secret acme/analytics-db.",
    });
    const root = told(
      waitingFor(
        'CreateContainerConfigError',
        'container has runAsNonRoot and image will run as root ' +
          '(pod: "web-events-1-0-x7x2p_acme(0d8c4f33-5a2f-4a53-b9a6-0c2b1c1a9a11)", container: worker)',
      ),
    );
    assert.equal(
      root?.message,
      "A worker's container cannot be made: container has runAsNonRoot and image will run as root.",
    );
  });
});

suite('what ended a pod', () => {
  test('its memory, whatever it reported', () => {
    const trouble = told(endedWith(137, { reason: 'OOMKilled' }));
    assert.equal(trouble?.reason, 'WorkerOOMKilled');
    assert.match(trouble?.message ?? '', /limits\.memory/);
  });

  test('[C-06] the cause that its report names', () => {
    const message = formatReport({
      outcome: 'failed',
      reason: 'StoreUnreachable',
      message: 'Nothing answers.',
      files: 0,
      records: noRecords,
    });
    assert.deepEqual(told(endedWith(30, { message })), {
      reason: 'MaxFailedShardsExceeded',
      message:
        'StoreUnreachable: Nothing answers. Check host and port of the connection string, NetworkPolicies for egress, and ' +
        'that the server runs.',
    });
  });

  test('a signal or a bug, by its exit code', () => {
    assert.deepEqual(told(endedWith(139)), {
      reason: 'WorkerCrashed',
      message: 'A worker ended with exit code 139 and told no cause.',
    });
  });

  test('its node, where no container says how it ended', () => {
    assert.equal(told({ phase: 'Failed' })?.reason, 'WorkerCrashed');
  });

  test('an eviction or a drained node is nobody’s fault', () => {
    for (const status of [evicted(), { ...endedWith(137), reason: 'Evicted' }]) {
      assert.equal(told(status), undefined);
      assert.equal(isEvicted(workerPod({ status })), true);
    }
    assert.equal(isEvicted(workerPod({ status: endedWith(1) })), false);
  });
});
