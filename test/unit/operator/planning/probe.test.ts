import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { planProbe, type ProbeSituation } from '../../../../operator/planning/probe.ts';
import { annotations } from '../../../../operator/resources/names.ts';
import type { Job, JobStatus } from '../../../../operator/resources/worker-job.ts';
import { finished, workerJob } from '../../../support/builders/jobs.ts';
import { startTime } from '../../../support/builders/resources.ts';

const occasion = { probed: 'spec-1', requestedAt: 'noon' };

function probe(status?: JobStatus, changes: Partial<typeof occasion> = {}): Job {
  const { probed, requestedAt } = { ...occasion, ...changes };
  const job = workerJob({ shards: 1, ...(status === undefined ? {} : { status }) });
  const own = { [annotations.probed]: probed, [annotations.requestedAt]: requestedAt };
  return { ...job, metadata: { ...job.metadata, annotations: own } };
}

function situation(...jobs: readonly Job[]): ProbeSituation {
  return { jobs, occasion, goodForMs: 60_000, nowMs: startTime + 30_000 };
}

suite('the plan of an identity probe', () => {
  test('starts one where there is none, by the same name whoever plans it', () => {
    const plan = planProbe(situation());
    assert.equal(plan.kind, 'start');
    assert.deepEqual(planProbe(situation()), plan);
  });

  test('waits for the one that runs, also where it asks about what is no longer so', () => {
    const running = probe(undefined, { probed: 'spec-0' });
    assert.deepEqual(planProbe(situation(running)), { kind: 'wait', job: running, late: false });
  });

  test('gives up one that runs for long and asks about what is no longer so, and no other', () => {
    const [old, current] = [probe(undefined, { probed: 'spec-0' }), probe()];
    const later = { nowMs: startTime + 121_000 };
    assert.deepEqual(planProbe({ ...situation(old), ...later }), { kind: 'giveUp', job: old });
    assert.deepEqual(planProbe({ ...situation(current), ...later }), {
      kind: 'wait',
      job: current,
      late: true,
    });
  });

  test('keeps an answer while it is good, for the same spec and request', () => {
    const answered = probe(finished('Complete'));
    assert.equal(planProbe(situation(answered)).kind, 'keep');
    assert.equal(planProbe({ ...situation(answered), goodForMs: 0 }).kind, 'start');
    assert.equal(planProbe({ ...situation(answered), nowMs: startTime + 60_000 }).kind, 'start');
  });

  test('asks anew after a changed spec or a request, under another name, and lets go what nobody reads', () => {
    const changed = probe(finished('Complete'), { probed: 'spec-0' });
    const before = probe(finished('Failed'), { requestedAt: 'morning' });
    const plan = planProbe(situation(changed, before));
    assert.ok(plan.kind === 'start');
    assert.deepEqual(plan.surplus, [changed]);
    const first = planProbe(situation());
    assert.ok(first.kind === 'start' && first.hash !== plan.hash);
  });
});
