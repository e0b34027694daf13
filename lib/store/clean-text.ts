import type { JsonValue } from '../json.ts';
import { isJsonObject } from '../json.ts';

/**
 * PostgreSQL cannot hold NUL in text, and a query over a `json` column fails on the first value whose text has
 * an escaped NUL or half of a surrogate pair. Both become U+FFFD, the character for what cannot be shown.
 */
export function cleanText(text: string): string {
  const wellFormed = text.isWellFormed() ? text : text.toWellFormed();
  return wellFormed.includes('\0') ? wellFormed.replaceAll('\0', '\ufffd') : wellFormed;
}

/** JSON text whose every string, names included, is clean. */
export function cleanJson(value: JsonValue): string {
  const text = JSON.stringify(value);
  return suspicious.test(text) ? JSON.stringify(cleanValue(value)) : text;
}

/** JSON.stringify writes NUL and half surrogates as these escapes; text that looks alike is only looked at twice. */
const suspicious = /\\u(?:0000|d[89a-f])/;

function cleanValue(value: JsonValue): JsonValue {
  if (typeof value === 'string') return cleanText(value);
  if (Array.isArray(value)) return value.map(cleanValue);
  if (!isJsonObject(value)) return value;
  // fromEntries defines own properties, also one called __proto__.
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]) => [cleanText(name), cleanValue(inner)]),
  );
}

/** The longest beginning of `text` whose UTF-8 form has at most `maxBytes`, never cut inside a character. */
export function cutText(text: string, maxBytes: number): string {
  if (text.length * 3 <= maxBytes) return text;
  const bytes = Buffer.from(text.slice(0, maxBytes));
  if (bytes.length <= maxBytes && text.length <= maxBytes) return text;
  let end = Math.min(maxBytes, bytes.length);
  while (end > 0 && ((bytes[end] ?? 0) & 0xc0) === 0x80) end -= 1;
  return bytes.toString('utf8', 0, end);
}
