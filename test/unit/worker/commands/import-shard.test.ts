import assert from 'node:assert/strict';
import { once } from 'node:events';
import { setImmediate as turn } from 'node:timers/promises';
import { beforeEach, suite, test } from 'node:test';
import { TerminalError, TransientError } from '../../../../lib/errors.ts';
import type { ShardReport } from '../../../../lib/contract/report.ts';
import type { WorkerLimits } from '../../../../lib/contract/task.ts';
import { importShard } from '../../../../worker/commands/import-shard.ts';
import { importTask } from '../../../support/builders/import-task.ts';
import {
  createImportShardWorld,
  unreachable,
  type ImportShardWorld,
} from '../../../support/doubles/import-shard-world.ts';

const second = 1_000;

let world: ImportShardWorld;

/** A world for each test: hooks of a file would run for the tests of all files of its process. */
function inItsOwnWorld(): void {
  beforeEach(() => {
    world = createImportShardWorld();
  });
}

interface Shard {
  readonly report: Promise<ShardReport>;
  readonly ended: () => boolean;
  /** SIGTERM. */
  stop(): void;
  /** Lets it work for so long, by its own clock. */
  run(ms: number): Promise<void>;
  /** Until it ends by itself. */
  finish(): Promise<ShardReport>;
}

function start(limits: Partial<WorkerLimits> = {}): Shard {
  const stopping = new AbortController();
  const state = { ended: false };
  const report = importShard(importTask(limits), world.deps, stopping.signal).finally(() => {
    state.ended = true;
  });
  report.catch(() => {});
  return {
    report,
    ended: () => state.ended,
    stop: () => stopping.abort(new Error('stopped')),
    run: (ms) => world.clock.advance(ms),
    async finish() {
      for (let steps = 0; !state.ended; steps += 1) {
        assert.ok(steps < 10_000, 'the worker does not end');
        await world.clock.advance(100);
      }
      return await report;
    },
  };
}

/** Keys by the state of their files. */
function states(): Readonly<Record<string, string>> {
  return Object.fromEntries([...world.ledger.files].map(([key, { state }]) => [key, state]));
}

/** A gate that files wait at until it is opened. */
function gate() {
  const { promise, resolve } = Promise.withResolvers<void>();
  const aborted = async (signal: AbortSignal) => {
    await once(signal, 'abort');
    signal.throwIfAborted();
  };
  return { open: resolve, wait: (signal: AbortSignal) => Promise.race([promise, aborted(signal)]) };
}

async function settle(): Promise<void> {
  for (let turns = 0; turns < 50; turns += 1) await turn();
}

suite('a worker', () => {
  inItsOwnWorld();

  test('[C-07] imports every file that waits, each once, and reports what it did', async () => {
    for (const key of ['web/a', 'web/b', 'web/c', 'web/d', 'web/e', 'web/f']) world.add(key, 2);
    assert.deepEqual(await start().finish(), {
      outcome: 'done',
      files: 6,
      records: { imported: 12, duplicate: 0, skipped: 0, rejected: 0 },
    });
    for (const { state, stored, attempts } of world.ledger.files.values()) {
      assert.deepEqual([state, stored.length, attempts], ['done', 2, 1]);
    }
  });

  test('reads several files at a time, and no more than four', async () => {
    for (let index = 0; index < 12; index += 1) world.add(`web/${index}`, 5);
    await start().finish();
    assert.equal(world.mostOpen, 4);
  });

  test('with nothing to do ends at once, where it may not linger', async () => {
    const shard = start({ lingerMs: 0 });
    await settle();
    assert.equal(shard.ended(), true);
    assert.equal((await shard.report).outcome, 'done');
  });

  test('a file that breaks does not keep it from the others', async () => {
    for (const key of ['web/a', 'web/b', 'web/c']) world.add(key, 2);
    world.beforeRow = (key) =>
      key === 'web/b'
        ? Promise.reject(new TerminalError({ reason: 'EncodingInvalid', message: 'UTF-32.' }))
        : Promise.resolve();
    const report = await start().finish();
    assert.deepEqual(states(), { 'web/a': 'done', 'web/b': 'failed', 'web/c': 'done' });
    assert.deepEqual([report.outcome, report.files, report.records.imported], ['done', 3, 4]);
  });

  test('a file that may do better later is put back, and taken again', async () => {
    world.add('web/a', 2);
    let broken = true;
    world.beforeRow = () => {
      if (!broken) return Promise.resolve();
      broken = false;
      return Promise.reject(new TransientError({ reason: 'ObjectReadFailed', message: 'Broke off.' }));
    };
    await start().finish();
    const file = world.ledger.files.get('web/a');
    assert.deepEqual([file?.state, file?.attempts, file?.stored.length], ['done', 2, 2]);
  });
});

