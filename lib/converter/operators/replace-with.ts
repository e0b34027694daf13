import { textOf } from '../casts.ts';
import { spend } from '../evaluation.ts';
import type { Evaluation } from '../evaluation.ts';
import { compileJavaRegex } from '../java-regex.ts';
import type { JavaRegex } from '../java-regex.ts';
import { compileReplacement } from '../java-replacement.ts';
import type { ReplacementPart } from '../java-replacement.ts';
import { takes } from '../operator.ts';
import type { Operator } from '../operator.ts';

export const replaceWith = {
  names: ['replace_with'],
  family: 'strings',
  yields: 'string',
  signature: takes(['text', 'pattern'], ['text', 'replacement'], ['string', 'source']),
  summary:
    'All matches of a regular expression (Java syntax) replaced; `$1` and `${name}` in the replacement are groups, `\\$` is a dollar sign. Null, a list or an object: no value.',
  compile(call) {
    const regex = compileJavaRegex(call.text(0));
    if (regex.kind === 'invalid') {
      call.refuse(0, regex.message);
      return () => undefined;
    }
    const replacement = compileReplacement(call.text(1), regex.regex);
    if (replacement.kind === 'invalid') call.refuse(1, replacement.message);
    const parts = replacement.kind === 'compiled' ? replacement.parts : [];
    const source = call.source(2);
    return (record, evaluation) => {
      const text = textOf(source(record, evaluation));
      if (text === undefined || !spend(evaluation, text.length)) return undefined;
      return regex.regex.occursIn(text) ? replaceAll(text, regex.regex, parts, evaluation) : text;
    };
  },
} satisfies Operator;

/** What finding one match costs beside a character copied. */
const costOfMatch = 16;

/** Stops as soon as what it makes is over the budget: an empty match stands between any two characters. */
function replaceAll(
  text: string,
  regex: JavaRegex,
  parts: readonly ReplacementPart[],
  evaluation: Evaluation,
): string | undefined {
  let replaced = '';
  let end = 0;
  for (const match of regex.matchesIn(text)) {
    const inserted = fill(parts, match.group);
    if (!spend(evaluation, costOfMatch + inserted.length)) return undefined;
    replaced += text.slice(end, match.start) + inserted;
    end = match.end;
  }
  return replaced + text.slice(end);
}

function fill(parts: readonly ReplacementPart[], group: (index: number) => string): string {
  let filled = '';
  for (const part of parts) filled += typeof part === 'string' ? part : group(part.group);
  return filled;
}
