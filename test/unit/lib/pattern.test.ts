import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { compileKeyPattern } from '../../../lib/pattern.ts';

function matcherOf(regex: string, prefix?: string): (key: string) => boolean {
  const compiled = compileKeyPattern({ regex }, prefix);
  if (compiled.kind === 'invalid') throw new Error(compiled.message);
  return compiled.matches;
}

test('[I-24] a pattern matches a whole key, not a part of it', () => {
  const matches = matcherOf('a\\.json');
  assert.deepEqual(['a.json', 'xa.json', 'a.json.gz', 'b/a.json'].map(matches), [true, false, false, false]);
});

test('[I-24] a pattern may speak of the whole key or of what follows the prefix', () => {
  for (const regex of ['web/[^/]*\\.json', '[^/]*\\.json']) {
    const matches = matcherOf(regex, 'web/');
    assert.deepEqual(['web/a.json', 'web/x/a.json', 'web/a.csv'].map(matches), [true, false, false], regex);
  }
});

test('[I-24] a pattern that takes all takes any key', () => {
  const matches = matcherOf('(?s).*');
  fc.assert(fc.property(fc.string(), (key) => matches(key)));
});

test('[I-24] a key as long as S3 allows is matched at once by a pattern that others choke on', () => {
  const matches = matcherOf('(.*a){20}b');
  const started = performance.now();
  assert.equal(matches('a'.repeat(1024)), false);
  assert.ok(performance.now() - started < 30_000);
});

test('[I-35] a pattern that cannot be matched in bounded time is refused with the way out', () => {
  const compiled = compileKeyPattern({ regex: '(?!tmp/).*' });
  assert.equal(
    compiled.kind === 'invalid' && compiled.message,
    'the pattern "(?!tmp/).*" looks ahead (?!…), which cannot be matched in bounded time: say what the text may be instead of what it may not, or use cond and contains',
  );
});
