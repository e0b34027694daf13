import { RE2JS } from 're2js';
import { messageOf } from '../errors.ts';
import { translateJavaRegex } from './java-regex-syntax.ts';
import { quote } from './load-errors.ts';

/** A regular expression in Java's syntax, matched in time linear in the text by RE2's method. */
export interface JavaRegex {
  readonly groupCount: number;
  groupNamed(name: string): number | undefined;
  /** Whether the whole text matches, from its first character to its last. */
  matchesAll(text: string): boolean;
  /** Whether any part of the text matches. */
  occursIn(text: string): boolean;
  /** The matches from left to right, none overlapping. A match is valid until the next is asked for. */
  matchesIn(text: string): Iterable<RegexMatch>;
}

interface RegexMatch {
  readonly start: number;
  readonly end: number;
  /** What the group matched; empty when it took no part. */
  readonly group: (index: number) => string;
}

export type CompiledRegex =
  | { readonly kind: 'compiled'; readonly regex: JavaRegex }
  | { readonly kind: 'invalid'; readonly message: string };

/** Characters of a pattern, and instructions of its program: a text costs at most length × instructions. */
const longestPattern = 2048;
const largestProgram = 2000;

export function compileJavaRegex(pattern: string): CompiledRegex {
  if (pattern.length > longestPattern) {
    return invalid(pattern, `is longer than ${longestPattern} characters: shorten it`);
  }
  const translated = translateJavaRegex(pattern);
  if (translated.kind === 'invalid') return invalid(pattern, translated.problem);
  const compiled = compileRe2(translated.pattern);
  if (typeof compiled === 'string') return invalid(pattern, compiled);
  return { kind: 'compiled', regex: wrap(compiled) };
}

function compileRe2(pattern: string): RE2JS | string {
  try {
    const compiled = RE2JS.compile(pattern);
    return compiled.programSize() > largestProgram
      ? 'is too large once its repetitions are written out: lower the numbers in {…}'
      : compiled;
  } catch (error) {
    return `does not compile (${messageOf(error)}): correct it`;
  }
}

function wrap(compiled: RE2JS): JavaRegex {
  const names = compiled.namedGroups();
  return {
    groupCount: compiled.groupCount(),
    groupNamed: (name) => (Object.hasOwn(names, name) ? names[name] : undefined),
    matchesAll: (text) => compiled.testExact(text),
    occursIn: (text) => compiled.test(text),
    *matchesIn(text) {
      const matcher = compiled.matcher(text);
      const group = (index: number): string => matcher.group(index) ?? '';
      while (matcher.find()) yield { start: matcher.start(), end: matcher.end(), group };
    },
  };
}

function invalid(pattern: string, problem: string): CompiledRegex {
  return { kind: 'invalid', message: `the pattern ${quote(pattern)} ${problem}` };
}
