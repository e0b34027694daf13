import type { JavaRegex } from './java-regex.ts';
import { quote } from './load-errors.ts';

/** Text, or what the group of that number matched. */
export type ReplacementPart = string | { readonly group: number };

export type CompiledReplacement =
  | { readonly kind: 'compiled'; readonly parts: readonly ReplacementPart[] }
  | { readonly kind: 'invalid'; readonly message: string };

/**
 * A replacement as Java's `String.replaceAll` takes it: `$1` and `${name}` stand for groups, a backslash makes the
 * next character stand for itself.
 */
export function compileReplacement(source: string, regex: JavaRegex): CompiledReplacement {
  const parts: ReplacementPart[] = [];
  let literal = '';
  for (let at = 0; at < source.length;) {
    const character = source[at]!;
    if (character === '\\') {
      if (at + 1 === source.length) return invalid('ends with a single backslash: for a backslash write two');
      literal += source[at + 1]!;
      at += 2;
    } else if (character === '$') {
      const reference = readReference(source.slice(at + 1), regex);
      if (reference.kind === 'invalid') return reference;
      parts.push(literal, { group: reference.group });
      literal = '';
      at += 1 + reference.length;
    } else {
      literal += character;
      at += 1;
    }
  }
  return { kind: 'compiled', parts: [...parts, literal].filter((part) => part !== '') };
}

type Reference =
  | { readonly kind: 'group'; readonly group: number; readonly length: number }
  | { readonly kind: 'invalid'; readonly message: string };

const named = /^\{([A-Za-z][A-Za-z0-9]*)\}/;

/** As many digits as still name a group of the pattern, the first always. */
function readReference(text: string, regex: JavaRegex): Reference {
  const name = named.exec(text)?.[1];
  if (name !== undefined) {
    const group = regex.groupNamed(name);
    return group === undefined
      ? invalid(`the pattern has no group named ${quote(name)}: name one with (?<${name}>…)`)
      : { kind: 'group', group, length: name.length + 2 };
  }
  if (!/^\d/.test(text)) return invalid('has a $ that names no group: for a dollar sign write \\\\$ in JSON');
  let group = Number(text[0]);
  let length = 1;
  while (/^\d/.test(text.slice(length)) && group * 10 + Number(text[length]) <= regex.groupCount) {
    group = group * 10 + Number(text[length]);
    length += 1;
  }
  if (group > regex.groupCount) {
    return invalid(
      `$${group}: the pattern has ${regex.groupCount} groups; for a dollar sign write \\\\$ in JSON`,
    );
  }
  return { kind: 'group', group, length };
}

function invalid(problem: string): { readonly kind: 'invalid'; readonly message: string } {
  return { kind: 'invalid', message: `the replacement ${problem}` };
}