suite('a worker that waits for files', () => {
  inItsOwnWorld();

  test('lingers as long as it is told to, and asks in between', async () => {
    const shard = start({ lingerMs: 10 * second });
    await shard.run(9 * second);
    assert.equal(shard.ended(), false);
    assert.ok(world.ledger.asked >= 9 && world.ledger.asked <= 11, `${world.ledger.asked}`);
    await shard.run(2 * second);
    assert.equal(shard.ended(), true);
  });

  test('takes what comes in meanwhile, and lingers anew', async () => {
    const shard = start({ lingerMs: 10 * second });
    await shard.run(8 * second);
    world.add('web/late');
    await shard.run(9 * second);
    assert.equal(shard.ended(), false);
    assert.deepEqual(states(), { 'web/late': 'done' });
    await shard.run(3 * second);
    assert.equal((await shard.report).files, 1);
  });

  test('asks sooner when the ledger says that a file comes free sooner, but never without a pause', async () => {
    world.ledger.retryInMs = 0;
    const shard = start({ lingerMs: 10 * second });
    await shard.run(second);
    assert.ok(world.ledger.asked >= 5 && world.ledger.asked <= 12, `${world.ledger.asked}`);
    world.ledger.retryInMs = 3_600 * second;
    const before = world.ledger.asked;
    await shard.run(3 * second);
    assert.ok(world.ledger.asked - before >= 2);
    shard.stop();
    await shard.report;
  });

  test('takes new files beside one that is long', async () => {
    const long = gate();
    world.add('web/long');
    world.beforeRow = (key, _, signal) => (key === 'web/long' ? long.wait(signal) : Promise.resolve());
    const shard = start();
    await shard.run(2 * second);
    world.add('web/short');
    await shard.run(3 * second);
    assert.deepEqual(states(), { 'web/long': 'claimed', 'web/short': 'done' });
    long.open();
    await shard.finish();
    assert.deepEqual(states(), { 'web/long': 'done', 'web/short': 'done' });
  });

  test('does not count as idle while it reads', async () => {
    const long = gate();
    world.add('web/long');
    world.beforeRow = (_, __, signal) => long.wait(signal);
    const shard = start({ lingerMs: 5 * second });
    await shard.run(60 * second);
    assert.equal(shard.ended(), false);
    long.open();
    assert.equal((await shard.finish()).files, 1);
  });
});

suite('a file that has cost a worker its life', () => {
  inItsOwnWorld();

  test('is opened alone, after the others have ended, and others wait for its end', async () => {
    for (const key of ['web/a', 'web/b', 'web/suspect', 'web/c', 'web/d']) {
      world.bucket.put(key, { body: JSON.stringify({ key, rows: 3 }) });
      world.ledger.add(key, { alone: key === 'web/suspect' });
    }
    await start().finish();
    const beside = world.together.filter((keys) => keys.includes('web/suspect'));
    assert.deepEqual(beside, [['web/suspect']]);
    assert.deepEqual(new Set(Object.values(states())), new Set(['done']));
  });
});

