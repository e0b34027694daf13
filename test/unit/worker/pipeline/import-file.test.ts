import assert from 'node:assert/strict';
import { beforeEach, suite, test } from 'node:test';
import { TerminalError, TransientError } from '../../../../lib/errors.ts';
import { importFile, type FileOutcome } from '../../../../worker/pipeline/import-file.ts';
import { importTask } from '../../../support/builders/import-task.ts';
import type { MemoryFile } from '../../../support/doubles/claims.ts';
import {
  createImportShardWorld,
  unreachable,
  wantedTemplate,
  type ImportShardWorld,
} from '../../../support/doubles/import-shard-world.ts';

const key = 'web/a.json';
const stop = () => new Error('stopped');

let world: ImportShardWorld;

/** A world for each test: hooks of a file would run for the tests of all files of its process. */
function inItsOwnWorld(): void {
  beforeEach(() => {
    world = createImportShardWorld();
  });
}

function stored(): MemoryFile {
  const file = world.ledger.files.get(key);
  assert.ok(file);
  return file;
}

function ids(rows: number, etag = `etag of ${key}`, from = 1): readonly string[] {
  return Array.from({ length: rows }, (_, index) => `${key} ${etag} ${from + index} g1`);
}

/** Claims the file and imports it; the clock moves for as long as something waits. */
async function attempt(signal = new AbortController().signal): Promise<FileOutcome> {
  const request = {
    sourceId: 7,
    templateHash: wantedTemplate,
    claimant: 'worker-0',
    limit: 1,
    leaseMs: 60_000,
    maxAttempts: 5,
  };
  const claimed = await world.ledger.claim(request);
  assert.equal(claimed.kind, 'claimed');
  const [file] = claimed.files;
  assert.ok(file);
  const state = { ended: false };
  const work = importFile(importTask(), file, world.deps, signal).finally(() => {
    state.ended = true;
  });
  work.catch(() => {});
  while (!state.ended) await world.clock.advance(100);
  return await work;
}

/** The file breaks at this row, as many times as there are errors. */
function breakAt(row: number, ...errors: readonly Error[]): void {
  const left = [...errors];
  world.beforeRow = (_, at) => {
    const error = at === row ? left.shift() : undefined;
    return error === undefined ? Promise.resolve() : Promise.reject(error);
  };
}

const unreadable = () => new TerminalError({ reason: 'EncodingInvalid', message: 'It is in UTF-32.' });
const truncated = () => new TerminalError({ reason: 'TruncatedGzip', message: 'It ends in the middle.' });
const mismatch = () => new TransientError({ reason: 'ObjectChecksumMismatch', message: 'A byte is wrong.' });
const broken = () => new TransientError({ reason: 'ObjectReadFailed', message: 'It broke off.' });
const overwritten = () => new TerminalError({ reason: 'ObjectChangedDuringRead', message: 'It changed.' });

suite('the import of a file', () => {
  inItsOwnWorld();

  test('[I-22] stores every row once, and ends the file as done', async () => {
    world.add(key, 3);
    const outcome = await attempt();
    assert.deepEqual(outcome, {
      kind: 'imported',
      records: { imported: 3, duplicate: 0, skipped: 0, rejected: 0 },
    });
    assert.deepEqual([stored().state, stored().stored, stored().attempts], ['done', ids(3), 1]);
  });

  test('of an empty file is done at once', async () => {
    world.add(key, 0);
    assert.equal((await attempt()).kind, 'imported');
    assert.equal(stored().state, 'done');
  });

  test('[C-07] goes on behind the rows that are committed', async () => {
    world.bucket.put(key, { body: JSON.stringify({ key, rows: 4 }) });
    world.ledger.add(key, { committedRows: 2 });
    await attempt();
    assert.deepEqual(stored().stored, ids(2, `etag of ${key}`, 3));
  });

  test('[I-42] converts with the generation that the file was found under', async () => {
    world.bucket.put(key, { body: JSON.stringify({ key, rows: 1 }) });
    world.ledger.add(key, { generation: 9 });
    await attempt();
    assert.deepEqual(stored().stored, [`${key} etag of ${key} 1 g9`]);
  });

  test('charges an attempt before the first byte is read', async () => {
    world.add(key);
    world.bucket.open = () => {
      assert.equal(stored().attempts, 1);
      throw unreadable();
    };
    await attempt();
    assert.equal(stored().state, 'failed');
  });

  test('leaves no body open, however it ends', async () => {
    world.add(key, 3);
    breakAt(2, unreadable());
    await attempt();
    await world.clock.advance(1);
    assert.equal(world.bucket.openBodies, 0);
  });
});

