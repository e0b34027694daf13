import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import fc from 'fast-check';
import { TransientError } from '../../../../lib/errors.ts';
import { listObjects, type ListingInput } from '../../../../lib/discovery/listing.ts';
import { startTime } from '../../../support/builders/resources.ts';
import { createBucket, type Bucket } from '../../../support/doubles/bucket.ts';
import { createDiscovery, type MemoryDiscovery } from '../../../support/doubles/discovery.ts';

const signal = new AbortController().signal;
const minute = 60_000;
/** Asked for since the last look. */
const asked = { fromPass: undefined };

interface World {
  readonly bucket: Bucket;
  readonly ledger: MemoryDiscovery;
  look(changes?: Partial<ListingInput>): ReturnType<typeof listObjects>;
}

function createWorld({ pageSize = 3, keys = [] as readonly string[] } = {}): World {
  const bucket = createBucket({ pageSize });
  const ledger = createDiscovery(startTime);
  for (const key of keys) bucket.put(key);
  return {
    bucket,
    ledger,
    look: (changes = {}) =>
      listObjects(
        {
          sourceId: 7,
          epoch: 1,
          generation: 1,
          bucket: 'acme-events',
          prefix: 'web/',
          matches: () => true,
          intervalMs: minute,
          asked: undefined,
          nowMs: ledger.nowMs,
          ...changes,
        },
        { objects: bucket, discovery: ledger },
        signal,
      ),
  };
}

function numbered(count: number): readonly string[] {
  return Array.from({ length: count }, (_, index) => `web/${String(index).padStart(5, '0')}`);
}

suite('one look at a bucket', () => {
  test('[I-17] records every file below the prefix, and says when the next is due', async () => {
    const world = createWorld({ keys: ['web/a', 'web/b', 'web/c', 'web/d', 'other/x'] });
    const { state, nextInMs } = await world.look();
    assert.deepEqual([...world.ledger.files.keys()], ['web/a', 'web/b', 'web/c', 'web/d']);
    assert.deepEqual(state.lastFull, { finishedAt: startTime, seen: 4, tally: { small: 4 } });
    assert.equal(nextInMs, minute);
  });

  test('of an empty prefix is complete', async () => {
    const { state, nextInMs } = await createWorld().look();
    assert.deepEqual(state.lastFull, { finishedAt: startTime, seen: 0, tally: {} });
    assert.equal(nextInMs, minute);
  });

  test('[I-24] leaves alone what is no file, and counts it by what it is', async () => {
    const world = createWorld({
      keys: ['web/a.json', 'web/b.tmp', 'web/c.json', 'web/d.bak', 'web/e\0.json'],
    });
    world.bucket.put('web/', { size: 0 });
    world.bucket.put('web/empty.json', { size: 0 });
    world.bucket.put('web/frozen.json', { storageClass: 'DEEP_ARCHIVE' });
    const { state } = await world.look({ matches: (key) => key.endsWith('.json') });
    assert.deepEqual([...world.ledger.files.keys()], ['web/a.json', 'web/c.json']);
    const tally = { otherName: 2, folder: 1, empty: 1, archived: 1, unstorable: 1, small: 2 };
    assert.deepEqual(state.lastFull, { finishedAt: startTime, seen: 8, tally });
  });

  test('an archived object that is restored, and an empty one that is written, are found by themselves', async () => {
    const world = createWorld();
    world.bucket.put('web/frozen.json', { storageClass: 'GLACIER' });
    world.bucket.put('web/empty.json', { size: 0 });
    await world.look();
    assert.equal(world.ledger.files.size, 0);
    world.bucket.put('web/frozen.json', { storageClass: 'GLACIER', restored: true });
    world.bucket.put('web/empty.json', { size: 10, etag: 'another' });
    world.ledger.nowMs += minute;
    await world.look();
    assert.deepEqual([...world.ledger.files.keys()], ['web/empty.json', 'web/frozen.json']);
  });

  test('[I-53] counts files under 1 MB and over 5 GB, and takes them', async () => {
    const world = createWorld();
    for (const [key, size] of [
      ['a', 999_999],
      ['b', 1_000_000],
      ['c', 5_000_000_000],
      ['d', 5_000_000_001],
    ] as const) {
      world.bucket.put(`web/${key}`, { size });
    }
    const { state } = await world.look();
    assert.equal(world.ledger.files.size, 4);
    assert.deepEqual(state.lastFull?.tally, { small: 1, large: 1 });
  });

  test('[I-42] binds files found to the conversion of now, and leaves those found before to theirs', async () => {
    const world = createWorld({ keys: ['web/a'] });
    await world.look({ generation: 1 });
    world.bucket.put('web/b');
    await world.look({ generation: 2, asked });
    assert.deepEqual(
      [...world.ledger.files].map(([key, { generation }]) => [key, generation]),
      [
        ['web/a', 1],
        ['web/b', 2],
      ],
    );
  });

  test('[I-22] tells the ledger of another version of a file, which notices it', async () => {
    const world = createWorld({ keys: ['web/a'] });
    await world.look();
    world.bucket.put('web/a', { etag: 'another' });
    await world.look({ asked });
    assert.deepEqual([...world.ledger.overwritten], ['web/a']);
    assert.equal(world.ledger.files.get('web/a')?.etag, 'etag of web/a');
  });
});

