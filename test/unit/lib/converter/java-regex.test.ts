import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { compileJavaRegex } from '../../../../lib/converter/java-regex.ts';

function matches(pattern: string, text: string): boolean {
  const compiled = compileJavaRegex(pattern);
  if (compiled.kind === 'invalid') throw new Error(compiled.message);
  return compiled.regex.matchesAll(text);
}

for (const [pattern, text, expected] of [
  ['\\u0041\\x42', 'AB', true],
  ['\\060', '0', true],
  ['\\p{Alpha}+', 'abc', true],
  ['[^\\p{Alnum}]', '!', true],
  ['\\P{Digit}', 'x', true],
  ['[\\P{Digit}]', '5', false],
  ['\\p{IsGreek}', 'α', true],
  ['\\p{Lu}', 'Ä', true],
  ['\\Qa.b*\\E+', 'a.b**', true],
  ['[\\Q^]\\E]', ']', true],
  ['[]a]+', ']a', true],
  ['[^]a]', 'b', true],
  ['(?i)abc', 'ABC', true],
  ['(?s:.)', '\n', true],
  ['a{2,3}?', 'aaa', true],
  ['\\{a}+', '{a}}', true],
  ['\\e', '\u001b', true],
  ['.', '😀', true],
] as const) {
  test(`[I-24] the Java pattern ${JSON.stringify(pattern)} ${expected ? 'matches' : 'does not match'} ${JSON.stringify(text)}`, () => {
    assert.equal(matches(pattern, text), expected);
  });
}

for (const [pattern, cure] of [
  ['a(?=b)', 'put it back with a group'],
  ['(?!a)b', 'say what the text may be'],
  ['(?<=a)b', 'put it back with a group'],
  ['(?<!a)b', 'say what the text may be'],
  ['(?>a)', 'write (?:…)'],
  ['(a)\\1', 'match it twice'],
  ['(?<x>a)\\k<x>', 'match it twice'],
  ['a*+', 'leave out the last +'],
  ['a{2}+', 'leave out the last +'],
  ['[a-z&&b]', 'an intersection of classes'],
  ['[a[bc]]', 'write one class'],
  ['(?x)a b', 'only i, m and s'],
  ['(?U:a)', 'only i, m and s'],
  ['a\\Z', 'write \\z'],
  ['\\R', '(?:\\r\\n|\\n|\\r)'],
  ['a\\', 'ends with a single backslash'],
  ['*.json', 'correct it'],
  ['(((a{100}){100}){100})', 'correct it'],
  ['a{1000}b{1000}a{1000}', 'lower the numbers'],
  ['a'.repeat(3000), 'shorten it'],
] as const) {
  test(`[I-35] the Java pattern ${JSON.stringify(pattern.slice(0, 30))} is refused with the way out`, () => {
    const compiled = compileJavaRegex(pattern);
    assert.equal(compiled.kind, 'invalid');
    const message = compiled.kind === 'invalid' ? compiled.message : '';
    assert.ok(message.includes(cure), message);
    assert.ok(message.startsWith(`the pattern "${pattern.slice(0, 1).replace('\\', '\\\\')}`), message);
  });
}

test('[I-24] any text as a pattern compiles or is refused, and never throws', () => {
  const pieces = fc.constantFrom(
    'a',
    '(',
    ')',
    '[',
    ']',
    '^',
    '$',
    '\\',
    '*',
    '+',
    '?',
    '{',
    '}',
    ',',
    '2',
    '|',
    '&&',
    '-',
    'Q',
    'E',
    'p{L}',
    '(?<n>',
    '(?i)',
    'u00',
    '.',
  );
  fc.assert(
    fc.property(fc.array(pieces, { maxLength: 12 }), fc.string(), (parts, text) => {
      const compiled = compileJavaRegex(parts.join(''));
      if (compiled.kind === 'invalid') return;
      const found = [...compiled.regex.matchesIn(text)].map(({ start, end }) => text.slice(start, end));
      assert.equal(compiled.regex.occursIn(text), found.length > 0);
    }),
    { numRuns: 3000 },
  );
});

test('[I-32] on what both know, Java patterns match as JavaScript does', () => {
  const pieces = fc.constantFrom('a', 'b', '.', '[ab]', '[^a]', '(a|b)', '\\d', '\\w', '(?:ab)');
  const quantified = fc
    .tuple(pieces, fc.constantFrom('', '*', '+', '?', '{1,2}'))
    .map((pair) => pair.join(''));
  fc.assert(
    fc.property(
      fc.array(quantified, { minLength: 1, maxLength: 4 }),
      fc.array(fc.constantFrom('a', 'b', '1', '-')).map((letters) => letters.join('')),
      (parts, text) => {
        const pattern = parts.join('');
        assert.equal(matches(pattern, text), new RegExp(`^(?:${pattern})$`).test(text), pattern);
      },
    ),
    { numRuns: 2000 },
  );
});
