import { isJsonObject, type JsonObject, type JsonValue } from '../../../lib/json.ts';
import { itemElement, type PathElement } from './field-paths.ts';
import { fieldSchema, listTypeOf, type Schema } from './structural-schema.ts';

/** The live object with what was applied laid over it: maps and keyed lists merge, all else is replaced. */
export function mergeApplied(live: JsonObject, applied: JsonObject, schema: Schema): JsonObject {
  return mergeObjects(live, applied, schema);
}

function mergeObjects(live: JsonObject, applied: JsonObject, schema: Schema | undefined): JsonObject {
  const result: JsonObject = { ...live };
  for (const [name, value] of Object.entries(applied)) {
    result[name] = mergeValues(live[name], value, fieldSchema(schema, name));
  }
  return result;
}

function mergeValues(live: JsonValue | undefined, applied: JsonValue, schema: Schema | undefined): JsonValue {
  if (live === undefined) return applied;
  if (isJsonObject(applied) && isJsonObject(live)) {
    const isAtomic = schema?.['x-kubernetes-map-type'] === 'atomic';
    return isAtomic ? applied : mergeObjects(live, applied, schema);
  }
  const isKeyed = schema !== undefined && listTypeOf(schema) !== 'atomic';
  if (Array.isArray(applied) && Array.isArray(live) && isKeyed) return mergeLists(live, applied, schema);
  return applied;
}

/**
 * Applied items come in the order in which they were applied; a live item that was not applied keeps its place
 * relative to the live items around it.
 */
function mergeLists(live: readonly JsonValue[], applied: readonly JsonValue[], schema: Schema): JsonValue[] {
  const liveByKey = indexItems(live, schema);
  const appliedByKey = indexItems(applied, schema);
  const result: JsonValue[] = [];
  const rest = [...appliedByKey.entries()];
  const takeApplied = ([key, item]: [PathElement, JsonValue]) => {
    result.push(mergeValues(liveByKey.get(key), item, schema.items));
  };
  for (const [key, item] of liveByKey) {
    if (!appliedByKey.has(key)) {
      result.push(item);
      continue;
    }
    const position = rest.findIndex(([other]) => other === key);
    if (position >= 0) rest.splice(0, position + 1).forEach(takeApplied);
  }
  rest.forEach(takeApplied);
  return result;
}

function indexItems(list: readonly JsonValue[], schema: Schema): Map<PathElement, JsonValue> {
  return new Map(list.map((item, index) => [itemElement(item, schema) ?? `i:${String(index)}`, item]));
}