suite('when a bucket is looked at', () => {
  test('not again before the interval is over', async () => {
    const world = createWorld({ keys: ['web/a'] });
    await world.look();
    world.bucket.put('web/b');
    world.ledger.nowMs += 20_000;
    const { nextInMs } = await world.look();
    assert.equal(nextInMs, 40_000);
    assert.equal(world.bucket.calls.listPage, 1);
    world.ledger.nowMs += 40_000;
    await world.look();
    assert.ok(world.ledger.files.has('web/b'));
  });

  test('at once when a person asks for it', async () => {
    const world = createWorld();
    await world.look();
    world.bucket.put('web/b');
    await world.look({ asked });
    assert.ok(world.ledger.files.has('web/b'));
  });

  test('[I-17] a key that sorts before all others is found by the next pass', async () => {
    const world = createWorld({ keys: ['web/m', 'web/n'] });
    await world.look();
    world.bucket.put('web/a');
    world.ledger.nowMs += minute;
    await world.look();
    assert.ok(world.ledger.files.has('web/a'));
  });
});

suite('looks at a large bucket', () => {
  /** A bucket of which the ledger says that a whole look has met so many keys. */
  async function largeWorld(seen: number): Promise<World> {
    const world = createWorld({ keys: ['web/b', 'web/m'] });
    await world.look();
    const { listingState } = world.ledger;
    world.ledger.listingState = async (...args) => {
      const state = await Reflect.apply(listingState, world.ledger, args);
      return { ...state, lastFull: state.lastFull && { ...state.lastFull, seen } };
    };
    world.bucket.put('web/a');
    world.bucket.put('web/n');
    return world;
  }

  test('[I-17] begin behind the greatest key while a whole one would come too soon', async () => {
    const world = await largeWorld(1_000_000);
    world.ledger.nowMs += minute;
    const { nextInMs } = await world.look();
    assert.equal(nextInMs, minute);
    assert.deepEqual([world.ledger.files.has('web/n'), world.ledger.files.has('web/a')], [true, false]);
  });

  for (const [seen, pause] of [
    [60_000, 1],
    [1_000_000, 17],
    [1e12, 24 * 60],
  ] as const) {
    test(`[I-17] a whole one of ${seen} keys comes after ${pause} minutes at the latest`, async () => {
      const world = await largeWorld(seen);
      world.ledger.nowMs += pause * minute;
      await world.look();
      assert.ok(world.ledger.files.has('web/a'));
    });
  }

  test('are whole at once where a person asks', async () => {
    const world = await largeWorld(1e9);
    const { asked: left } = await world.look({ asked });
    assert.ok(world.ledger.files.has('web/a'));
    assert.equal(left, undefined);
  });

  test('a pass that was under way when a person asked is followed by another', async () => {
    const world = createWorld({ keys: numbered(40) });
    await world.look();
    world.bucket.put('web/00000-before');
    const first = await world.look({ asked });
    assert.deepEqual([first.asked, first.nextInMs], [{ fromPass: 2 }, 0]);
    assert.equal(world.ledger.files.has('web/00000-before'), false);
    const second = await world.look({ asked: first.asked });
    const third = await world.look({ asked: second.asked });
    assert.deepEqual([third.asked, third.nextInMs], [undefined, minute]);
    assert.equal(world.ledger.files.has('web/00000-before'), true);
  });
});

