import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import fc from 'fast-check';
import { planRun, type JobView, type RunInput, type RunPlan } from '../../../../operator/planning/run.ts';
import { endedRun, jobView, openRun, runInput } from '../../../support/builders/jobs.ts';
import { startTime } from '../../../support/builders/resources.ts';

const second = 1_000;
const minute = 60 * second;

suite('the plan of a run: its arrows', () => {
  const cases: readonly (readonly [name: string, input: RunInput, plan: RunPlan])[] = [
    ['nothing to do, nothing begun: nothing', runInput({ shards: 0 }), { kind: 'none' }],
    ['work to do, nothing begun: a run starts', runInput({ shards: 3 }), { kind: 'start', shards: 3 }],
    [
      '[I-14] [C-04] work to do, but suspended: nothing',
      runInput({ shards: 3, suspended: true }),
      { kind: 'none' },
    ],
    [
      'a Job with workers enough: it is kept',
      runInput({ shards: 2, jobs: [jobView({ size: 2 })], latestRun: openRun() }),
      { kind: 'keep', job: jobView({ size: 2 }) },
    ],
    [
      'a Job with more workers than there is work for: it is kept, and they end by themselves',
      runInput({ shards: 0, jobs: [jobView({ size: 2 })], latestRun: openRun() }),
      { kind: 'keep', job: jobView({ size: 2 }) },
    ],
    [
      'a Job with too few workers: it grows',
      runInput({ shards: 4, jobs: [jobView({ size: 2 })], latestRun: openRun() }),
      { kind: 'resize', job: jobView({ size: 2 }), size: 4, shards: 4 },
    ],
    [
      'a Job some of whose workers have ended, and work for more: others take their places',
      runInput({ shards: 3, jobs: [jobView({ size: 5, live: [1, 4] })], latestRun: openRun() }),
      { kind: 'resize', job: jobView({ size: 5, live: [1, 4] }), size: 6, shards: 3 },
    ],
    [
      'a Job some of whose workers were given up: nobody takes their places',
      runInput({ shards: 3, jobs: [jobView({ size: 3, live: [1, 2], failed: 1 })], latestRun: openRun() }),
      { kind: 'keep', job: jobView({ size: 3, live: [1, 2], failed: 1 }) },
    ],
    [
      'a Job whose workers have all ended: it is let end',
      runInput({ shards: 3, jobs: [jobView({ size: 2, live: [] })], latestRun: openRun() }),
      { kind: 'keep', job: jobView({ size: 2, live: [] }) },
    ],
    [
      'a Job in which very many workers have ended: it gets no more, so that another follows',
      runInput({ shards: 3, jobs: [jobView({ size: 101, live: [100] })], latestRun: openRun() }),
      { kind: 'keep', job: jobView({ size: 101, live: [100] }) },
    ],
    [
      'less work than workers for two minutes: it shrinks from its end',
      runInput({
        shards: 2,
        surplusMs: 2 * minute,
        jobs: [jobView({ size: 7, live: [0, 2, 3, 6] })],
        latestRun: openRun(),
      }),
      { kind: 'resize', job: jobView({ size: 7, live: [0, 2, 3, 6] }), size: 3, shards: 2 },
    ],
    [
      'less work than workers for a moment: they are kept',
      runInput({ shards: 1, surplusMs: 60_000, jobs: [jobView({ size: 4 })], latestRun: openRun() }),
      { kind: 'keep', job: jobView({ size: 4 }) },
    ],
    [
      '[I-14] [C-04] a Job at work when the source is suspended: it is stopped',
      runInput({ suspended: true, jobs: [jobView()], latestRun: openRun() }),
      { kind: 'stop', jobs: [jobView().name], because: 'Suspended' },
    ],
    [
      'a Job of a template that is no longer wanted: it is stopped, the wanted one is not',
      runInput({
        templateHash: 'hash-2',
        jobs: [jobView(), jobView({ run: 2, templateHash: 'hash-2' })],
        latestRun: openRun({ number: 2 }),
      }),
      { kind: 'stop', jobs: [jobView().name], because: 'SpecChanged' },
    ],
    [
      'an open run whose Job succeeded: its account is closed',
      runInput({ jobs: [jobView({ state: 'succeeded' })], latestRun: openRun() }),
      { kind: 'end', run: 1, job: jobView({ state: 'succeeded' }) },
    ],
    [
      'an open run whose Job failed: its account is closed',
      runInput({ jobs: [jobView({ state: 'failed' })], latestRun: openRun() }),
      { kind: 'end', run: 1, job: jobView({ state: 'failed' }) },
    ],
    [
      'an open run without a Job, and work to do: it is started again under its number',
      runInput({ shards: 2, latestRun: openRun({ number: 5 }) }),
      { kind: 'start', shards: 2 },
    ],
    [
      'an open run without a Job, and nothing to do: its account is closed',
      runInput({ shards: 0, latestRun: openRun() }),
      { kind: 'end', run: 1, job: undefined },
    ],
    [
      '[I-14] an open run without a Job when the source is suspended: its account is closed',
      runInput({ suspended: true, latestRun: openRun() }),
      { kind: 'end', run: 1, job: undefined },
    ],
    [
      'new work after a run that did some: the next starts at once',
      runInput({ jobs: [jobView({ state: 'succeeded' })], latestRun: endedRun() }),
      { kind: 'start', shards: 1 },
    ],
    [
      'work that the last run could do nothing about: the next one waits half a minute',
      runInput({ jobs: [jobView({ state: 'succeeded' })], latestRun: endedRun({ files: 0 }) }),
      { kind: 'wait', untilMs: startTime + 30 * second },
    ],
    [
      'work left by a run that failed: the next one waits half a minute',
      runInput({ jobs: [jobView({ state: 'failed' })], latestRun: endedRun() }),
      { kind: 'wait', untilMs: startTime + 30 * second },
    ],
    [
      'the wait is over: the next run starts',
      runInput({
        jobs: [jobView({ state: 'failed' })],
        latestRun: endedRun(),
        nowMs: startTime + 30 * second,
      }),
      { kind: 'start', shards: 1 },
    ],
    [
      'a changed template after a failure: the next run starts at once',
      runInput({ templateHash: 'hash-2', jobs: [jobView({ state: 'failed' })], latestRun: endedRun() }),
      { kind: 'start', shards: 1 },
    ],
    [
      'a failed Job that was cleared away: the next run starts',
      runInput({ latestRun: endedRun() }),
      { kind: 'start', shards: 1 },
    ],
  ];
  for (const [name, input, plan] of cases) {
    test(name, () => assert.deepEqual(planRun(input), plan));
  }

  test('failures in a row double the wait, up to a quarter of an hour', () => {
    const waits = Array.from({ length: 8 }, (_, index) => {
      const run = index + 1;
      const jobs = Array.from({ length: run }, (__, at) => jobView({ run: at + 1, state: 'failed' }));
      const plan = planRun(runInput({ jobs, latestRun: endedRun({ number: run }) }));
      assert.equal(plan.kind, 'wait');
      return plan.kind === 'wait' ? (plan.untilMs - startTime) / second : 0;
    });
    assert.deepEqual(waits, [30, 60, 120, 240, 480, 900, 900, 900]);
  });

  test('a success, or another template, ends the row of failures', () => {
    for (const between of [
      jobView({ run: 2, state: 'succeeded' }),
      jobView({ run: 2, state: 'failed', templateHash: 'old' }),
    ]) {
      const jobs = [jobView({ run: 1, state: 'failed' }), between, jobView({ run: 3, state: 'failed' })];
      const plan = planRun(runInput({ jobs, latestRun: endedRun({ number: 3 }) }));
      assert.deepEqual(plan, { kind: 'wait', untilMs: startTime + 30 * second });
    }
  });
});

