import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { createMemoryPool } from '../../../../worker/formats/memory-pool.ts';

const { signal } = new AbortController();

/** What each of the requests was told so far. */
async function settled(...requests: readonly Promise<unknown>[]): Promise<readonly string[]> {
  await new Promise((resolve) => setImmediate(resolve));
  const pending = Promise.resolve('waits');
  return Promise.all(
    requests.map((request) =>
      Promise.race([
        request.then(
          () => 'granted',
          () => 'refused',
        ),
        pending.then((text) => text),
      ]),
    ),
  );
}

suite('memory that files share', () => {
  test('is given while there is enough, and then in the order of asking', async () => {
    const pool = createMemoryPool();
    const first = await pool.reserve({ bytes: 60, of: 100 }, signal);
    const second = await pool.reserve({ bytes: 40, of: 100 }, signal);
    const large = pool.reserve({ bytes: 80, of: 100 }, signal);
    const small = pool.reserve({ bytes: 10, of: 100 }, signal);
    assert.deepEqual(await settled(large, small), ['waits', 'waits']);
    second();
    second();
    assert.deepEqual(await settled(large, small), ['waits', 'waits']);
    first();
    assert.deepEqual(await settled(large, small), ['granted', 'granted']);
  });

  test('is given to who is alone, however much it asks for', async () => {
    const pool = createMemoryPool();
    const release = await pool.reserve({ bytes: 500, of: 100 }, signal);
    const next = pool.reserve({ bytes: 1, of: 100 }, signal);
    assert.deepEqual(await settled(next), ['waits']);
    release();
    assert.deepEqual(await settled(next), ['granted']);
  });

  test('who gives up waiting does not hold up those behind', async () => {
    const pool = createMemoryPool();
    await pool.reserve({ bytes: 60, of: 100 }, signal);
    const abort = new AbortController();
    const large = pool.reserve({ bytes: 80, of: 100 }, abort.signal);
    const small = pool.reserve({ bytes: 10, of: 100 }, signal);
    large.catch(() => {});
    assert.deepEqual(await settled(large, small), ['waits', 'waits']);
    abort.abort(new Error('no longer wanted'));
    await assert.rejects(large, /no longer wanted/);
    assert.deepEqual(await settled(small), ['granted']);
  });
});
