import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { systemClock, type Clock } from '../../../lib/clock.ts';
import { TransientError } from '../../../lib/errors.ts';
import type { Claim, LoadBatch } from '../../../lib/store/types.ts';
import { workOff } from '../../support/load-worker.ts';
import {
  batchOf,
  event,
  foundObject,
  countWaiting,
  groupIdentify,
  haltAt,
  identify,
  openFile,
  recordFiles,
  target,
  testSchema,
  until,
  useStore,
} from '../../support/store.ts';
import { assertWorld } from '../../support/store-world.ts';

/** A store waits without a signal only before it runs a transaction again. */
function countRetries(): { readonly clock: Clock; count: number } {
  const retries = {
    count: 0,
    clock: {
      ...systemClock,
      sleep: async (ms: number, signal?: AbortSignal) => {
        if (signal === undefined) retries.count += 1;
        await systemClock.sleep(ms, signal);
      },
    },
  };
  return retries;
}

describe('loads side by side', () => {
  const suite = useStore();

  it('[I-50][C-07] files that share all their ids, in shuffled order, give each event once and no deadlock', async () => {
    const { fixture } = suite;
    // Strides without a common divisor with the length: the same ids, each file in an order of its own.
    const strides = [1, 7, 11, 13, 17, 19, 23, 29];
    const keys = strides.map((stride) => `web/1500-0-${String(stride)}.json`);
    await recordFiles(
      fixture,
      keys.map((key) => foundObject(key)),
    );
    const order = { url: fixture.database.url, sourceId: fixture.sourceId, leaseMs: 60_000, batchRows: 500 };
    const retries = countRetries();
    const stores = await Promise.all([1, 2, 3, 4].map(async () => await fixture.open(retries)));
    await Promise.all(
      stores.map(async (store, index) => {
        await workOff(store, { ...order, claimant: `worker-${String(index)}` });
      }),
    );
    await assertWorld(fixture, keys);
    assert.equal(retries.count, 0, 'deadlocks happened, though no caller has seen them');
  });

  it('[I-02][I-03] users and groups that many files change at once count every change once', async () => {
    const { fixture } = suite;
    const files = 6;
    const perFile = 4000;
    const claims: Claim[] = [];
    for (let file = 0; file < files; file += 1) claims.push(await openFile(fixture, `web/${String(file)}`));
    const retries = countRetries();
    await Promise.all(
      claims.map(async (claim, file) => {
        const calls = Array.from({ length: perFile }, (_, index) => {
          const turned = file % 2 === 0 ? index : perFile - 1 - index;
          const id = `${String(file)}-${String(turned)}`;
          return turned % 2 === 0
            ? identify(`user-${String(turned % 2000)}`, id, { $add: { visits: 1 } })
            : groupIdentify(id, { team: [`team-${String(turned % 1999)}`, 'all'] }, { $add: { visits: 1 } });
        });
        const store = await fixture.open(retries);
        await store.loading.commitBatch(claim, target, batchOf(calls));
      }),
    );
    assert.equal(retries.count, 0, 'deadlocks happened, though no caller has seen them');
    const sum = async (table: string, where: string): Promise<number> => {
      const [row] = await fixture.database.sql<{ n: number }>(
        `SELECT sum((properties->>'visits')::int)::int AS n FROM ${testSchema}.${table} WHERE ${where}`,
      );
      return row?.n ?? 0;
    };
    assert.equal(await sum('user_properties', 'true'), (files * perFile) / 2);
    assert.equal(await sum('group_properties', "subject = 'all'"), (files * perFile) / 2);
    assert.equal(await sum('group_properties', "subject <> 'all'"), (files * perFile) / 2);
  });

  it('users who are new in several files are made in one order, whatever the order of the rows', async () => {
    const { fixture } = suite;
    const halt = haltAt('commitBatch:beforeCommit');
    const holder = await fixture.open({ faultPoint: halt.faultPoint });
    const retries = countRetries();
    const store = await fixture.open(retries);
    const load = async (key: string, users: readonly string[], by = store): Promise<unknown> => {
      const calls = users.map((user) => identify(user, `${key} ${user}`, { $add: { visits: 1 } }));
      return await by.loading.commitBatch(await openFile(fixture, key), target, batchOf(calls));
    };
    // One is being made and not committed: the two that come then wait in the middle of their own.
    const loads = [load('web/1', ['middle'], holder)];
    try {
      await halt.reached;
      loads.push(load('web/2', ['left', 'middle', 'right']), load('web/3', ['right', 'middle', 'left']));
      await until(async () => (await countWaiting(fixture.database)) === 2, 'both wait');
    } finally {
      halt.goOn();
    }
    await Promise.all(loads);
    assert.equal(retries.count, 0, 'a deadlock happened, though no caller has seen it');
    const [visits] = await fixture.database.sql<{ n: number }>(
      `SELECT sum((properties->>'visits')::int)::int AS n FROM ${testSchema}.user_properties`,
    );
    assert.equal(visits?.n, 7);
  });

  it('a server that restarts in the middle of a load is a passing error, and the same batch is then committed once', async (t) => {
    if (!suite.server.ours) {
      t.skip('the server was given by URL and is not ours to restart');
      return;
    }
    const { fixture } = suite;
    let restarts = 0;
    const store = await fixture.open({
      faultPoint: async (name) => {
        if (name !== 'commitBatch:beforeCommit' || restarts > 0) return;
        restarts += 1;
        await suite.server.restart();
      },
    });
    const claim = await openFile(fixture);
    const batch: LoadBatch = batchOf(
      Array.from({ length: 50 }, (_, index) => event({ insertId: String(index) })),
    );
    await assert.rejects(store.loading.commitBatch(claim, target, batch), (error) => {
      assert.ok(error instanceof TransientError);
      assert.equal(error.reason, 'StoreUnreachable');
      return true;
    });
    const result = await store.loading.commitBatch(claim, target, batch);
    assert.deepEqual([result.imported, result.duplicate, result.repeated], [50, 0, false]);
    const [events] = await fixture.database.sql<{ n: number }>(
      `SELECT count(*)::int AS n FROM ${testSchema}.events`,
    );
    assert.equal(events?.n, 50);
    // The other store's idle connections broke as well; it goes on all the same.
    assert.equal((await fixture.store.status.sourceCounts(fixture.sourceId)).records.imported, 50);
  });
});
