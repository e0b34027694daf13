import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { reasonOf } from '../../../lib/errors.ts';
import type { OwnerIdentity } from '../../../lib/store/types.ts';
import {
  batchOf,
  claimFiles,
  countWaiting,
  foundObject,
  haltAt,
  importFile,
  event,
  openFile,
  recordFiles,
  sourceIdentity,
  target,
  testSchema,
  until,
  useStore,
} from '../../support/store.ts';

const owner: OwnerIdentity = {
  installationId: 'installation-1',
  namespace: 'acme',
  name: 'analytics',
  organizationId: 'org-1',
};

function reason(expected: string): (error: unknown) => boolean {
  return (error) => {
    assert.equal(reasonOf(error), expected);
    return true;
  };
}

describe('the ledger', () => {
  const suite = useStore();

  describe('ownership', () => {
    it('a second living EventStore is refused, without a word about the first', async () => {
      const { ownership } = suite.fixture.store;
      assert.deepEqual(await ownership.hold(owner, 60_000), { kind: 'first' });
      assert.deepEqual(await ownership.hold(owner, 60_000), { kind: 'held' });
      const others = [
        { ...owner, name: 'other' },
        { ...owner, namespace: 'globex' },
        { ...owner, installationId: 'installation-2' },
        { ...owner, organizationId: 'org-2' },
      ];
      for (const other of others) {
        await assert.rejects(ownership.hold(other, 60_000), (error: Error) => {
          assert.equal(reasonOf(error), 'ConflictingResource');
          assert.doesNotMatch(error.message, /installation-1|analytics|org-1/);
          return true;
        });
      }
    });

    it('the place of a dead one is taken over, and that is told', async () => {
      const { ownership } = suite.fixture.store;
      await ownership.hold(owner, 60_000);
      await suite.fixture.database.sql(
        `UPDATE ${testSchema}.owner SET alive_at = alive_at - interval '61 seconds'`,
      );
      const result = await ownership.hold({ ...owner, installationId: 'installation-2' }, 60_000);
      assert.ok(result.kind === 'takenOver' && result.silentMs >= 61_000);
      await assert.rejects(ownership.hold(owner, 60_000), reason('ConflictingResource'));
    });

    it('one that resigned leaves the place free, but not to another organization', async () => {
      const { ownership } = suite.fixture.store;
      await ownership.hold(owner, 60_000);
      await ownership.resign({ ...owner, name: 'other' });
      await assert.rejects(
        ownership.hold({ ...owner, name: 'other' }, 60_000),
        reason('ConflictingResource'),
      );
      await ownership.resign(owner);
      const organizationId = 'org-2';
      await assert.rejects(
        ownership.hold({ ...owner, organizationId }, 60_000),
        reason('ConflictingResource'),
      );
      assert.equal((await ownership.hold({ ...owner, name: 'other' }, 60_000)).kind, 'takenOver');
    });

    it('of many that come at once, one gets the schema', async () => {
      const names = Array.from({ length: 8 }, (_, index) => `store-${String(index)}`);
      const results = await Promise.allSettled(
        names.map(async (name) => await suite.fixture.store.ownership.hold({ ...owner, name }, 60_000)),
      );
      assert.equal(results.filter((result) => result.status === 'fulfilled').length, 1);
    });
  });

  describe('the epoch of the leader', () => {
    it('refuses every write of a leader that another has followed', async () => {
      const { store, sourceId, generation, epoch } = suite.fixture;
      const run = await store.runs.openRun(sourceId, { epoch });
      const pass = await store.discovery.beginPass(sourceId, 'full', { epoch });
      const newer = await (await suite.fixture.open()).ownership.takeEpoch('operator-1');
      assert.equal(newer, epoch + 1);
      const upkeep = {
        daysAhead: 1,
        deduplicationWindowMs: 1,
        keepEventsMs: 1,
        keepRejectsMs: 1,
        keepRunsMs: 1,
      };
      const page = { objects: [foundObject('web/a')], generation, foundBy: 'listing', epoch } as const;
      const writes: (() => Promise<unknown>)[] = [
        async () => await store.sources.ensureSource(sourceIdentity({ bucket: 'new' }), { epoch }),
        async () => {
          await store.sources.setWantedTemplate(sourceId, 'template-2', { epoch });
        },
        async () =>
          await store.sources.recordConversion(
            sourceId,
            { digest: 'd2', kind: 'k', document: '' },
            { epoch },
          ),
        async () => await store.discovery.recordFound(sourceId, page),
        async () => await store.discovery.beginPass(sourceId, 'full', { epoch }),
        async () => {
          await store.discovery.finishPass(sourceId, pass.pass, { epoch });
        },
        async () => await store.runs.closeRun(sourceId, run.number, { epoch, outcome: 'Failed' }),
        async () => await store.maintenance.upkeep({ ...upkeep, epoch }),
      ];
      for (const write of writes) await assert.rejects(write(), reason('LeaderFenced'));
      assert.equal((await store.status.sourceCounts(sourceId)).files.found, 0);
      assert.equal((await store.discovery.recordFound(sourceId, { ...page, epoch: newer })).found, 1);
    });

    it('is not taken while a write of the leader before is under way', async () => {
      const { store, sourceId, generation, epoch } = suite.fixture;
      // The write waits for the row of a file, which a load holds.
      const halt = haltAt('commitBatch:beforeCommit');
      const loader = await suite.fixture.open({ faultPoint: halt.faultPoint });
      const claim = await openFile(suite.fixture, 'web/a');
      const load = loader.loading.commitBatch(claim, target, batchOf([event()]));
      const waiting = async (): Promise<number> => await countWaiting(suite.fixture.database);
      let write: Promise<{ readonly overwritten: number }> | undefined;
      let takeover: Promise<number> | undefined;
      try {
        await halt.reached;
        const objects = [foundObject('web/a', { etag: 'new' })];
        const page = { objects, generation, foundBy: 'listing', epoch } as const;
        write = store.discovery.recordFound(sourceId, page);
        await until(async () => (await waiting()) === 1, 'the write waits for the file');
        const other = await suite.fixture.open();
        takeover = other.ownership.takeEpoch('operator-1');
        await until(async () => (await waiting()) === 2, 'the new leader waits for the write');
      } finally {
        halt.goOn();
      }
      // Had the epoch been taken first, the write would have been refused. Which of two answers of the server this
      // process reads first says nothing: they come over two connections.
      assert.equal((await write).overwritten, 1);
      assert.equal(await takeover, epoch + 1);
      assert.equal((await load).imported, 1);
    });
  });

  describe('sources', () => {
    it('[C-02] a ledger is the same under the same identity, and another one when any part differs', async () => {
      const { store, sourceId, epoch } = suite.fixture;
      assert.equal(await store.sources.ensureSource(sourceIdentity(), { epoch }), sourceId);
      const ids = new Set([sourceId]);
      for (const part of [
        'namespace',
        'ledgerName',
        'endpoint',
        'bucket',
        'prefix',
        'projectId',
        'destination',
      ]) {
        ids.add(await store.sources.ensureSource(sourceIdentity({ [part]: 'other' }), { epoch }));
      }
      assert.equal(ids.size, 8);
    });

    it('many that ask at once get one ledger', async () => {
      const identity = sourceIdentity({ bucket: 'contended' });
      const ids = await Promise.all(
        Array.from(
          { length: 8 },
          async () => await suite.fixture.store.sources.ensureSource(identity, suite.fixture),
        ),
      );
      assert.equal(new Set(ids).size, 1);
    });

    it('[I-42] each new conversion is a generation, and files keep the one that they were found under', async () => {
      const { store, sourceId, epoch } = suite.fixture;
      await recordFiles(suite.fixture, [foundObject('web/1-old')]);
      const second = { digest: 'digest-2', kind: 'amplitude', document: '{"second":true}' };
      const generation = await store.sources.recordConversion(sourceId, second, { epoch });
      assert.equal(generation, 2);
      assert.equal(await store.sources.recordConversion(sourceId, second, { epoch }), 2);
      const objects = [foundObject('web/1-old'), foundObject('web/2-new')];
      await store.discovery.recordFound(sourceId, { objects, generation, epoch, foundBy: 'listing' });
      const files = await claimFiles(store, sourceId);
      assert.deepEqual(
        files.map((file) => [file.key, file.generation]),
        [
          ['web/1-old', 1],
          ['web/2-new', 2],
        ],
      );
      assert.deepEqual(await store.sources.conversion(sourceId, 2), { generation: 2, ...second });
      // Back to the first document: a third generation, since files of the second remain what they are.
      const first = { digest: 'digest-1', kind: 'amplitude', document: '{}' };
      assert.equal(await store.sources.recordConversion(sourceId, first, { epoch }), 3);
    });
  });

  describe('what a listing finds', () => {
    it('[I-22] known and unchanged objects write nothing at all', async () => {
      const { store, sourceId, generation, epoch } = suite.fixture;
      const objects = [
        foundObject('web/a'),
        foundObject('web/b'),
        foundObject('web/ü'),
        foundObject('web/Z'),
      ];
      const page = { objects, generation, epoch, foundBy: 'listing' } as const;
      assert.equal((await store.discovery.recordFound(sourceId, page)).found, 4);
      const versions = `SELECT array_agg(xmin::text || xmax::text ORDER BY id) AS v FROM ${testSchema}.files`;
      const before = await suite.fixture.database.sql(versions);
      const again = await store.discovery.recordFound(sourceId, { ...page, foundBy: 'notification' });
      assert.deepEqual(again, { found: 0, replaced: 0, overwritten: 0, unstorable: 0 });
      assert.deepEqual(await suite.fixture.database.sql(versions), before);
    });

    it('[I-22][I-23] an overwritten file is noticed and counted once, and not given out again', async () => {
      const { store, sourceId, generation, epoch } = suite.fixture;
      await importFile(suite.fixture, 'web/a', [event()]);
      const changed = foundObject('web/a', { etag: 'new', lastModified: Date.UTC(2026, 10, 3) });
      const page = { objects: [changed], generation, epoch, foundBy: 'listing' } as const;
      assert.equal((await store.discovery.recordFound(sourceId, page)).overwritten, 1);
      assert.equal((await store.discovery.recordFound(sourceId, page)).overwritten, 0);
      const third = { ...page, objects: [{ ...changed, etag: 'newer' }] };
      assert.equal((await store.discovery.recordFound(sourceId, third)).overwritten, 1);
      assert.deepEqual(await claimFiles(store, sourceId), []);
      const { files } = await store.status.sourceCounts(sourceId);
      assert.equal(files.overwritten, 1);
      assert.equal(files.found, 1);
      const reader = await suite.fixture.openReader();
      const [entry] = await reader.listFiles(sourceId, { limit: 10 });
      assert.equal(entry?.isOverwritten, true);
    });

    it('a file overwritten before anybody began it is imported in its new version, under the newest conversion', async () => {
      const { store, sourceId, epoch } = suite.fixture;
      await recordFiles(suite.fixture, [foundObject('web/a')]);
      const conversion = { digest: 'digest-2', kind: 'amplitude', document: '' };
      const generation = await store.sources.recordConversion(sourceId, conversion, { epoch });
      const changed = foundObject('web/a', { etag: 'new', size: 7, lastModified: Date.UTC(2026, 10, 3) });
      const page = { objects: [changed], generation, epoch, foundBy: 'listing' } as const;
      assert.equal((await store.discovery.recordFound(sourceId, page)).replaced, 1);
      const [file] = await claimFiles(store, sourceId);
      assert.deepEqual([file?.etag, file?.size, file?.generation], ['new', 7, 2]);
      assert.equal((await store.status.sourceCounts(sourceId)).files.overwritten, 0);
    });

    it('a notification that comes late about an older version says nothing new', async () => {
      const { store, sourceId, generation, epoch } = suite.fixture;
      const old = foundObject('web/a', { etag: 'old', lastModified: Date.UTC(2026, 9, 1) });
      await importFile(suite.fixture, 'web/a', [event()]);
      const page = { objects: [old], generation, epoch, foundBy: 'notification' } as const;
      assert.equal((await store.discovery.recordFound(sourceId, page)).overwritten, 0);
    });

    it('[C-07] listing and notifications that meet the same keys at once record each once', async () => {
      const { sourceId, generation, epoch } = suite.fixture;
      const other = await suite.fixture.open();
      const objects = Array.from({ length: 400 }, (_, index) => foundObject(`web/${String(index)}`));
      const results = await Promise.all(
        [suite.fixture.store, other, suite.fixture.store, other].map(async (store, index) => {
          const turned = index % 2 === 0 ? objects : objects.toReversed();
          const page = {
            objects: [...turned, ...turned.slice(0, 3)],
            generation,
            epoch,
            foundBy: 'listing',
          } as const;
          return await store.discovery.recordFound(sourceId, page);
        }),
      );
      assert.equal(
        results.reduce((sum, { found }) => sum + found, 0),
        400,
      );
      assert.equal((await other.status.sourceCounts(sourceId)).files.found, 400);
    });

    it('a key that PostgreSQL cannot hold does not stop the page', async () => {
      const { store, sourceId, generation, epoch } = suite.fixture;
      const objects = [foundObject('web/a\0b'), foundObject('web/c')];
      const result = await store.discovery.recordFound(sourceId, {
        objects,
        generation,
        epoch,
        foundBy: 'listing',
      });
      assert.deepEqual([result.found, result.unstorable], [1, 1]);
    });

    it('[I-17] a pass is resumed where it stood, also by another replica, and a tail pass begins behind the greatest key', async () => {
      const { store, sourceId, generation, epoch } = suite.fixture;
      const { discovery } = store;
      const first = await discovery.beginPass(sourceId, 'full', { epoch });
      assert.deepEqual([first.pass, first.kind, first.startAfter], [1, 'full', undefined]);
      const record = async (keys: readonly string[], pass: number): Promise<void> => {
        const objects = keys.map((key) => foundObject(key));
        const progress = {
          pass,
          lastKey: keys.at(-1) ?? '',
          seen: keys.length,
          tally: { ignored: 1, empty: 2 },
        };
        await discovery.recordFound(sourceId, { objects, generation, epoch, foundBy: 'listing', progress });
      };
      await record(['web/Z', 'web/a'], first.pass);
      await record(['web/Z', 'web/a'], first.pass);
      const other = await suite.fixture.open();
      const newer = await other.ownership.takeEpoch('operator-1');
      const resumed = await other.discovery.beginPass(sourceId, 'tail', { epoch: newer });
      assert.deepEqual(
        [resumed.pass, resumed.kind, resumed.startAfter, resumed.seen],
        [1, 'full', 'web/a', 2],
      );
      await other.discovery.recordFound(sourceId, {
        objects: [foundObject('web/é')],
        generation,
        epoch: newer,
        foundBy: 'listing',
        progress: { pass: 1, lastKey: 'web/é', seen: 1, tally: { empty: 1 } },
      });
      await other.discovery.finishPass(sourceId, 1, { epoch: newer });
      await other.discovery.finishPass(sourceId, 1, { epoch: newer });
      const state = await other.discovery.listingState(sourceId);
      assert.equal(state.current, undefined);
      assert.deepEqual([state.lastFull?.seen, state.lastFull?.tally], [3, { ignored: 1, empty: 3 }]);
      const tail = await other.discovery.beginPass(sourceId, 'tail', { epoch: newer });
      assert.deepEqual([tail.pass, tail.kind, tail.startAfter], [2, 'tail', 'web/é']);
      await other.discovery.finishPass(sourceId, 2, { epoch: newer });
      assert.equal(
        (await other.discovery.beginPass(sourceId, 'full', { epoch: newer })).startAfter,
        undefined,
      );
    });
  });

  describe('runs', () => {
    it('[C-05] have increasing numbers, one open at a time, and counts of what was done in them', async () => {
      const { store, sourceId, epoch } = suite.fixture;
      await importFile(suite.fixture, 'web/before', [event({ insertId: 'before' })]);
      const run = await store.runs.openRun(sourceId, { epoch });
      assert.equal(run.number, 1);
      assert.equal((await store.runs.openRun(sourceId, { epoch })).number, 1);
      await importFile(suite.fixture, 'web/a', [event({ insertId: 'a' }), event({ insertId: 'before' })]);
      const failing = await openFile(suite.fixture, 'web/b');
      const cause = {
        reason: 'TruncatedGzip',
        message: 'cut',
        cure: 'again',
        retryable: false,
        maxAttempts: 5,
      };
      await store.claims.failFile(failing, cause);
      assert.deepEqual((await store.runs.listRuns(sourceId, 1))[0]?.files, { done: 1, failed: 1 });
      const closed = await store.runs.closeRun(sourceId, 1, {
        epoch,
        outcome: 'CompletedWithFailures',
        message: 'm',
      });
      assert.deepEqual(closed.records, { imported: 1, duplicate: 1, skipped: 0, rejected: 0 });
      await importFile(suite.fixture, 'web/c', [event({ insertId: 'c' })]);
      const again = await store.runs.closeRun(sourceId, 1, { epoch, outcome: 'Failed' });
      assert.deepEqual(again, closed);
      assert.equal((await store.runs.openRun(sourceId, { epoch })).number, 2);
      assert.deepEqual(
        (await store.runs.listRuns(sourceId, 10)).map(({ number, outcome }) => [number, outcome]),
        [
          [2, undefined],
          [1, 'CompletedWithFailures'],
        ],
      );
    });
  });
});
