import { isJsonObject } from '../json.ts';
import type { JsonObject, JsonValue } from '../json.ts';

/**
 * How operators take values of another type. One rule for all operators of a family, none of which throws:
 * `undefined` in is "no value" of an argument, `undefined` out is "cannot be taken as that".
 */

/** True is `true` and the text "true" in any case; all else, nothing at all too, is false. */
export function truthOf(value: JsonValue | undefined): boolean {
  return (
    value === true || (typeof value === 'string' && value.length === 4 && value.toLowerCase() === 'true')
  );
}

/** Text is text; numbers and booleans are their JSON text. */
export function textOf(value: JsonValue | undefined): string | undefined {
  if (typeof value === 'string') return value;
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  return undefined;
}

const decimal = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/;
const longestNumber = 400;

/** The number in a decimal text, white space around it aside; undefined for any other text. */
function parseNumber(text: string): number | undefined {
  if (text.length > longestNumber) return undefined;
  const trimmed = text.trim();
  return decimal.test(trimmed) ? finite(Number(trimmed)) : undefined;
}

/** A number, or the number in a text. */
export function numberOf(value: JsonValue | undefined): number | undefined {
  if (typeof value === 'number') return finite(value);
  return typeof value === 'string' ? parseNumber(value) : undefined;
}

/** As the number operators take their arguments: null, and no value, count as 0. */
export function termOf(value: JsonValue | undefined): number | undefined {
  return value === undefined || value === null ? 0 : numberOf(value);
}

export function finite(value: number): number | undefined {
  return Number.isFinite(value) ? value : undefined;
}

export function objectOf(value: JsonValue | undefined): JsonObject | undefined {
  return isJsonObject(value) ? value : undefined;
}

export type JsonType = 'string' | 'list' | 'dict' | 'bool' | 'number' | 'null';

export function typeOf(value: JsonValue | undefined): JsonType {
  if (value === undefined || value === null) return 'null';
  if (Array.isArray(value)) return 'list';
  if (typeof value === 'object') return 'dict';
  return typeof value === 'string' ? 'string' : typeof value === 'boolean' ? 'bool' : 'number';
}
