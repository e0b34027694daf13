import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { describeType } from '../../../../tools/generate/describe-type.ts';

suite('how a reference page tells a type', () => {
  test('limits are told in words', () => {
    assert.equal(describeType({ type: 'string', minLength: 1, maxLength: 63 }), 'string, 1 to 63 characters');
    assert.equal(describeType({ type: 'string', maxLength: 1 }), 'string, at most one character');
    assert.equal(describeType({ type: 'integer', minimum: 0 }), 'integer, at least 0');
    assert.equal(describeType({ type: 'integer', minimum: 4, maximum: 9 }), 'integer, 4 to 9');
    assert.equal(
      describeType({ type: 'array', maxItems: 5, items: { type: 'string', maxLength: 9 } }),
      'list of strings, at most 5 entries',
    );
  });

  test('what has a name is told by it, and another pattern as it is', () => {
    assert.equal(
      describeType({ type: 'string', pattern: '^[-._a-zA-Z0-9]+$' }),
      'key of a Secret or ConfigMap',
    );
    assert.equal(describeType({ type: 'string', pattern: '^x$' }), 'string, matches `^x$`');
    assert.equal(describeType({ enum: ['A', 'B'] }), '`A`, `B`');
  });

  test('a list that merges by a key names it', () => {
    const node = { type: 'array', items: { type: 'object' }, 'x-kubernetes-list-map-keys': ['id'] };
    assert.equal(describeType(node), 'list of objects, one for each `id`');
  });
});
