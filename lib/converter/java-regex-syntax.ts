/**
 * Java's regular expressions written in RE2's syntax, where the two differ.
 *
 * What RE2 would refuse with a message about itself, and what it would read as something else (`[a-z&&[^b]]`,
 * `(?U)`), is refused here with the way out; what only looks different (`\p{Alpha}`, `\u0041`) is translated.
 */
export type TranslatedRegex =
  | { readonly kind: 'translated'; readonly pattern: string }
  | { readonly kind: 'invalid'; readonly problem: string };

/** A piece of the pattern that was read: how many characters, and what RE2 calls them. */
type Piece = { readonly length: number; readonly text: string } | { readonly problem: string };

export function translateJavaRegex(pattern: string): TranslatedRegex {
  let translated = '';
  let inClass = false;
  for (let at = 0; at < pattern.length;) {
    const piece = inClass ? readInClass(pattern, at) : readOutside(pattern, at);
    if ('problem' in piece) return { kind: 'invalid', problem: piece.problem };
    if (inClass && pattern[at] === ']') inClass = false;
    else if (!inClass && pattern[at] === '[') inClass = true;
    translated += piece.text;
    at += piece.length;
  }
  return { kind: 'translated', pattern: translated };
}

function readOutside(pattern: string, at: number): Piece {
  switch (pattern[at]) {
    case '\\':
      return readEscape(pattern, at, false);
    case '[':
      return readClassStart(pattern, at);
    case '(':
      return readGroupStart(pattern, at);
    case '*':
    case '+':
    case '?':
    case '}':
      return readQuantifierEnd(pattern, at);
    default:
      return asIs(pattern, at);
  }
}

/** A `]` right after the opening bracket stands for itself, in both syntaxes. */
function readClassStart(pattern: string, at: number): Piece {
  const start = /^\[\^?\]?/.exec(pattern.slice(at, at + 3))?.[0] ?? '[';
  return { length: start.length, text: start.endsWith(']') ? `${start.slice(0, -1)}\\]` : start };
}

function readInClass(pattern: string, at: number): Piece {
  if (pattern.startsWith('&&', at)) {
    return {
      problem: 'has an intersection of classes (&&): write the characters of the result in one class',
    };
  }
  if (pattern[at] === '[') {
    return { problem: 'has a class inside a class: write one class, and \\[ for the bracket itself' };
  }
  return pattern[at] === '\\' ? readEscape(pattern, at, true) : asIs(pattern, at);
}

const groupProblems: readonly (readonly [start: string, problem: string])[] = [
  [
    '(?=',
    'looks ahead (?=…), which cannot be matched in bounded time: match the text itself and put it back with a group, e.g. $1',
  ],
  [
    '(?!',
    'looks ahead (?!…), which cannot be matched in bounded time: say what the text may be instead of what it may not, or use cond and contains',
  ],
  [
    '(?<=',
    'looks behind (?<=…), which cannot be matched in bounded time: match the text itself and put it back with a group, e.g. $1',
  ],
  [
    '(?<!',
    'looks behind (?<!…), which cannot be matched in bounded time: say what the text may be instead of what it may not, or use cond and contains',
  ],
  ['(?>', 'has an atomic group (?>…): write (?:…), nothing here backtracks'],
];

function readGroupStart(pattern: string, at: number): Piece {
  const found = groupProblems.find(([start]) => pattern.startsWith(start, at));
  if (found !== undefined) return { problem: found[1] };
  const flags = /^\(\?([a-zA-Z-]+)[:)]/.exec(pattern.slice(at, at + 16))?.[1];
  if (flags !== undefined && /[^ims-]/.test(flags)) {
    return { problem: `has the flags (?${flags}): only i, m and s can be set` };
  }
  return asIs(pattern, at);
}

