import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createGate } from '../../../lib/store/gate.ts';

describe('a gate', () => {
  it('lets no more through at a time than it says, and everybody in the end, also after failures', async () => {
    const gate = createGate(2);
    let inside = 0;
    let most = 0;
    const order: number[] = [];
    const works = Array.from({ length: 10 }, async (_, index) => {
      await gate.pass(async () => {
        inside += 1;
        most = Math.max(most, inside);
        await new Promise((resolve) => setImmediate(resolve));
        inside -= 1;
        order.push(index);
        if (index % 3 === 0) throw new Error('failed');
      });
    });
    const results = await Promise.allSettled(works);
    assert.equal(most, 2);
    assert.deepEqual(order, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    assert.equal(results.filter((result) => result.status === 'rejected').length, 4);
    await gate.pass(async () => {
      await Promise.resolve();
    });
  });
});