suite('a file that is broken', () => {
  inItsOwnWorld();

  test('is given up with its reason and its cure, and the rows that had come in are taken back', async () => {
    world.bucket.put(key, { body: JSON.stringify({ key, rows: 5 }) });
    world.ledger.add(key, { committedRows: 2 });
    stored().stored = [...ids(2)];
    breakAt(4, unreadable());
    const outcome = await attempt();
    assert.equal(outcome.kind, 'failed');
    const { state, failure } = stored();
    assert.deepEqual([state, stored().stored], ['failed', []]);
    assert.deepEqual([failure?.reason, failure?.message], ['EncodingInvalid', 'It is in UTF-32.']);
    assert.match(failure?.cure ?? '', /Write the file in UTF-8/);
  });

  test('by damage is read once more from its beginning, since bytes may be damaged on the way', async () => {
    for (const damage of [truncated, mismatch]) {
      world = createImportShardWorld();
      world.bucket.put(key, { body: JSON.stringify({ key, rows: 5 }) });
      world.ledger.add(key, { committedRows: 2 });
      stored().stored = [...ids(2)];
      breakAt(4, damage());
      assert.equal((await attempt()).kind, 'failed');
      assert.deepEqual([stored().state, stored().stored, stored().committedRows], ['found', [], 0]);
      assert.equal((await attempt()).kind, 'imported');
      assert.deepEqual(stored().stored, ids(5));
    }
  });

  test('by damage at the second reading too is given up', async () => {
    for (const damage of [truncated, mismatch]) {
      world = createImportShardWorld();
      world.add(key, 5);
      breakAt(4, damage(), damage());
      await attempt();
      await attempt();
      assert.deepEqual([stored().state, stored().stored, stored().attempts], ['failed', [], 2]);
    }
  });

  test('by a connection that broke off keeps its rows, and waits for another attempt', async () => {
    world.bucket.put(key, { body: JSON.stringify({ key, rows: 5 }) });
    world.ledger.add(key, { committedRows: 2 });
    stored().stored = [...ids(2)];
    breakAt(4, broken());
    assert.equal((await attempt()).kind, 'failed');
    assert.deepEqual([stored().state, stored().committedRows], ['found', 2]);
    assert.equal((await attempt()).kind, 'imported');
    assert.deepEqual(stored().stored, ids(5));
  });

  test('by a bug in reading it is tried again, as a file of its own', async () => {
    world.add(key, 3);
    breakAt(2, new TypeError('x is undefined'));
    const outcome = await attempt();
    assert.equal(outcome.kind, 'failed');
    assert.deepEqual([stored().state, stored().failure?.reason], ['found', 'UnknownError']);
  });

  test('by its object having gone is given up', async () => {
    world.add(key, 3);
    world.bucket.delete(key);
    await attempt();
    assert.deepEqual([stored().state, stored().failure?.reason], ['failed', 'ObjectNotFound']);
  });
});