suite('a worker that is to end', () => {
  inItsOwnWorld();

  test('[C-04] when stopped gives its files back at once, with nothing settled and no attempt charged', async () => {
    world.add('web/a', 3);
    world.add('web/b', 3);
    world.beforeRow = (_, row, signal) => (row < 2 ? Promise.resolve() : gate().wait(signal));
    const shard = start();
    await settle();
    assert.deepEqual(states(), { 'web/a': 'claimed', 'web/b': 'claimed' });
    shard.stop();
    assert.equal((await shard.report).outcome, 'stopped');
    for (const { state, attempts, failure } of world.ledger.files.values()) {
      assert.deepEqual([state, attempts, failure], ['found', 0, undefined]);
    }
  });

  test('[I-14] when stopped while it waits, ends at once', async () => {
    const shard = start({ lingerMs: 3_600 * second });
    await shard.run(5 * second);
    shard.stop();
    assert.equal((await shard.report).outcome, 'stopped');
    assert.equal(world.clock.sleepers, 0);
  });

  test('for its age finishes the files that it has, and takes no more', async () => {
    const held = gate();
    world.add('web/a');
    world.beforeRow = (_, __, signal) => held.wait(signal);
    const shard = start({ maxLifetimeMs: 10 * second, lingerMs: 3_600 * second });
    await shard.run(11 * second);
    world.add('web/b');
    await shard.run(10 * second);
    assert.equal(shard.ended(), false);
    held.open();
    const report = await shard.finish();
    assert.deepEqual([report.outcome, report.files], ['done', 1]);
    assert.deepEqual(states(), { 'web/a': 'done', 'web/b': 'found' });
  });

  test('because its template is no longer wanted finishes the files that it has, and takes no more', async () => {
    const held = gate();
    world.add('web/a');
    world.beforeRow = (_, __, signal) => held.wait(signal);
    const shard = start({ lingerMs: 3_600 * second });
    await settle();
    world.ledger.wanted = 'hash-2';
    world.add('web/b');
    await shard.run(5 * second);
    assert.equal(shard.ended(), false);
    held.open();
    assert.equal((await shard.finish()).outcome, 'done');
    assert.deepEqual(states(), { 'web/a': 'done', 'web/b': 'found' });
  });
});

suite('a worker in trouble', () => {
  inItsOwnWorld();

  test('goes on when the store answers again within its patience', async () => {
    world.add('web/a');
    world.ledger.failNext('claim', unreachable(), unreachable());
    assert.equal((await start().finish()).files, 1);
  });

  test('ends when the store does not answer, and gives its files back', async () => {
    world.add('web/a', 3);
    world.add('web/b', 3);
    world.ledger.failNext(
      'write',
      unreachable(),
      unreachable(),
      unreachable(),
      unreachable(),
      unreachable(),
      unreachable(),
    );
    await assert.rejects(start().finish(), { reason: 'StoreUnreachable' });
    for (const { state, attempts } of world.ledger.files.values()) {
      assert.deepEqual([state, attempts], ['found', 0]);
    }
  });

  test('ends when an action is denied, and leaves the files to others', async () => {
    world.add('web/a');
    world.bucket.failNext(new TerminalError({ reason: 'ReadDenied', message: 'May not read.' }));
    await assert.rejects(start().finish(), { reason: 'ReadDenied' });
    assert.deepEqual(states(), { 'web/a': 'found' });
    assert.equal(world.ledger.files.get('web/a')?.attempts, 0);
  });

  test('ends also when nothing can be given back', async () => {
    world.add('web/a');
    world.bucket.failNext(new TerminalError({ reason: 'ReadDenied', message: 'May not read.' }));
    world.ledger.failNext('release', unreachable());
    await assert.rejects(start().finish(), { reason: 'ReadDenied' });
  });

  test('a file that another worker has taken over is dropped without a word, and the rest goes on', async () => {
    const lost = gate();
    world.add('web/lost', 2);
    world.add('web/kept', 2);
    world.beforeRow = (key, _, signal) => (key === 'web/lost' ? lost.wait(signal) : Promise.resolve());
    const shard = start();
    await settle();
    world.ledger.steal('web/lost');
    const report = await shard.finish();
    assert.deepEqual([report.outcome, report.files, report.records.imported], ['done', 1, 2]);
    assert.deepEqual(world.ledger.files.get('web/lost')?.stored, []);
    assert.equal(world.ledger.files.get('web/lost')?.failure, undefined);
  });

  test('a lease that a write finds lost is dropped too', async () => {
    world.add('web/a', 1);
    world.beforeRow = (key) => {
      world.ledger.steal(key);
      return Promise.resolve();
    };
    const report = await start().finish();
    assert.deepEqual([report.outcome, report.files], ['done', 0]);
  });
});

