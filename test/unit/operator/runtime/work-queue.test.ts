import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import fc from 'fast-check';
import { DelayedKeys } from '../../../../operator/runtime/delayed-keys.ts';
import { createWorkQueue, type WorkQueue } from '../../../../operator/runtime/work-queue.ts';
import { createManualClock } from '../../../support/manual-clock.ts';
import { runtimeDeps } from '../../../support/runtime-deps.ts';

function setUp(random: () => number = () => 0.5) {
  const clock = createManualClock();
  const deps = runtimeDeps({ clock, random });
  return { clock, deps, queue: createWorkQueue({ name: 'test' }, deps) };
}

/** Takes all that waits now, giving each back at once. */
async function takeAll(queue: WorkQueue): Promise<readonly string[]> {
  const keys: string[] = [];
  while (queue.length > 0) {
    const key = (await queue.take()) ?? '';
    keys.push(key);
    queue.done(key);
  }
  return keys;
}

type Step =
  | { readonly kind: 'add' | 'fail'; readonly key: string }
  | { readonly kind: 'addAfter'; readonly key: string; readonly ms: number }
  | { readonly kind: 'take' }
  | { readonly kind: 'finish'; readonly index: number }
  | { readonly kind: 'advance'; readonly ms: number };

const keys = fc.constantFrom('a', 'b', 'c', 'd');
const steps: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ kind: fc.constantFrom('add', 'add', 'fail'), key: keys }),
  fc.record({ kind: fc.constant('addAfter' as const), key: keys, ms: fc.integer({ min: 0, max: 50 }) }),
  fc.record({ kind: fc.constant('take' as const) }),
  fc.record({ kind: fc.constant('finish' as const), index: fc.nat(3) }),
  fc.record({ kind: fc.constant('advance' as const), ms: fc.integer({ min: 1, max: 60 }) }),
);

/** Plays steps on a queue, and holds beside it what the queue owes to whom. */
function createModel() {
  const { clock, queue } = setUp();
  const processing: string[] = [];
  /** Wanted, and no pass has begun since. */
  const owed = new Set<string>();
  const due = new Map<string, number>();

  function oweAt(key: string, at: number): void {
    due.set(key, Math.min(due.get(key) ?? Infinity, at));
  }

  function settle(): void {
    for (const [key, at] of due) if (at <= clock.monotonic() && due.delete(key)) owed.add(key);
  }

  async function take(): Promise<void> {
    if (queue.length === 0) return;
    const key = (await queue.take()) ?? '';
    assert.ok(!processing.includes(key), `${key} is worked on twice at a time`);
    assert.ok(owed.delete(key), `${key} was taken although nobody asked`);
    processing.push(key);
  }

  function finish(index: number): void {
    for (const key of processing.splice(index % Math.max(1, processing.length), 1)) queue.done(key);
  }

  async function advance(ms: number): Promise<void> {
    await clock.advance(ms);
    settle();
  }

  function addAfter(key: string, ms: number): void {
    if (ms === 0) owed.add(key);
    else oweAt(key, clock.monotonic() + ms);
    queue.addAfter(key, ms);
  }

  return {
    async play(step: Step): Promise<void> {
      switch (step.kind) {
        case 'add':
          owed.add(step.key);
          return queue.add(step.key);
        case 'fail':
          return oweAt(step.key, clock.monotonic() + queue.addAfterFailure(step.key));
        case 'addAfter':
          return addAfter(step.key, step.ms);
        case 'take':
          return take();
        case 'finish':
          return finish(step.index);
        case 'advance':
          return advance(step.ms);
      }
    },
    check(): void {
      assert.equal(queue.length, [...owed].filter((key) => !processing.includes(key)).length);
    },
    /** Works until nothing is left. */
    async end(): Promise<void> {
      await advance(60 * 60_000);
      while (queue.length > 0 || processing.length > 0) {
        await take();
        finish(0);
      }
      assert.deepEqual([...owed], [], 'nothing that was asked for is left');
      assert.equal(clock.sleepers, 0, 'no timer is left');
    },
  };
}