suite('a file that changes while it is imported', () => {
  inItsOwnWorld();

  test('[I-22] starts over as its new version; rows of the two are never mixed', async () => {
    world.bucket.put(key, { body: JSON.stringify({ key, rows: 4 }), etag: 'new' });
    world.ledger.add(key, { committedRows: 2 });
    stored().stored = [...ids(2)];
    const outcome = await attempt();
    assert.equal(outcome.kind, 'failed');
    assert.deepEqual(
      [stored().state, stored().etag, stored().committedRows, stored().stored],
      ['found', 'new', 0, []],
    );
    assert.equal(stored().failure?.reason, 'ObjectChangedDuringRead');
    await attempt();
    assert.deepEqual([stored().state, stored().stored], ['done', ids(4, 'new')]);
  });

  test('in the middle of a body is noticed too', async () => {
    world.add(key, 4);
    breakAt(3, overwritten());
    await attempt();
    assert.equal(stored().state, 'found');
    await attempt();
    assert.deepEqual(stored().stored, ids(4));
  });

  test('and has gone by the time it is asked for is given up as gone, and the worker goes on', async () => {
    world.add(key, 4);
    world.beforeRow = () => {
      world.bucket.delete(key);
      return Promise.reject(overwritten());
    };
    const outcome = await attempt();
    assert.equal(outcome.kind, 'failed');
    assert.deepEqual([stored().state, stored().failure?.reason], ['failed', 'ObjectNotFound']);
  });

  test('needs no right to read by version afterwards', async () => {
    world.add(key, 1);
    world.bucket.put(key, { body: JSON.stringify({ key, rows: 1 }), etag: 'new' });
    const versions: unknown[] = [];
    const takeBack = world.ledger.takeBack.bind(world.ledger);
    world.ledger.takeBack = (claim, version) => {
      versions.push(version);
      return takeBack(claim, version);
    };
    await attempt();
    assert.equal(versions.length, 1);
    assert.equal('versionId' in (versions[0] as object), false);
  });

  test('when S3 denies to look at it, it is the worker that cannot go on', async () => {
    world.add(key, 1);
    breakAt(1, overwritten());
    world.bucket.head = () =>
      Promise.reject(new TerminalError({ reason: 'ReadDenied', message: 'May not read.' }));
    await assert.rejects(attempt(), { reason: 'ReadDenied' });
    assert.deepEqual([stored().state, stored().failure], ['claimed', undefined]);
  });
});

suite('what is not the file’s own', () => {
  inItsOwnWorld();

  test('a store that answers again within the patience costs nothing', async () => {
    world.add(key, 2);
    world.ledger.failNext('markOpened', unreachable());
    world.ledger.failNext('write', unreachable(), unreachable());
    await attempt();
    assert.deepEqual([stored().state, stored().stored, stored().attempts], ['done', ids(2), 1]);
  });

  test('nor does an S3 that does', async () => {
    world.add(key, 2);
    const busy = () => new TransientError({ reason: 'Throttled', message: 'Slow down.' });
    world.bucket.failNext(busy(), busy());
    await attempt();
    assert.deepEqual([stored().state, stored().attempts], ['done', 1]);
  });

  for (const [name, error] of [
    ['a store that does not answer', unreachable()],
    ['an S3 that does not answer', new TransientError({ reason: 'EndpointUnreachable', message: 'None.' })],
    ['a refused key', new TerminalError({ reason: 'InvalidAccessKeyId', message: 'No key.' })],
    ['a denied action', new TerminalError({ reason: 'ReadDenied', message: 'May not read.' })],
    ['a lost lease', new TerminalError({ reason: 'LeaseLost', message: 'Another has it.' })],
  ] as const) {
    test(`${name} is thrown on, and the file is left as it was`, async () => {
      world.add(key, 2);
      world.bucket.failNext(error, error, error);
      await assert.rejects(attempt(), error);
      assert.deepEqual([stored().state, stored().failure], ['claimed', undefined]);
    });
  }

  test('a lease that is lost in the middle stops the import at the next batch', async () => {
    world.add(key, 2);
    world.beforeRow = () => {
      world.ledger.steal(key);
      return Promise.resolve();
    };
    await assert.rejects(attempt(), { reason: 'LeaseLost' });
    assert.deepEqual(stored().stored, []);
  });

  test('[C-04] an abort is thrown on, and settles nothing', async () => {
    world.add(key, 3);
    const abort = new AbortController();
    world.beforeRow = (_, row) => {
      if (row === 2) abort.abort(stop());
      return Promise.resolve();
    };
    await assert.rejects(attempt(abort.signal), stop());
    assert.deepEqual([stored().state, stored().stored, stored().failure], ['claimed', [], undefined]);
  });

  test('a conversion that cannot be had is the worker’s trouble, before an attempt is charged', async () => {
    world.add(key, 1);
    const missing = new TerminalError({ reason: 'ConversionMissing', message: 'None.' });
    const deps = { ...world.deps, conversionOf: () => Promise.reject(missing) };
    Object.defineProperty(world, 'deps', { value: deps });
    await assert.rejects(attempt(), missing);
    assert.equal(stored().attempts, 0);
  });
});