suite('objects that may not be read', () => {
  inItsOwnWorld();

  const denial = () => new TerminalError({ reason: 'ReadDenied', message: 'May not read.' });

  /** Keys that are denied now; the others can be read. */
  function deny(...keys: readonly string[]): Set<string> {
    const denied = new Set(keys);
    const open = world.bucket.open.bind(world.bucket);
    world.bucket.open = (request, signal) =>
      denied.has(request.key) ? Promise.reject(denial()) : open(request, signal);
    return denied;
  }

  function attempts(key: string): number | undefined {
    return world.ledger.files.get(key)?.attempts;
  }

  test('[C-07] one among others that may is given up after its attempts, with its own reason; the others are imported', async () => {
    for (const key of ['web/a', 'web/b', 'web/c', 'web/d', 'web/e', 'web/f']) world.add(key, 2);
    deny('web/a');
    await start({ maxAttempts: 3 }).finish();
    const { 'web/a': alone, ...others } = states();
    assert.equal(alone, 'failed');
    assert.ok(Object.values(others).every((state) => state === 'done'));
    const failure = world.ledger.files.get('web/a')?.failure;
    assert.equal(failure?.reason, 'ObjectDenied');
    assert.match(failure.message, /Other files of the source can be read, this one cannot \(ReadDenied\)/);
    assert.match(failure.cure, /owner/);
  });

  test('all of them end the worker, and cost no file an attempt', async () => {
    const keys = Array.from({ length: 20 }, (_, index) => `web/${index}`);
    for (const key of keys) world.add(key, 2);
    deny(...keys);
    await assert.rejects(start().finish(), { reason: 'ReadDenied' });
    assert.ok(keys.every((key) => world.ledger.files.get(key)?.state === 'found' && attempts(key) === 0));
    assert.ok(world.bucket.calls.open === 0);
  });

  test('from one moment on end the worker: what it read before it may not read either', async () => {
    const keys = Array.from({ length: 20 }, (_, index) => `web/${String(index).padStart(2, '0')}`);
    for (const key of keys) world.add(key, 2);
    const denied = deny();
    world.beforeRow = (key) => {
      if (key === 'web/09') for (const one of keys) denied.add(one);
      return Promise.resolve();
    };
    await assert.rejects(start().finish(), { reason: 'ReadDenied' });
    assert.ok(!Object.values(states()).includes('failed'));
    const left = keys.filter((key) => world.ledger.files.get(key)?.state === 'found');
    assert.ok(left.length >= 6);
    assert.ok(left.every((key) => attempts(key) === 0));
  });

  test('the only one that is left, and was found so before, is its own', async () => {
    world.bucket.put('web/a', { body: JSON.stringify({ key: 'web/a', rows: 1 }) });
    world.ledger.add('web/a', { attempts: 1 });
    deny('web/a');
    await start({ maxAttempts: 2 }).finish();
    assert.equal(world.ledger.files.get('web/a')?.failure?.reason, 'ObjectDenied');
  });
});