suite('a bucket with more than one look can take', () => {
  test('is looked at ten pages at a time, each look going on where the last one stood', async () => {
    const keys = numbered(70);
    const world = createWorld({ keys });
    const first = await world.look();
    assert.deepEqual([first.nextInMs, world.ledger.files.size], [0, 30]);
    assert.equal(first.state.current?.startAfter, keys[29]);
    const second = await world.look();
    assert.deepEqual([second.nextInMs, world.ledger.files.size], [0, 60]);
    const third = await world.look();
    assert.deepEqual([third.nextInMs, world.ledger.files.size], [minute, 70]);
    assert.deepEqual(third.state.lastFull, { finishedAt: startTime, seen: 70, tally: { small: 70 } });
    assert.equal(world.bucket.calls.listPage, 24);
  });

  test('[I-17] a key put behind the place where a pass stands is found by it, one before by the next', async () => {
    const world = createWorld({ keys: numbered(40) });
    await world.look();
    world.bucket.put('web/00000-before');
    world.bucket.put('web/99999-behind');
    await world.look();
    assert.equal(world.ledger.files.has('web/99999-behind'), true);
    assert.equal(world.ledger.files.has('web/00000-before'), false);
    world.ledger.nowMs += minute;
    await world.look();
    await world.look();
    assert.equal(world.ledger.files.has('web/00000-before'), true);
  });

  test('an error in the middle loses nothing: the next look goes on behind the last page recorded', async () => {
    const world = createWorld({ keys: numbered(8) });
    const throttled = new TransientError({ reason: 'Throttled', message: 'Slow down.' });
    const listPage = world.bucket.listPage.bind(world.bucket);
    world.bucket.listPage = async (request, until) => {
      const page = await listPage(request, until);
      if (world.bucket.calls.listPage === 2) throw throttled;
      return page;
    };
    await assert.rejects(world.look(), throttled);
    assert.equal(world.ledger.files.size, 3);
    const { state } = await world.look();
    assert.equal(world.ledger.files.size, 8);
    assert.deepEqual([state.lastFull?.seen, world.bucket.calls.listPage], [8, 4]);
  });

  test('a key that the ledger cannot hold does not hold up the others', async () => {
    const world = createWorld({ keys: ['web/a', 'web/b', 'web/c\0', 'web/d', 'web/e\0'] });
    const { state } = await world.look();
    assert.deepEqual([...world.ledger.files.keys()], ['web/a', 'web/b', 'web/d']);
    assert.equal(state.lastFull?.seen, 5);
  });

  test('[I-17] whatever is put while passes go on, two more whole passes have found it all', async () => {
    const key = fc.string({ minLength: 1, maxLength: 3 }).map((name) => `web/${name.replaceAll('\0', '')}x`);
    await fc.assert(
      fc.asyncProperty(fc.array(fc.array(key, { maxLength: 15 }), { maxLength: 6 }), async (puts) => {
        const world = createWorld({ pageSize: 1 });
        for (const some of puts) {
          for (const one of some) world.bucket.put(one);
          await world.look({ asked });
        }
        await finishPass(world);
        await finishPass(world);
        assert.deepEqual(new Set(world.ledger.files.keys()), new Set(puts.flat()));
      }),
      { numRuns: 50 },
    );
  });
});

async function finishPass(world: World): Promise<void> {
  let result = await world.look({ asked });
  while (result.nextInMs === 0) result = await world.look();
}
