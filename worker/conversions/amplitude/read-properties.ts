import { setOwnValue } from '../../../lib/converter/own-properties.ts';
import { isJsonObject } from '../../../lib/json.ts';
import type { JsonObject, JsonValue } from '../../../lib/json.ts';
import { cutText, isBlank, largestEvent, refuse } from './checking.ts';
import type { Checking } from './checking.ts';
import type { ReadField } from './read-scalars.ts';

/** Objects and lists one inside another, the properties themselves counted. */
const deepest = 40;

/** Properties: text cut to 1024 characters at any depth, all else as it is. */
export const readProperties: ReadField<JsonObject> = (value, column, checking) => {
  if (isBlank(value)) return undefined;
  if (!isJsonObject(value)) return refuse(checking, column, value, mustBeObject(value));
  const tidied = tidyObject(value, 1, checking);
  if (checking.room < 0 && checking.fault === undefined) {
    const reason = `makes the event larger than ${largestEvent} characters: map fewer of its fields`;
    checking.fault = { column, reason: `${column} ${reason}` };
  }
  if (tidied === undefined && checking.fault === undefined) {
    checking.fault = {
      column,
      reason: `${column} is nested deeper than ${deepest} levels: map ["flatten_dict", …] of it`,
    };
  }
  return checking.fault === undefined ? tidied : undefined;
};

function mustBeObject(value: JsonValue): string {
  return typeof value === 'string' && value.trimStart().startsWith('{')
    ? 'is text and must be an object: map ["parse_json_object", "field"]'
    : 'must be an object: map {"name": "field"}';
}

/** The same value where there is nothing to cut; undefined when it is too deep or the event too large. */
function tidy(value: JsonValue, level: number, checking: Checking): JsonValue | undefined {
  checking.room -= 8;
  if (typeof value === 'string') {
    const text = cutText(value);
    checking.room -= text.length;
    return text;
  }
  if (typeof value !== 'object' || value === null) return value;
  if (level > deepest || checking.room < 0) return undefined;
  return Array.isArray(value) ? tidyList(value, level, checking) : tidyObject(value, level, checking);
}

function tidyList(list: readonly JsonValue[], level: number, checking: Checking): JsonValue[] | undefined {
  let copy: JsonValue[] | undefined;
  for (let index = 0; index < list.length; index++) {
    const item = list[index] as JsonValue;
    const tidied = tidy(item, level + 1, checking);
    if (tidied === undefined) return undefined;
    if (tidied !== item) {
      copy ??= [...list];
      copy[index] = tidied;
    }
  }
  return copy ?? (list as JsonValue[]);
}

function tidyObject(object: JsonObject, level: number, checking: Checking): JsonObject | undefined {
  let copy: JsonObject | undefined;
  for (const key of Object.keys(object)) {
    const value = object[key] as JsonValue;
    checking.room -= key.length;
    const tidied = tidy(value, level + 1, checking);
    if (tidied === undefined) return undefined;
    if (tidied !== value) {
      // fromEntries makes own properties, also one called __proto__.
      copy ??= Object.fromEntries(Object.entries(object));
      setOwnValue(copy, key, tidied);
    }
  }
  return copy ?? object;
}
