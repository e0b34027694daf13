import { setOwnValue } from '../../../lib/converter/own-properties.ts';
import { isJsonObject } from '../../../lib/json.ts';
import type { JsonObject, JsonValue } from '../../../lib/json.ts';
import { isBlank, refuse } from './checking.ts';
import type { Checking } from './checking.ts';
import { readText } from './read-scalars.ts';

/** What of an event's groups is tracked; types and values past that are left off. */
const mostTypes = 5;
const mostValues = 10;

/** `{type: value}` or `{type: [value, …]}`, the values as text; undefined when none is left. */
export function readGroups(value: JsonValue | undefined, checking: Checking): JsonObject | undefined {
  if (isBlank(value)) return undefined;
  if (!isJsonObject(value)) {
    return refuse(checking, 'groups', value, 'must be an object: map {"type": "field"}');
  }
  const groups: JsonObject = {};
  let types = 0;
  let room = mostValues;
  for (const type of Object.keys(value)) {
    const names = readNames(value[type] ?? null, type, checking).slice(0, room);
    if (names.length === 0) continue;
    setOwnValue(groups, type, Array.isArray(value[type]) ? names : names[0]!);
    room -= names.length;
    types += 1;
    if (types === mostTypes || room === 0) break;
  }
  return types === 0 ? undefined : groups;
}

function readNames(value: JsonValue, type: string, checking: Checking): readonly string[] & JsonValue[] {
  const items = Array.isArray(value) ? value.slice(0, mostValues) : [value];
  return items.map((item) => readText(item, `groups.${type}`, checking)).filter((name) => name !== undefined);
}
