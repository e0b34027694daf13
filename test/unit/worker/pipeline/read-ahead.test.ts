import assert from 'node:assert/strict';
import { setImmediate as turn } from 'node:timers/promises';
import { suite, test } from 'node:test';
import fc from 'fast-check';
import { readAhead } from '../../../../worker/pipeline/read-ahead.ts';

/** Numbers from 1 on, which tells how many were asked for, and whether it was given back. */
function source(end = Infinity, failure?: Error) {
  const state = { made: 0, closed: false };
  async function* numbers(): AsyncGenerator<number> {
    try {
      while (state.made < end) {
        await turn();
        state.made += 1;
        yield state.made;
      }
      if (failure !== undefined) throw failure;
    } finally {
      state.closed = true;
    }
  }
  return { state, numbers: numbers() };
}

async function settle(): Promise<void> {
  for (let turns = 0; turns < 10; turns += 1) await turn();
}

suite('reading one item ahead', () => {
  test('gives the same items in the same order', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.anything(), { maxLength: 10 }), async (items) => {
        async function* all(): AsyncGenerator {
          yield* items;
        }
        assert.deepEqual(await Array.fromAsync(readAhead(all())), items);
      }),
    );
  });

  test('makes the next item while the caller is busy, and no more than that', async () => {
    const { state, numbers } = source();
    const items = readAhead(numbers);
    assert.deepEqual(await items.next(), { done: false, value: 1 });
    await settle();
    assert.equal(state.made, 2);
    assert.deepEqual(await items.next(), { done: false, value: 2 });
    await settle();
    assert.equal(state.made, 3);
    await items.return();
  });

  test('tells a failure in its place, behind the items before it', async () => {
    const failure = new Error('broken');
    const { state, numbers } = source(2, failure);
    const got: number[] = [];
    await assert.rejects(async () => {
      for await (const item of readAhead(numbers)) {
        got.push(item);
        await settle();
      }
    }, failure);
    assert.deepEqual(got, [1, 2]);
    assert.equal(state.closed, true);
  });

  test('gives its source back when the caller leaves early, or fails', async () => {
    for (const leave of [() => 'left', () => assert.fail('the caller fails')]) {
      const { state, numbers } = source();
      const walk = async () => {
        for await (const item of readAhead(numbers)) if (item === 2) return leave();
        return undefined;
      };
      await walk().catch(() => {});
      assert.equal(state.closed, true);
      assert.equal(state.made, 3);
    }
  });

  test('a failure of the item ahead, which nobody asks for any more, hurts nobody', async () => {
    const { state, numbers } = source(1, new Error('unasked'));
    const items = readAhead(numbers);
    await items.next();
    await items.return();
    assert.equal(state.closed, true);
  });
});
