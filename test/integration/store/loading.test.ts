import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { encodedEvents } from '../../support/encoded-events.ts';
import { reasonOf } from '../../../lib/errors.ts';
import type { JsonObject } from '../../../lib/json.ts';
import {
  batchOf,
  claimFiles,
  event,
  foundObject,
  groupIdentify,
  haltAt,
  identify,
  importFile,
  openFile,
  recordFiles,
  target,
  testSchema,
  weekMs,
  useStore,
} from '../../support/store.ts';

const dayMs = 24 * 3_600_000;

describe('loading', () => {
  const suite = useStore();

  async function count(table: string, where = 'true'): Promise<number> {
    const [row] = await suite.fixture.database.sql<{ n: number }>(
      `SELECT count(*)::int AS n FROM ${testSchema}.${table} WHERE ${where}`,
    );
    return row?.n ?? 0;
  }

  async function propertiesOf(subject: string, table = 'user_properties'): Promise<JsonObject | undefined> {
    const [row] = await suite.fixture.database.sql<{ properties: JsonObject }>(
      `SELECT properties FROM ${testSchema}.${table} WHERE subject = $1`,
      [subject],
    );
    return row?.properties;
  }

  /** As if all that was loaded so far had arrived that much earlier: events move to the partition of that day. */
  async function age(ms: number): Promise<void> {
    await suite.fixture.database.sql(
      `SELECT ${testSchema}.make_partitions((now() - interval '40 days')::date, 41)`,
    );
    const interval = `interval '${String(ms)} milliseconds'`;
    await suite.fixture.database.sql(
      `UPDATE ${testSchema}.event_keys SET first_seen = first_seen - ${interval}`,
    );
    await suite.fixture.database.sql(
      `UPDATE ${testSchema}.events SET server_upload_time = server_upload_time - ${interval}`,
    );
  }

  describe('events', () => {
    it('[I-01] are stored as they are, with where they came from, in the partition of the day they arrived', async () => {
      const claim = await openFile(suite.fixture);
      const body = {
        event_properties: { price: 1.5, big: 9007199254740991, list: [1, null, { a: 'ü' }] },
      };
      const events = [
        event({ userId: 'user-1', time: 1_700_000_000_123, body }),
        event({ insertId: 'no time', time: undefined }),
        event({ insertId: 'far', time: 9e15 }),
        event({ insertId: 'long ago', time: -9e15 }),
        event({ insertId: 'fraction', time: 1_700_000_000_123.75 }),
      ];
      const result = await suite.fixture.store.loading.commitBatch(claim, target, batchOf(events));
      assert.deepEqual(result, { imported: 5, duplicate: 0, rejected: 0, skipped: 0, repeated: false });
      const rows = await suite.fixture.database.sql<Record<string, unknown>>(
        `SELECT e.*, tableoid::regclass::text AS partition,
                extract(epoch FROM event_time)::numeric * 1000 AS ms,
                to_char(server_upload_time AT TIME ZONE 'UTC', 'YYYYMMDD') AS day,
                event_time = server_upload_time AS at_arrival
         FROM ${testSchema}.events e ORDER BY file_row`,
      );
      const [first, second, far, ago, fraction] = rows;
      assert.deepEqual(first?.['body'], events[0]?.body);
      assert.equal(first?.['ms'], '1700000000123.000000');
      assert.equal(fraction?.['ms'], '1700000000123.000000');
      assert.deepEqual(
        [
          first?.['user_id'],
          first?.['device_id'],
          first?.['event_type'],
          first?.['project_id'],
          first?.['file_row'],
        ],
        ['user-1', 'device-1', 'page viewed', target.projectId, '1'],
      );
      assert.equal(first?.['partition'], `${testSchema}.events_${String(first?.['day'])}`);
      assert.equal(second?.['at_arrival'], true);
      assert.ok(far !== undefined && ago !== undefined);
    });

    it('with characters that PostgreSQL cannot hold are stored with a sign in their place, and can be queried', async () => {
      const nasty = 'tab\t line\n return\r back\\slash \\N \\. "quote" NUL\0 half\ud800 pair 😀';
      const clean = nasty.replace('\0', '\ufffd').replace('\ud800', '\ufffd');
      const body = { ['name ' + nasty]: nasty, deep: [{ list: [nasty] }] };
      const claim = await openFile(suite.fixture);
      const one = event({ userId: nasty, deviceId: nasty, eventType: nasty, insertId: nasty, body });
      const call = identify(nasty, 'i2', { $set: { ['p ' + nasty]: nasty }, $append: { list: [nasty] } });
      const group = groupIdentify('i3', { [`type ${nasty}`]: nasty }, { note: nasty });
      await suite.fixture.store.loading.commitBatch(claim, target, {
        ...batchOf([one, call, group], { final: false }),
        throughRow: 5,
        rejects: [
          { row: 4, offset: 99, column: nasty, reason: nasty, raw: nasty },
          { row: 5, offset: 199, column: undefined, reason: 'too long', raw: `${'😀'.repeat(2000)}\0` },
        ],
      });
      const [row] = await suite.fixture.database.sql<Record<string, unknown>>(
        `SELECT user_id, device_id, event_type, insert_id, body->>$1 AS named, body->'deep'->0->'list'->>0 AS deep
         FROM ${testSchema}.events WHERE file_row = 1`,
        [`name ${clean}`],
      );
      assert.deepEqual(Object.values(row ?? {}), [clean, clean, clean, clean, clean, clean]);
      assert.deepEqual(await propertiesOf(clean), { [`p ${clean}`]: clean, list: [clean] });
      assert.deepEqual(await propertiesOf(clean, 'group_properties'), { note: clean });
      assert.equal(await count('events', "body::jsonb ? 'event_type'"), 3);
      const reader = await suite.fixture.openReader();
      const [long, bad] = await reader.listRejects(suite.fixture.sourceId, { limit: 10 });
      assert.deepEqual(
        [bad?.key, bad?.row, bad?.offset, bad?.column, bad?.reason, bad?.raw],
        ['web/a.json', 4, 99, clean, clean, clean],
      );
      assert.deepEqual([long?.column, long?.raw], [undefined, '😀'.repeat(1024)]);
      // The changes written down for a take-back bear it as well.
      await suite.fixture.store.loading.restartFile(claim, foundObject('web/a.json', { etag: 'new' }));
      assert.deepEqual([await count('events'), await count('rejects')], [0, 0]);
      assert.deepEqual(await propertiesOf(clean), {});
    });

    it('ids that are longer than an index takes are no hindrance', async () => {
      const long = '漢'.repeat(1024);
      const calls = [
        event({ userId: long, deviceId: long, insertId: long }),
        identify(long, 'i', { plan: 'paid' }),
        groupIdentify('g', { [long]: long }, { plan: 'paid' }),
      ];
      assert.equal((await importFile(suite.fixture, `web/${'x'.repeat(1000)}`, calls)).imported, 3);
      assert.deepEqual(await propertiesOf(long), { plan: 'paid' });
    });

    it('a value that the server refuses takes the batch back, and the connection goes on', async () => {
      const claim = await openFile(suite.fixture);
      const events = Array.from({ length: 3000 }, (_, index) =>
        event({ insertId: String(index), body: { filler: 'x'.repeat(500) } }),
      );
      const broken = batchOf(events);
      const bad = {
        ...broken,
        events: encodedEvents(
          target,
          events.map((one, index) => ({ row: index === 5 ? NaN : index + 1, event: one })),
        ),
      };
      await assert.rejects(suite.fixture.store.loading.commitBatch(claim, target, bad), (error) => {
        assert.equal(reasonOf(error), 'StoreError');
        return true;
      });
      assert.equal(await count('events'), 0);
      assert.equal((await suite.fixture.store.loading.commitBatch(claim, target, broken)).imported, 3000);
    });
  });

  describe('deduplication', () => {
    it('[I-50] holds within a batch, across batches, files and days, by project, device or user, and id', async () => {
      const claim = await openFile(suite.fixture, 'web/1');
      const { loading } = suite.fixture.store;
      const a = event({ insertId: 'a', body: { which: 'first' } });
      const first = await loading.commitBatch(
        claim,
        target,
        batchOf([a, event({ insertId: 'a' })], { final: false }),
      );
      assert.deepEqual([first.imported, first.duplicate], [1, 1]);
      const second = await loading.commitBatch(
        claim,
        target,
        batchOf([a, event({ insertId: 'b' })], { afterRow: 2 }),
      );
      assert.deepEqual([second.imported, second.duplicate], [1, 1]);
      await age(dayMs);
      // Another event time, user and body: it is the same event all the same.
      const same = event({ insertId: 'a', time: 1, userId: 'user-9', body: { which: 'second' } });
      const others = [
        event({ insertId: 'a', deviceId: 'device-2' }),
        event({ insertId: 'a', deviceId: undefined, userId: 'device-1' }),
      ];
      const third = await importFile(suite.fixture, 'web/2', [same, ...others]);
      assert.deepEqual([third.imported, third.duplicate], [2, 1]);
      assert.equal(await count('events', "body->>'which' = 'first'"), 1);
      assert.equal(await count('events', "body->>'which' = 'second'"), 0);
      const elsewhere = await openFile(suite.fixture, 'web/3');
      const project2 = { ...target, projectId: '2' };
      const events = encodedEvents(project2, [{ row: 1, event: a }]);
      const other = await loading.commitBatch(elsewhere, project2, batchOf([a], { events }));
      assert.equal(other.imported, 1);
    });

    it('[I-50] goes by arrival: within the window to its last moment, over the end of a month, and not behind it', async () => {
      await importFile(suite.fixture, 'web/1', [event({ insertId: 'a' }), event({ insertId: 'b' })]);
      await age(weekMs - 60_000);
      const within = await importFile(suite.fixture, 'web/2', [event({ insertId: 'a' })]);
      assert.deepEqual([within.imported, within.duplicate], [0, 1]);
      await age(120_000);
      const behind = await importFile(suite.fixture, 'web/3', [event({ insertId: 'a' })]);
      assert.deepEqual([behind.imported, behind.duplicate], [1, 0]);
      // Renewed by the one that was stored, so counted from there.
      await age(weekMs - 60_000);
      const again = await importFile(suite.fixture, 'web/4', [
        event({ insertId: 'a' }),
        event({ insertId: 'b' }),
      ]);
      assert.deepEqual([again.imported, again.duplicate], [1, 1]);
      const months = await suite.fixture.database.sql(
        `SELECT count(DISTINCT date_trunc('month', server_upload_time)) > 0 AS some,
                count(DISTINCT tableoid)::int AS partitions FROM ${testSchema}.events`,
      );
      assert.deepEqual(months, [{ some: true, partitions: 3 }]);
    });

    it('[C-07] a batch whose answer was lost is committed once, and answered alike', async () => {
      const claim = await openFile(suite.fixture);
      const { loading, status } = suite.fixture.store;
      const batch = {
        ...batchOf([
          event({ insertId: 'a' }),
          event({ insertId: 'a' }),
          identify('u', 'i', { $add: { n: 1 } }),
        ]),
        throughRow: 5,
        skipped: 1,
        rejects: [{ row: 5, offset: 1, column: undefined, reason: 'bad', raw: '' }],
        final: false,
      };
      const first = await loading.commitBatch(claim, target, batch);
      const again = await loading.commitBatch(claim, target, batch);
      assert.deepEqual(again, { ...first, repeated: true });
      const last = batchOf([], { afterRow: 5 });
      assert.equal((await loading.commitBatch(claim, target, last)).repeated, false);
      assert.equal((await loading.commitBatch(claim, target, last)).repeated, true);
      assert.deepEqual(await propertiesOf('u'), { n: 1 });
      const { records, files } = await status.sourceCounts(suite.fixture.sourceId);
      assert.deepEqual([records, files.done], [{ imported: 2, duplicate: 1, skipped: 1, rejected: 1 }, 1]);
      assert.equal(await count('rejects'), 1);
    });

    it('a batch that does not follow the one before is refused', async () => {
      const claim = await openFile(suite.fixture);
      const gap = batchOf([event()], { afterRow: 7 });
      await assert.rejects(
        suite.fixture.store.loading.commitBatch(claim, target, gap),
        /committed up to row 0.*after row 7/,
      );
      assert.equal(await count('events'), 0);
    });

    it('an empty file is done', async () => {
      await importFile(suite.fixture, 'web/empty', []);
      assert.equal((await suite.fixture.store.status.sourceCounts(suite.fixture.sourceId)).files.done, 1);
    });
  });

  describe('properties', () => {
    it('[I-02][I-39] of users are changed in the order of the rows, by stored events alone', async () => {
      const calls = [
        identify('user-1', 'i1', { $set: { plan: 'free', seen: 1 }, $add: { visits: 1 } }),
        identify('user-1', 'i2', {
          $setOnce: { plan: 'never' },
          $add: { visits: 1 },
          $append: { tags: 'a' },
        }),
        identify('user-1', 'i2', { $add: { visits: 100 } }),
        identify('user-1', 'i3', { plan: 'paid' }),
        identify('user-1', 'i4', {
          $prepend: { tags: 'b' },
          $postInsert: { tags: ['a', 'c'] },
          $unset: { seen: '-' },
        }),
      ];
      const result = await importFile(suite.fixture, 'web/1', calls);
      assert.deepEqual([result.imported, result.duplicate], [4, 1]);
      assert.deepEqual(await propertiesOf('user-1'), { plan: 'paid', visits: 2, tags: ['b', 'a', 'c'] });
      await importFile(suite.fixture, 'web/2', [
        ...calls,
        identify('user-1', 'i5', { $remove: { tags: ['b', 'c'] } }),
      ]);
      assert.deepEqual(await propertiesOf('user-1'), { plan: 'paid', visits: 2, tags: ['a'] });
      assert.equal(await count('property_changes'), 0);
      assert.equal(await count('events', "kind = 'identify'"), 5);
    });

    it('[I-03] of groups are changed for each group that a call names', async () => {
      await importFile(suite.fixture, 'web/1', [
        groupIdentify(
          'g1',
          { company: 'Acme', team: ['red', 'blue', 7] },
          { $set: { plan: 'paid' }, $add: { seats: 2 } },
        ),
        groupIdentify('g2', { company: 'Acme' }, { $add: { seats: 3 } }),
      ]);
      assert.deepEqual(await propertiesOf('Acme', 'group_properties'), { plan: 'paid', seats: 5 });
      assert.deepEqual(await propertiesOf('7', 'group_properties'), { plan: 'paid', seats: 2 });
      assert.equal(await count('group_properties', "subject_type = 'team'"), 3);
      assert.equal(await count('user_properties'), 0);
    });

    it('[I-37] of a plain event are set only when $skip_user_properties_sync is false', async () => {
      const userProperties = { user_properties: { plan: 'paid', $odd: 1 } };
      await importFile(suite.fixture, 'web/1', [
        event({
          userId: 'skipped',
          insertId: '1',
          body: { ...userProperties, $skip_user_properties_sync: true },
        }),
        event({
          userId: 'synced',
          insertId: '2',
          body: { ...userProperties, $skip_user_properties_sync: false },
        }),
        event({ insertId: '3', body: { ...userProperties, $skip_user_properties_sync: false } }),
      ]);
      assert.equal(await propertiesOf('skipped'), undefined);
      assert.deepEqual(await propertiesOf('synced'), { plan: 'paid', $odd: 1 });
      const [device] = await suite.fixture.database.sql(
        `SELECT subject_type, subject FROM ${testSchema}.user_properties WHERE subject <> 'synced'`,
      );
      assert.deepEqual(device, { subject_type: 'device', subject: 'device-1' });
    });
  });

  describe('a file that changes in the middle', () => {
    it('[C-07] is taken back whole and starts over, and what others did stays', async () => {
      const { loading, status } = suite.fixture.store;
      await importFile(suite.fixture, 'web/other', [
        event({ insertId: 'shared' }),
        identify('user-1', 'other-1', { $add: { visits: 10 }, $set: { plan: 'free' } }),
      ]);
      const claim = await openFile(suite.fixture, 'web/changing');
      const old = [
        event({ insertId: 'shared' }),
        event({ insertId: 'old' }),
        identify('user-1', 'old-1', { $add: { visits: 1 }, $set: { plan: 'old', only: 'old' } }),
        groupIdentify('old-2', { company: 'Acme' }, { $append: { tags: 'old' } }),
      ];
      const rejects = [{ row: 5, offset: 0, column: undefined, reason: 'bad', raw: '' }];
      await loading.commitBatch(claim, target, { ...batchOf(old, { final: false }), throughRow: 5, rejects });
      await loading.commitBatch(
        claim,
        target,
        batchOf([identify('user-1', 'old-3', { $add: { visits: 1 }, $unset: { only: '-' } })], {
          afterRow: 5,
          final: false,
        }),
      );
      await importFile(suite.fixture, 'web/third', [
        identify('user-1', 'third', { $add: { visits: 100 }, $set: { plan: 'gold' } }),
      ]);
      assert.deepEqual(await propertiesOf('user-1'), { visits: 112, plan: 'gold' });

      await recordFiles(suite.fixture, [
        foundObject('web/changing', { etag: 'v2', lastModified: Date.UTC(2026, 10, 5) }),
      ]);
      await loading.restartFile(
        claim,
        foundObject('web/changing', { etag: 'v2', lastModified: Date.UTC(2026, 10, 5) }),
      );

      assert.deepEqual(await propertiesOf('user-1'), { visits: 110, plan: 'gold' });
      assert.deepEqual(await propertiesOf('Acme', 'group_properties'), {});
      assert.deepEqual([await count('events'), await count('event_keys')], [3, 3]);
      assert.deepEqual([await count('rejects'), await count('property_changes')], [0, 0]);
      const between = await status.sourceCounts(suite.fixture.sourceId);
      assert.deepEqual(between.records, { imported: 3, duplicate: 0, skipped: 0, rejected: 0 });
      assert.equal(between.files.overwritten, 0);

      // The old version's ids are free again; its claim goes on.
      const result = await loading.commitBatch(
        claim,
        target,
        batchOf([event({ insertId: 'old' }), event({ insertId: 'shared' })]),
      );
      assert.deepEqual([result.imported, result.duplicate], [1, 1]);
      const after = await status.sourceCounts(suite.fixture.sourceId);
      assert.deepEqual([after.files.done, after.records.imported], [3, 4]);
      const [file] = await suite.fixture.database.sql(
        `SELECT etag, committed_rows::int, overwritten_etag FROM ${testSchema}.files WHERE key = 'web/changing'`,
      );
      assert.deepEqual(file, { etag: 'v2', committed_rows: 2, overwritten_etag: null });
    });

    it('keeps the id of an event that another file has renewed since', async () => {
      const claim = await openFile(suite.fixture, 'web/slow');
      const { loading } = suite.fixture.store;
      await loading.commitBatch(claim, target, batchOf([event({ insertId: 'a' })], { final: false }));
      await age(weekMs + 60_000);
      await suite.fixture.database.sql(
        `UPDATE ${testSchema}.files SET first_stamp = first_stamp - interval '8 days' WHERE id = ${String(claim.fileId)}`,
      );
      assert.equal((await importFile(suite.fixture, 'web/2', [event({ insertId: 'a' })])).imported, 1);
      await loading.restartFile(claim, foundObject('web/slow', { etag: 'v2' }));
      assert.deepEqual([await count('events'), await count('event_keys')], [1, 1]);
      assert.equal((await importFile(suite.fixture, 'web/3', [event({ insertId: 'a' })])).duplicate, 1);
    });
  });

  describe('the hour of arrival', () => {
    it('cannot be closed while a load that stamps it is under way', async () => {
      const halt = haltAt('commitBatch:beforeCommit');
      const store = await suite.fixture.open({ faultPoint: halt.faultPoint });
      const claim = await openFile(suite.fixture);
      const load = store.loading.commitBatch(claim, target, batchOf([event()]));
      const tryClose = async (ago: string): Promise<unknown> => {
        const [row] = await suite.fixture.database.sql<{ closed: boolean }>(
          `SELECT pg_try_advisory_xact_lock(${testSchema}.hour_lock(date_trunc('hour', at, 'UTC'))) AS closed
           FROM (SELECT clock_timestamp() - $1::interval AS at) t`,
          [ago],
        );
        return row?.closed;
      };
      try {
        await halt.reached;
        assert.equal(await tryClose('0'), false);
        assert.equal(await tryClose('2 hours'), true);
      } finally {
        halt.goOn();
      }
      await load;
      assert.equal(await tryClose('0'), true);
    });
  });

  describe('upkeep', () => {
    const request = {
      daysAhead: 3,
      deduplicationWindowMs: weekMs,
      keepEventsMs: undefined,
      keepRejectsMs: undefined,
      keepRunsMs: undefined,
    };

    it('makes partitions ahead, removes what has outlived its time, and nothing else', async () => {
      const { store, epoch, sourceId } = suite.fixture;
      await importFile(suite.fixture, 'web/1', [event({ insertId: 'old' })]);
      await store.runs.openRun(sourceId, { epoch });
      await store.runs.closeRun(sourceId, 1, { epoch, outcome: 'Succeeded' });
      await store.runs.openRun(sourceId, { epoch });
      await store.runs.closeRun(sourceId, 2, { epoch, outcome: 'Succeeded' });
      const claim = await openFile(suite.fixture, 'web/2');
      const rejects = [{ row: 1, offset: 0, column: undefined, reason: 'bad', raw: '' }];
      await store.loading.commitBatch(claim, target, { ...batchOf([]), throughRow: 1, rejects });
      await age(10 * dayMs);
      await suite.fixture.database.sql(`UPDATE ${testSchema}.rejects SET at = at - interval '10 days'`);
      await suite.fixture.database.sql(
        `UPDATE ${testSchema}.runs SET ended_at = ended_at - interval '10 days'`,
      );
      await importFile(suite.fixture, 'web/3', [event({ insertId: 'new' })]);

      const kept = await store.maintenance.upkeep({ ...request, epoch });
      assert.deepEqual([kept.partitionsDropped, kept.runsRemoved], [0, 0]);
      assert.equal(kept.eventKeysRemoved, 1);
      const removing = {
        ...request,
        epoch,
        keepEventsMs: 9 * dayMs,
        keepRejectsMs: 9 * dayMs,
        keepRunsMs: 9 * dayMs,
      };
      let dropped = 0;
      for (let more = true; more;) {
        const result = await store.maintenance.upkeep(removing);
        dropped += result.partitionsDropped;
        more = result.more;
      }
      // Of events and of rejects, a day each.
      assert.ok(dropped >= 60);
      assert.deepEqual([await count('events'), await count('rejects'), await count('runs')], [1, 0, 1]);
      const quiet = await store.maintenance.upkeep(removing);
      assert.deepEqual(quiet, {
        partitionsMade: 0,
        partitionsDropped: 0,
        eventKeysRemoved: 0,
        runsRemoved: 0,
        more: false,
      });
      assert.equal((await store.runs.openRun(sourceId, { epoch })).number, 3);
      // Files are kept for good.
      assert.equal(await count('files'), 3);
    });

    it('does not wait for long behind a load that uses the table', async () => {
      await importFile(suite.fixture, 'web/1', [event()]);
      await age(10 * dayMs);
      const halt = haltAt('commitBatch:beforeCommit');
      const loader = await suite.fixture.open({ faultPoint: halt.faultPoint });
      const claim = await openFile(suite.fixture, 'web/2');
      const load = loader.loading.commitBatch(claim, target, batchOf([event({ insertId: 'new' })]));
      try {
        await halt.reached;
        const removing = { ...request, epoch: suite.fixture.epoch, keepEventsMs: 9 * dayMs };
        const result = await suite.fixture.store.maintenance.upkeep(removing);
        assert.deepEqual([result.partitionsDropped, result.more], [0, true]);
      } finally {
        halt.goOn();
      }
      assert.equal((await load).imported, 1);
    });
  });

  it('is told by pages: files by their keys, rejects the newest first', async () => {
    await recordFiles(suite.fixture, [foundObject('web/b'), foundObject('web/a'), foundObject('web/Z')]);
    const reader = await suite.fixture.openReader();
    const first = await reader.listFiles(suite.fixture.sourceId, { limit: 2 });
    const second = await reader.listFiles(suite.fixture.sourceId, {
      limit: 2,
      after: first.at(-1)?.key ?? '',
    });
    assert.deepEqual(
      [...first, ...second].map((file) => [file.key, file.state]),
      [
        ['web/Z', 'found'],
        ['web/a', 'found'],
        ['web/b', 'found'],
      ],
    );
    const [file] = await claimFiles(suite.fixture.store, suite.fixture.sourceId, { limit: 1 });
    assert.ok(file !== undefined);
    const rejects = [1, 2, 3].map((row) => ({ row, offset: row, column: 'c', reason: 'bad', raw: '' }));
    await suite.fixture.store.loading.commitBatch(file.claim, target, {
      ...batchOf([]),
      throughRow: 3,
      rejects,
    });
    const page = await reader.listRejects(suite.fixture.sourceId, { limit: 2 });
    const rest = await reader.listRejects(suite.fixture.sourceId, { limit: 2, after: page.at(-1)?.id });
    assert.deepEqual(
      [...page, ...rest].map((reject) => reject.row),
      [3, 2, 1],
    );
  });
});