const state = fc.constantFrom('active', 'succeeded', 'failed');
const hash = fc.constantFrom('hash-1', 'hash-2');
const anyInput: fc.Arbitrary<RunInput> = fc.record({
  suspended: fc.boolean(),
  templateHash: hash,
  shards: fc.integer({ min: 0, max: 9 }),
  jobs: fc.uniqueArray(
    fc
      .record({
        run: fc.integer({ min: 1, max: 6 }),
        templateHash: hash,
        size: fc.integer({ min: 1, max: 9 }),
        ended: fc.uniqueArray(fc.nat({ max: 8 }), { maxLength: 6 }),
        given: fc.nat({ max: 2 }),
        state,
      })
      .map(({ ended, given, ...changes }) => workedOn(jobView(changes), ended, given)),
    { selector: ({ run }) => run, maxLength: 5 },
  ),
  latestRun: fc.option(
    fc.oneof(
      fc.integer({ min: 1, max: 6 }).map((number) => openRun({ number })),
      fc
        .record({ number: fc.integer({ min: 1, max: 6 }), files: fc.nat({ max: 3 }) })
        .map((changes) => endedRun(changes)),
    ),
    { nil: undefined },
  ),
  surplusMs: fc.constantFrom(0, minute, 2 * minute, 60 * minute),
  nowMs: fc.integer({ min: startTime, max: startTime + 20 * minute }),
});

/** Some of its workers have ended, some of those for good. */
function workedOn(job: JobView, ended: readonly number[], failed: number): JobView {
  const live = job.live.filter((index) => !ended.includes(index));
  return { ...job, live, failed: Math.min(failed, job.size - live.length) };
}

