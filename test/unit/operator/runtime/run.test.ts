import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import type { Controller } from '../../../../operator/runtime/controller.ts';
import type { LeaderElector } from '../../../../operator/runtime/leader-elector.ts';
import { runRuntime } from '../../../../operator/runtime/run.ts';
import { createManualClock } from '../../../support/manual-clock.ts';
import { runtimeDeps } from '../../../support/runtime-deps.ts';

/** Leads from the start, and notes when its lease is given back. */
function electorThatNotes(steps: string[]): LeaderElector {
  return {
    isLeader: true,
    leader: 'me',
    run: async (lead, signal) => {
      await lead({ signal, remainingMs: () => 10_000 });
      steps.push('lease given back');
      return 'stopped';
    },
  };
}

function controllerThat(run: Controller['run']): Controller {
  return { name: 'one', enqueue: () => {}, run };
}

const untilAborted = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));

suite('the order of start and stop', () => {
  test('events are written before the lease is given back, and that after the passes', async () => {
    const steps: string[] = [];
    const clock = createManualClock();
    const stop = new AbortController();
    const controller = controllerThat(async (signal) => {
      await untilAborted(signal);
      await clock.sleep(1_000);
      steps.push('passes ended');
    });
    const recorder = { flush: async () => void steps.push('events written') };
    const running = runRuntime(
      {
        ...runtimeDeps({ clock }),
        reflectors: [],
        controllers: [controller],
        elector: electorThatNotes(steps),
        recorder,
      },
      stop.signal,
    );
    await clock.advance(10);
    stop.abort();
    await clock.advance(1_000);
    assert.equal(await running, 'stopped');
    assert.deepEqual(steps, ['passes ended', 'events written', 'lease given back']);
  });

  test('a pass that does not end is abandoned after its time, and told; the lease is given back all the same', async () => {
    const steps: string[] = [];
    const clock = createManualClock();
    const deps = runtimeDeps({ clock });
    const stop = new AbortController();
    const stuck = controllerThat(() => new Promise(() => {}));
    let outcome = '';
    void runRuntime(
      { ...deps, reflectors: [], controllers: [stuck], elector: electorThatNotes(steps) },
      stop.signal,
    ).then((result) => (outcome = result));
    await clock.advance(60_000);
    stop.abort();
    await clock.advance(14_900);
    assert.deepEqual(steps, []);
    await clock.advance(200);
    assert.deepEqual([steps, outcome], [['lease given back'], 'stopped']);
    assert.deepEqual(
      deps.logged.filter(({ level }) => level === 'error').map(({ controllers }) => controllers),
      [['one']],
    );
  });

  test('the end of one controller with an error ends the others and is thrown', async () => {
    const clock = createManualClock();
    const broken = controllerThat(() => Promise.reject(new Error('cannot go on')));
    const running = runRuntime(
      { ...runtimeDeps({ clock }), reflectors: [], controllers: [broken, controllerThat(untilAborted)] },
      new AbortController().signal,
    );
    await assert.rejects(running, /cannot go on/);
    assert.equal(clock.sleepers, 0);
  });
});