function readQuantifierEnd(pattern: string, at: number): Piece {
  const next = pattern[at + 1];
  const isQuantifier =
    pattern[at] !== '}' || /\{\d+(?:,\d*)?\}$/.test(pattern.slice(Math.max(0, at - 16), at + 1));
  if (next === '+' && isQuantifier)
    return {
      problem: `has a possessive ${pattern[at] ?? ''}+: leave out the last +, nothing here backtracks`,
    };
  return next === '?' ? { length: 2, text: pattern.slice(at, at + 2) } : asIs(pattern, at);
}

const noSuchEscape: Record<string, string> = {
  h: 'write [ \\t] for horizontal space',
  H: 'write [^ \\t]',
  V: 'write [^\\n\\r]',
  R: 'write (?:\\r\\n|\\n|\\r) for a line break',
  X: 'write . for a character',
  N: 'write the character itself',
  G: 'leave it out',
  Z: 'write \\z for the end of the text',
  c: 'write \\x and two hexadecimal digits',
  k: 'a group cannot be matched again; match it twice and compare with equals',
};

/** Java's ASCII classes by RE2's names for them. */
const posixClasses: Record<string, string> = {
  Lower: 'lower',
  Upper: 'upper',
  ASCII: 'ascii',
  Alpha: 'alpha',
  Digit: 'digit',
  Alnum: 'alnum',
  Punct: 'punct',
  Graph: 'graph',
  Print: 'print',
  Blank: 'blank',
  Cntrl: 'cntrl',
  XDigit: 'xdigit',
  Space: 'space',
};

function readEscape(pattern: string, at: number, inClass: boolean): Piece {
  const escaped = pattern[at + 1];
  if (escaped === undefined)
    return { problem: 'ends with a single backslash: write two for the character itself' };
  if (/[1-9]/.test(escaped)) {
    return {
      problem: `refers back to a group (\\${escaped}), which cannot be matched in bounded time: match it twice and compare with equals`,
    };
  }
  if (Object.hasOwn(noSuchEscape, escaped))
    return { problem: `has \\${escaped}: ${noSuchEscape[escaped] ?? ''}` };
  if (escaped === 'Q') return readQuoted(pattern, at);
  const coded = readCodePoint(pattern, at) ?? readProperty(pattern, at, inClass);
  return coded ?? { length: 2, text: pattern.slice(at, at + 2) };
}

/** `\Q…\E`: all between stands for itself; RE2 knows it outside of classes only. */
function readQuoted(pattern: string, at: number): Piece {
  const end = pattern.indexOf('\\E', at + 2);
  const quoted = pattern.slice(at + 2, end === -1 ? pattern.length : end);
  const text = quoted.replaceAll(/[\\^$.*+?()[\]{}|&-]/g, '\\$&');
  return { length: quoted.length + (end === -1 ? 2 : 4), text };
}

function readCodePoint(pattern: string, at: number): Piece | undefined {
  const rest = pattern.slice(at, at + 6);
  const unicode = /^\\u([0-9a-fA-F]{4})/.exec(rest)?.[1];
  if (unicode !== undefined) return { length: 6, text: `\\x{${unicode}}` };
  const octal = /^\\0([0-3][0-7]{2}|[0-7]{1,2})/.exec(rest)?.[1];
  if (octal !== undefined)
    return { length: octal.length + 2, text: `\\x{${Number.parseInt(octal, 8).toString(16)}}` };
  return rest.startsWith('\\e') ? { length: 2, text: '\\x{1b}' } : undefined;
}

function readProperty(pattern: string, at: number, inClass: boolean): Piece | undefined {
  const [whole, negated, name] = /^\\([pP])\{(\w+)\}/.exec(pattern.slice(at, at + 40)) ?? [];
  if (whole === undefined || name === undefined) return undefined;
  const posix = Object.hasOwn(posixClasses, name) ? posixClasses[name] : undefined;
  if (posix === undefined)
    return { length: whole.length, text: `\\${negated ?? 'p'}{${name.replace(/^Is/, '')}}` };
  const word = `[:${negated === 'P' ? '^' : ''}${posix}:]`;
  return { length: whole.length, text: inClass ? word : `[${word}]` };
}

function asIs(pattern: string, at: number): Piece {
  return { length: 1, text: pattern[at] ?? '' };
}