suite('the work queue', () => {
  test('whatever is added, taken and given back, no key is worked on twice at a time and every add is followed by a pass', async () => {
    const law = fc.asyncProperty(fc.array(steps, { maxLength: 60 }), async (script) => {
      const model = createModel();
      for (const step of script) {
        await model.play(step);
        model.check();
      }
      await model.end();
    });
    await fc.assert(law, { numRuns: 300 });
  });

  test('keys are taken in the order in which they came, and one that keeps coming does not starve the others', async () => {
    const { queue } = setUp();
    for (const key of ['a', 'b', 'a', 'c']) queue.add(key);
    assert.equal(await queue.take(), 'a');
    queue.add('a');
    queue.done('a');
    assert.deepEqual(await takeAll(queue), ['b', 'c', 'a']);
  });

  test('of several times to come back the earliest counts, and an add in between does not lift it', async () => {
    const { clock, queue } = setUp();
    queue.addAfter('a', 1_000);
    queue.addAfter('a', 200);
    queue.addAfter('a', 5_000);
    await clock.advance(199);
    assert.equal(queue.length, 0);
    queue.add('a');
    assert.deepEqual(await takeAll(queue), ['a']);
    await clock.advance(1);
    assert.deepEqual(await takeAll(queue), ['a']);
    await clock.advance(10_000);
    assert.equal(queue.length, 0);
  });

  test('the back-off of a key doubles from half a second to a quarter of an hour, drawn from nothing to the bound', () => {
    const bounds = (random: number): readonly number[] => {
      const { queue } = setUp(() => random);
      return Array.from({ length: 14 }, () => queue.addAfterFailure('a'));
    };
    const almostOne = bounds(0.999_999).map((ms) => Math.round(ms));
    assert.deepEqual(almostOne.slice(0, 4), [500, 1_000, 2_000, 4_000]);
    assert.equal(Math.max(...almostOne), 900_000 - 1);
    assert.deepEqual(new Set(bounds(0)), new Set([0]));
  });

  test('a failure is forgotten with a success, and a wait that the other side asked for is kept', () => {
    const { queue } = setUp(() => 0.5);
    for (let i = 0; i < 5; i += 1) queue.addAfterFailure('a');
    assert.equal(queue.failuresOf('a'), 5);
    queue.forget('a');
    assert.equal(queue.failuresOf('a'), 0);
    assert.equal(queue.addAfterFailure('a'), 250);
    assert.equal(queue.addAfterFailure('b', 60_000), 66_000);
  });

  test('a shut down queue hands out nothing more and waits for what is being worked on', async () => {
    const { clock, queue } = setUp();
    for (const key of ['a', 'b']) queue.add(key);
    const taken = await queue.take();
    const second = await queue.take();
    const third = queue.take();
    queue.add('c');
    queue.addAfter('d', 10);
    let drained = false;
    const end = queue.shutDown().then(() => (drained = true));
    assert.equal(await third, 'c');
    assert.equal(clock.sleepers, 0, 'no timer is left');
    queue.done('c');
    queue.add('e');
    await clock.advance(1_000);
    queue.done(taken ?? '');
    await clock.advance(1);
    assert.equal(drained, false);
    queue.done(second ?? '');
    await end;
    assert.equal(await queue.take(), undefined);
    assert.equal(queue.length, 0);
    assert.equal(clock.sleepers, 0);
  });

  test('the metrics of a queue count depth, adds, waits and the work that is not finished', async () => {
    const { clock, deps, queue } = setUp();
    for (const key of ['a', 'b', 'a', 'c']) queue.add(key);
    await clock.advance(3_000);
    const key = (await queue.take()) ?? '';
    await clock.advance(4_000);
    const label = { name: 'test' };
    assert.equal(await deps.metric('workqueue_depth', label), 2);
    assert.equal(await deps.metric('workqueue_adds_total', label), 3);
    assert.equal(await deps.metric('workqueue_queue_duration_seconds_sum', label), 3);
    assert.equal(await deps.metric('workqueue_unfinished_work_seconds', label), 4);
    assert.equal(await deps.metric('workqueue_longest_running_processor_seconds', label), 4);
    queue.done(key);
    assert.equal(await deps.metric('workqueue_work_duration_seconds_sum', label), 4);
    assert.equal(await deps.metric('workqueue_unfinished_work_seconds', label), 0);
  });
});

suite('keys that are due later', () => {
  test('delayed keys come out at their earliest time, in order, each once', () => {
    const entries = fc.array(
      fc.record({ key: fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f'), at: fc.nat(100) }),
      {
        maxLength: 50,
      },
    );
    const law = fc.property(entries, (added) => {
      const delayed = new DelayedKeys();
      const earliest = new Map<string, number>();
      for (const { key, at } of added) {
        delayed.add(key, at);
        earliest.set(key, Math.min(at, earliest.get(key) ?? Infinity));
      }
      assert.equal(delayed.size, earliest.size);
      assert.equal(delayed.nextAt(), earliest.size === 0 ? undefined : Math.min(...earliest.values()));
      for (let now = 0; now <= 100; now += 1) {
        const expected = [...earliest].filter(([, at]) => at === now).map(([key]) => key);
        assert.deepEqual([...delayed.takeDue(now)].toSorted(), expected.toSorted());
      }
      assert.equal(delayed.nextAt(), undefined);
    });
    fc.assert(law);
  });
});
