import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { reasonOf } from '../../../lib/errors.ts';
import type { EventCall } from '../../../lib/contract/event.ts';
import type { LoadBatch } from '../../../lib/store/types.ts';
import {
  batchOf,
  claimFiles,
  event,
  foundObject,
  groupIdentify,
  identify,
  importFile,
  openFile,
  recordFiles,
  target,
  testSchema,
  useStore,
} from '../../support/store.ts';

describe('a file that becomes visible as a whole', () => {
  const suite = useStore();

  async function count(table: string): Promise<number> {
    const [row] = await suite.fixture.database.sql<{ n: number }>(
      `SELECT count(*)::int AS n FROM ${testSchema}.${table}`,
    );
    return row?.n ?? 0;
  }

  const properties = async (subject: string, table = 'user_properties'): Promise<unknown> => {
    const [row] = await suite.fixture.database.sql<{ properties: unknown }>(
      `SELECT properties FROM ${testSchema}.${table} WHERE subject = $1`,
      [subject],
    );
    return row?.properties;
  };

  /** Two rows of rejects and one skipped behind the events. */
  function part(events: readonly EventCall[], afterRow: number): LoadBatch {
    const throughRow = afterRow + events.length + 3;
    const rejects = [throughRow - 2, throughRow - 1].map((row) => ({
      row,
      offset: row,
      column: undefined,
      reason: 'bad',
      raw: 'raw',
    }));
    return { ...batchOf(events, { afterRow, final: false }), throughRow, rejects, skipped: 1 };
  }

  it('shows nothing before its end, and then what the same file would without a stage', async () => {
    const { store, sourceId } = suite.fixture;
    await importFile(suite.fixture, 'web/other', [
      event({ insertId: 'shared' }),
      identify('user-1', 'other', { $set: { plan: 'free' }, $add: { visits: 10 } }),
    ]);
    const claim = await openFile(suite.fixture, 'web/staged');
    const first = part(
      [
        event({ insertId: 'shared' }),
        event({ insertId: 'own' }),
        identify('user-1', 'i1', { $add: { visits: 1 } }),
        identify('user-2', 'i2', { $set: { plan: 'paid' } }),
        groupIdentify('g1', { company: ['Acme', 'Acme'] }, { $add: { seats: 2 } }),
      ],
      0,
    );
    const second = part(
      [
        event({ insertId: 'own' }),
        identify('user-1', 'i3', { $set: { plan: 'gold' } }),
        identify('user-1', 'i1', { $add: { visits: 100 } }),
      ],
      8,
    );
    const staged = await store.loading.stageBatch(claim, target, first);
    assert.deepEqual(staged, { imported: 0, duplicate: 0, rejected: 2, skipped: 1, repeated: false });
    assert.equal((await store.loading.stageBatch(claim, target, first)).repeated, true);
    await store.loading.stageBatch(claim, target, { ...second, final: true });
    assert.deepEqual([await count('events'), await count('event_keys')], [2, 2]);
    assert.deepEqual(await properties('user-1'), { plan: 'free', visits: 10 });
    const before = await store.status.sourceCounts(sourceId);
    assert.deepEqual(before.records, { imported: 2, duplicate: 0, skipped: 2, rejected: 4 });
    assert.equal(before.files.done, 1);

    const published = await store.loading.publishFile(claim, target, 4 / 14);
    assert.deepEqual(published, { imported: 5, duplicate: 3, rejected: 0, skipped: 0 });
    assert.deepEqual(await store.loading.publishFile(claim, target, 4 / 14), published);
    assert.deepEqual([await count('events'), await count('event_keys')], [7, 7]);
    assert.deepEqual([await count('staged_events'), await count('staged_changes')], [0, 0]);
    assert.deepEqual(await properties('user-1'), { plan: 'gold', visits: 11 });
    assert.deepEqual(await properties('user-2'), { plan: 'paid' });
    assert.deepEqual(await properties('Acme', 'group_properties'), { seats: 2 });
    const after = await store.status.sourceCounts(sourceId);
    assert.deepEqual(after.records, { imported: 7, duplicate: 3, skipped: 2, rejected: 4 });
    assert.equal(after.files.done, 2);
  });

  it('[C-06] with more rejects than the share allows is refused whole, and its rejects stay to be looked at', async () => {
    const { store, sourceId } = suite.fixture;
    const claim = await openFile(suite.fixture, 'web/bad');
    await store.loading.stageBatch(claim, target, part([event(), identify('u', 'i', { $set: { a: 1 } })], 0));
    await assert.rejects(store.loading.publishFile(claim, target, 0.39), (error: Error) => {
      assert.equal(reasonOf(error), 'QuarantineThresholdExceeded');
      assert.match(error.message, /^2 of 5 rows were rejected, 40%, where at most 39% may be/);
      return true;
    });
    const failure = { reason: 'QuarantineThresholdExceeded', message: 'm', cure: 'c' };
    await store.claims.failFile(claim, { ...failure, retryable: false, maxAttempts: 5 });
    assert.deepEqual(
      [await count('events'), await count('event_keys'), await count('user_properties')],
      [0, 0, 0],
    );
    assert.deepEqual([await count('staged_events'), await count('staged_changes')], [0, 0]);
    assert.equal(await count('rejects'), 2);
    const { files, records } = await store.status.sourceCounts(sourceId);
    assert.deepEqual([files.failed, records], [1, { imported: 0, duplicate: 0, skipped: 0, rejected: 2 }]);
  });

  it('goes on with whoever takes it over, and says that it is staged', async () => {
    const { store, sourceId } = suite.fixture;
    await recordFiles(suite.fixture, [foundObject('web/a')]);
    const [first] = await claimFiles(store, sourceId);
    assert.equal(first?.staged, false);
    await store.loading.stageBatch(
      first.claim,
      target,
      batchOf([event({ insertId: '1' })], { final: false }),
    );
    await store.claims.release([first.claim]);
    const [again] = await claimFiles(store, sourceId);
    assert.deepEqual([again?.staged, again?.committedRows], [true, 1]);
    assert.ok(again !== undefined);
    await store.loading.stageBatch(again.claim, target, batchOf([event({ insertId: '2' })], { afterRow: 1 }));
    assert.equal((await store.loading.publishFile(again.claim, target, 0)).imported, 2);
  });

  it('that changes while it is read starts over with an empty stage', async () => {
    const { store } = suite.fixture;
    const claim = await openFile(suite.fixture, 'web/changing');
    await store.loading.stageBatch(
      claim,
      target,
      part([event({ insertId: 'old' }), identify('u', 'i', { a: 1 })], 0),
    );
    await store.loading.restartFile(claim, foundObject('web/changing', { etag: 'v2' }));
    assert.deepEqual(
      [await count('staged_events'), await count('staged_changes'), await count('rejects')],
      [0, 0, 0],
    );
    await store.loading.stageBatch(claim, target, batchOf([event({ insertId: 'new' })]));
    assert.equal((await store.loading.publishFile(claim, target, 0)).imported, 1);
  });

  it('many pages of changes keep the order of the rows of each user', async () => {
    const { store } = suite.fixture;
    const claim = await openFile(suite.fixture, 'web/many');
    const calls = Array.from({ length: 5000 }, (_, index) =>
      identify(index % 2 === 0 ? 'busy' : `user-${index}`, `i${index}`, {
        $set: { last: index },
        $add: { n: 1 },
      }),
    );
    await store.loading.stageBatch(claim, target, batchOf(calls));
    assert.equal((await store.loading.publishFile(claim, target, 0)).imported, 5000);
    assert.deepEqual(await properties('busy'), { last: 4998, n: 2500 });
    assert.deepEqual(await properties('user-4999'), { last: 4999, n: 1 });
    assert.equal(await count('user_properties'), 2501);
  });
});
