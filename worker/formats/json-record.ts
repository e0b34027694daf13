import { messageOf } from '../../lib/errors.ts';
import { isJsonObject, type JsonObject, type JsonValue } from '../../lib/json.ts';

export type ParsedRecord =
  | { readonly kind: 'record'; readonly record: JsonObject }
  | { readonly kind: 'reject'; readonly reason: string };

/** What a look through a value found; the larger counts. */
const finding = { plain: 0, inexactNumber: 1, tooDeep: 2 } as const;
type Finding = (typeof finding)[keyof typeof finding];

/**
 * Text to the JSON object that it is.
 *
 * A number that would not come out as it was written is kept as the text of its digits: an integer beyond
 * ±(2^53 - 1), or one too large for any number. Ids of 64 bits so stay what they are, all of them of one type.
 * Of a key that stands twice, the last value counts, as in JavaScript.
 */
export function parseJsonRecord(text: string, maxDepth: number): ParsedRecord {
  let value: JsonValue;
  try {
    value = JSON.parse(text) as JsonValue;
  } catch (error) {
    return { kind: 'reject', reason: `The row is not valid JSON: ${syntaxProblem(error)}.` };
  }
  if (!isJsonObject(value)) return { kind: 'reject', reason: notAnObject(value) };
  const found = inspect(value, maxDepth);
  if (found === finding.tooDeep) {
    const reason = `The record is nested more than ${maxDepth} levels deep. Flatten it, or raise the limit on depth.`;
    return { kind: 'reject', reason };
  }
  return {
    kind: 'record',
    record: found === finding.plain ? value : (parseKeepingNumbers(text) as JsonObject),
  };
}

export type ParsedValue =
  | { readonly kind: 'value'; readonly value: JsonValue }
  | { readonly kind: 'invalid'; readonly reason: string };

/** Text to the JSON value that it is, whatever it is, with numbers kept as in records. */
export function parseJsonValue(text: string, maxDepth: number): ParsedValue {
  try {
    const value = JSON.parse(text) as JsonValue;
    const holder = { value };
    const found = inspect(holder, maxDepth + 1);
    if (found === finding.plain) return { kind: 'value', value };
    if (found === finding.inexactNumber) return { kind: 'value', value: parseKeepingNumbers(text) };
    return { kind: 'invalid', reason: `The JSON in the value is nested more than ${maxDepth} levels deep.` };
  } catch (error) {
    return { kind: 'invalid', reason: `The value is declared as JSON and is not: ${syntaxProblem(error)}.` };
  }
}

/** The parser's own words, which name the place within the row. */
function syntaxProblem(error: unknown): string {
  return messageOf(error)
    .replace(/ \(line 1 column \d+\)$/, '')
    .replace(/ is not valid JSON$/, '');
}

function notAnObject(value: JsonValue): string {
  const what = Array.isArray(value) ? 'array' : value === null ? 'null' : typeof value;
  return `The row is valid JSON, but of type ${what}. Each record must be an object, in braces.`;
}

function inspect(value: JsonValue[] | JsonObject, levels: number): Finding {
  if (levels === 0) return finding.tooDeep;
  let found: Finding = finding.plain;
  for (const part of Array.isArray(value) ? value : Object.values(value)) {
    if (typeof part === 'number') {
      if (isInexact(part)) found = finding.inexactNumber;
    } else if (typeof part === 'object' && part !== null) {
      const within = inspect(part, levels - 1);
      if (within === finding.tooDeep) return within;
      if (within > found) found = within;
    }
  }
  return found;
}

function isInexact(value: number): boolean {
  return value > Number.MAX_SAFE_INTEGER || value < Number.MIN_SAFE_INTEGER;
}

/** Some three times slower than a plain parse, so only for what needs it. */
function parseKeepingNumbers(text: string): JsonValue {
  const revive = (_key: string, value: JsonValue, context: { readonly source?: string }): JsonValue => {
    if (typeof value !== 'number' || context.source === undefined || !isInexact(value)) return value;
    return /^-?\d+$/.test(context.source) || !Number.isFinite(value) ? context.source : value;
  };
  return JSON.parse(text, revive as (key: string, value: JsonValue) => JsonValue) as JsonValue;
}
