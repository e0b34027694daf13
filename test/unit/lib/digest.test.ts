import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { digestOf } from '../../../lib/digest.ts';

test('a digest is that of the list, not of what it reads like when joined', () => {
  const list = fc.array(fc.string({ unit: 'binary' }), { maxLength: 4 });
  fc.assert(
    fc.property(list, list, (one, other) => {
      const same = JSON.stringify(one) === JSON.stringify(other);
      assert.equal(digestOf(one) === digestOf(other), same);
    }),
  );
  for (const [one, other] of [
    [['ab'], ['a', 'b']],
    [['a', ''], ['a']],
    [['1:a'], ['a']],
    [['a2:bc'], ['a', 'bc']],
  ] as const) {
    assert.notEqual(digestOf(one), digestOf(other));
  }
});

test('a digest stays what it is over releases: Jobs and ledgers are named by it', () => {
  assert.equal(digestOf(['web', 'é']), 'ee82ac3b1958bf95c2815c16955748758dfe70ad520c8e61f58ef607ec7dbe72');
  assert.equal(digestOf([]), 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855');
});
