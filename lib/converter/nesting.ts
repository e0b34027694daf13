import type { JsonValue } from '../json.ts';

/** Levels of objects and lists that text read as JSON and literals may have; an event's fields may have 40. */
export const deepestNesting = 64;

/** Whether a value has at most so many levels; never recurses further than that. */
export function isNestedWithin(value: JsonValue, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return true;
  if (levels === 0) return false;
  for (const item of Array.isArray(value) ? value : Object.values(value)) {
    if (!isNestedWithin(item, levels - 1)) return false;
  }
  return true;
}