suite('the plan of a run: its laws', () => {
  const law = (holds: (plan: RunPlan, input: RunInput) => void) =>
    fc.assert(
      fc.property(anyInput, (input) => holds(planRun(input), input)),
      { numRuns: 1_000 },
    );
  const active = ({ jobs }: RunInput) => jobs.filter(({ state: one }) => one === 'active');

  test('no run starts while a Job is at work', () => {
    law((plan, input) => {
      if (active(input).length > 0) assert.ok(!['start', 'wait', 'end', 'none'].includes(plan.kind));
    });
  });

  test('[I-14] [C-04] a suspended source starts, keeps and grows nothing', () => {
    law((plan, { suspended }) => {
      if (suspended) assert.ok(['none', 'stop', 'end'].includes(plan.kind));
    });
  });

  test('only Jobs at work that are not wanted are stopped, and all of those', () => {
    law((plan, input) => {
      const unwanted = active(input).filter(
        ({ templateHash }) => input.suspended || templateHash !== input.templateHash,
      );
      const stopped = plan.kind === 'stop' ? plan.jobs : [];
      assert.deepEqual(
        stopped,
        unwanted.map(({ name }) => name),
      );
    });
  });

  test('only an open run is ended, and never one whose Job is at work', () => {
    law((plan, { latestRun }) => {
      if (plan.kind !== 'end') return;
      assert.equal(latestRun?.open, true);
      assert.equal(plan.run, latestRun.number);
      assert.notEqual(plan.job?.state, 'active');
    });
  });

  test('a wait ends within a quarter of an hour of the failure', () => {
    law((plan, { nowMs, latestRun }) => {
      if (plan.kind !== 'wait') return;
      assert.ok(plan.untilMs > nowMs);
      assert.ok(plan.untilMs <= (latestRun?.endedAt ?? NaN) + 15 * minute);
    });
  });

  test('a new size leaves no more workers than are wanted, and those that stay are the first ones', () => {
    law((plan, input) => {
      if (plan.kind === 'start') assert.equal(plan.shards, input.shards);
      if (plan.kind !== 'resize') return;
      const { live } = resized(plan.job, plan.size);
      assert.deepEqual([live.length, plan.shards], [plan.shards, Math.max(live.length, 1)]);
      assert.ok(live.length <= Math.max(input.shards, plan.job.live.length));
      if (plan.size < plan.job.size) {
        assert.deepEqual(live, plan.job.live.slice(0, input.shards));
        assert.ok(input.surplusMs >= 2 * minute);
      } else {
        assert.equal(live.length + plan.job.failed, input.shards);
      }
    });
  });

  test('after a new size nothing is to be resized', () => {
    law((plan, input) => {
      if (plan.kind !== 'resize') return;
      assert.equal(planRun({ ...carriedOut(plan, input), surplusMs: 0 }).kind, 'keep');
    });
  });

  test('[C-07] carried out step by step it comes to rest, with one Job at work at most, each run ended once', () => {
    fc.assert(
      fc.property(anyInput, (start) => {
        const ended: number[] = [];
        let input = start;
        let plan = planRun(input);
        for (let step = 0; !['none', 'keep', 'wait'].includes(plan.kind); step += 1) {
          assert.ok(step < 8, `no end in sight: ${plan.kind}`);
          if (plan.kind === 'end') ended.push(plan.run);
          input = carriedOut(plan, input);
          plan = planRun(input);
        }
        assert.ok(active(input).length <= Math.max(1, active(start).length));
        assert.equal(new Set(ended).size, ended.length);
        if (input.suspended) assert.equal(active(input).length, 0);
      }),
      { numRuns: 1_000 },
    );
  });
});

/** The world after a plan was carried out, as `carryOutRun` does it. */
function carriedOut(plan: RunPlan, input: RunInput): RunInput {
  const { jobs, latestRun } = input;
  const closed = latestRun && { ...latestRun, open: false, endedAt: latestRun.endedAt ?? input.nowMs };
  switch (plan.kind) {
    case 'stop':
      return { ...input, latestRun: closed, jobs: jobs.filter(({ name }) => !plan.jobs.includes(name)) };
    case 'end':
      return { ...input, latestRun: closed };
    case 'start': {
      const number = latestRun?.open === true ? latestRun.number : (latestRun?.number ?? 0) + 1;
      const job = jobView({ run: number, size: plan.shards, templateHash: input.templateHash });
      return { ...input, latestRun: openRun({ number }), jobs: [...without(jobs, number), job] };
    }
    case 'resize':
      return { ...input, jobs: [...without(jobs, plan.job.run), resized(plan.job, plan.size)] };
    case 'none':
    case 'keep':
    case 'wait':
      return input;
  }
}

function resized(job: JobView, size: number): JobView {
  const added = Array.from({ length: Math.max(0, size - job.size) }, (_, index) => job.size + index);
  return { ...job, size, live: [...job.live, ...added].filter((index) => index < size) };
}

function without(jobs: readonly JobView[], run: number): readonly JobView[] {
  return jobs.filter((job) => job.run !== run);
}
