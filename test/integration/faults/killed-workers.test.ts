import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { chaosParameters } from '../../support/chaos.ts';
import { assertImported, mixedLines } from '../../support/faulty-world.ts';
import { reasonToSkipMiniStack } from '../../support/ministack/install.ts';
import { until } from '../../support/store.ts';
import {
  startWorkerWorld,
  untilPartlyCommitted,
  type ImportUnderFault,
  type WorkerProcess,
  type WorkerWorld,
} from '../../support/worker-world.ts';

/** Files, and what befalls the workers on them one after the other. */
interface Fate {
  readonly rows: readonly number[];
  /** Each worker lives so many milliseconds from the moment at which it first asks for an object. */
  readonly lives: readonly number[];
  /** So many of them work at a time. */
  readonly together: number;
}

const fate: fc.Arbitrary<Fate> = fc.record({
  rows: fc.array(fc.integer({ min: 1, max: 15_000 }), { minLength: 2, maxLength: 5 }),
  lives: fc.array(fc.integer({ min: 0, max: 1000 }), { minLength: 1, maxLength: 3 }),
  together: fc.integer({ min: 1, max: 2 }),
});

describe('workers that are killed or held up', { skip: await reasonToSkipMiniStack() }, () => {
  let world: WorkerWorld;

  before(async () => {
    world = await startWorkerWorld();
  });

  after(async () => {
    await world?.stop();
  });

  async function isSettled(one: ImportUnderFault): Promise<boolean> {
    const { files } = await one.fixture.store.status.sourceCounts(one.fixture.sourceId);
    return files.unfinished === 0;
  }

  /** Lets it live so long once it works, then kills it, if it has not ended by itself. */
  async function killAfter(one: ImportUnderFault, worker: WorkerProcess, ms: number): Promise<void> {
    const asked = one.proxy.requests.length;
    const state = { ended: false };
    void worker.ended.then(() => {
      state.ended = true;
    });
    await until(async () => state.ended || one.proxy.requests.length > asked, 'the worker reads or ends');
    await Promise.race([sleep(ms), worker.ended]);
    worker.kill('SIGKILL');
    await worker.ended;
  }

  it('[C-07] killed at any moment, one after another or side by side, they lose and double nothing', async () => {
    await fc.assert(
      fc.asyncProperty(fate, async ({ rows, lives, together }) => {
        // A worker that is lost counts as an attempt of the file that it had open; there are enough.
        const one = await world.createImport({ limits: { maxAttempts: 10 } });
        const names = rows.map((count, index) => [`f${index}`, count] as const);
        for (const [name, count] of names) {
          const text = mixedLines(name, count);
          await one.bucket.put(`in/${name}`, count % 2 === 0 ? gzipSync(text) : text);
        }
        await one.find();
        for (const ms of lives) {
          const workers = Array.from({ length: together }, () => one.start());
          await Promise.all(workers.map((worker, index) => killAfter(one, worker, ms + 100 * index)));
          await one.lapse();
          if (await isSettled(one)) break;
        }
        await one.workOff();
        await assertImported(one, { rows: Object.fromEntries(names) });
        await one.close();
      }),
      chaosParameters(10),
    );
  });

  it('[C-07] one that was stopped for longer than its lease loses its file to another, and harms nothing when it goes on', async () => {
    const rows = 40_000;
    const one = await world.createImport();
    const text = mixedLines('a', rows);
    await one.bucket.put('in/a', text);
    await one.find();
    const gate = Promise.withResolvers<undefined>();
    const meanwhile = async (): Promise<void> => {
      await gate.promise;
    };
    const fault = { kind: 'pause', afterBytes: Math.floor(text.length / 2), meanwhile } as const;
    one.proxy.add({ operation: 'GetObject', times: 1 }, fault);
    const stopped = one.start();
    await untilPartlyCommitted(one);
    stopped.kill('SIGSTOP');
    await one.lapse();
    assert.equal((await one.work()).code, 0);
    await assertImported(one, { rows: { a: rows } });
    gate.resolve(undefined);
    stopped.kill('SIGCONT');
    assert.equal((await stopped.ended).code, 0);
    await assertImported(one, { rows: { a: rows } });
    assert.match(one.logs(), /Claim lost; another worker has the file/);
  });

  it('[C-07] one that runs on when its lease is lost, while another has the file, writes nothing more', async () => {
    const rows = 40_000;
    const one = await world.createImport();
    const text = mixedLines('a', rows);
    await one.bucket.put('in/a', text);
    await one.find();
    const others: Promise<unknown>[] = [];
    // In the middle of the file its lease ends, and another worker begins; both go on together.
    const meanwhile = async (): Promise<void> => {
      await untilPartlyCommitted(one);
      await one.lapse();
      const asked = one.proxy.requests.length;
      others.push(one.work());
      await until(async () => one.proxy.requests.length > asked, 'the other worker has the file');
    };
    const fault = { kind: 'pause', afterBytes: Math.floor(text.length / 2), meanwhile } as const;
    one.proxy.add({ operation: 'GetObject', times: 1 }, fault);
    assert.equal((await one.work()).code, 0);
    assert.equal(others.length, 1);
    await Promise.all(others);
    await assertImported(one, { rows: { a: rows } });
    assert.match(one.logs(), /Claim lost; another worker has the file/);
  });

  it('[C-07] a file that kills its worker each time is given up after its attempts, and takes no other file with it', async () => {
    const one = await world.createImport();
    const good = ['a', 'b', 'c', 'd', 'e', 'f'];
    for (const name of good) await one.bucket.put(`in/${name}`, mixedLines(name, 3000));
    await one.bucket.put('in/poison', mixedLines('poison', 12_000));
    await one.find();
    let worker: WorkerProcess | undefined;
    let kills = 0;
    const meanwhile = async (): Promise<void> => {
      kills += 1;
      worker?.kill('SIGKILL');
      await worker?.ended;
    };
    const fault = { kind: 'pause', afterBytes: 900_000, meanwhile } as const;
    one.proxy.add({ operation: 'GetObject', key: 'in/poison' }, fault);
    for (let count = 0; count < 8 && !(await isSettled(one)); count += 1) {
      worker = one.start();
      await worker.ended;
      await one.lapse();
    }
    assert.equal(kills, 3);
    const { state, reason, message, cure } = await one.file('in/poison');
    assert.deepEqual({ state, reason }, { state: 'failed', reason: 'AttemptsExhausted' });
    assert.match(message ?? '', /worker was lost at each of the last 3 attempts/);
    assert.match(cure ?? '', /memory/);
    await assertImported(one, { rows: Object.fromEntries(good.map((name) => [name, 3000])), failed: 1 });
  });
});
