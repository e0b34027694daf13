import assert from 'node:assert/strict';
import { test } from 'node:test';
import { statusText } from '../../../../operator/conditions/status-text.ts';

test('a text that fits stands in a status as it is', () => {
  const text = 'x'.repeat(1024);
  assert.equal(statusText(text), text);
});

test('a text that is too long is cut, between two characters, and says so', () => {
  assert.equal(statusText('x'.repeat(1025)), `${'x'.repeat(1023)}…`);
  const cut = statusText(`${'x'.repeat(1022)}${'🙂'.repeat(2)}`);
  assert.equal(cut, `${'x'.repeat(1022)}�…`);
});

test('half a character becomes what the API server would make of it', () => {
  assert.equal(statusText('a\ud83db'), 'a�b');
});
