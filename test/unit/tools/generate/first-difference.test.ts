import assert from 'node:assert/strict';
import { test } from 'node:test';
import { firstDifference } from '../../../../tools/generate/first-difference.ts';

test('the difference of two texts is told by its first line in both', () => {
  assert.equal(firstDifference('a\nb\nc', 'a\nx\nc'), 'differs from line 2 on\n  - b\n  + x');
  assert.equal(firstDifference('a\nb', 'a'), 'differs from line 2 on\n  - b\n  + (end of file)');
  assert.equal(firstDifference('a', 'a\nb'), 'differs from line 2 on\n  - (end of file)\n  + b');
  assert.equal(firstDifference(undefined, 'a'), 'is missing');
});
