import { isDeepStrictEqual } from 'node:util';
import type { JsonObject, JsonValue } from '../../json.ts';
import { isJsonObject } from '../../json.ts';

/**
 * The operators of Identify (users, nine) and Group Identify (groups, six).
 *
 * One call's operators are applied in the order of this table, whatever their order in the data, since JSON
 * objects have none. An operand that an operator cannot use (a text to add, an object to list) leaves the
 * property as it was: the call itself is valid, and the rest of it counts.
 */
const operations = {
  $unset: () => undefined,
  $set: (_current, operand) => operand,
  $setOnce: (current, operand) => current ?? operand,
  $add: (current, operand) => add(current, operand),
  $append: (current, operand) => bounded(current, [...toList(current), ...toList(operand)]),
  $prepend: (current, operand) => bounded(current, [...toList(operand), ...toList(current)]),
  $preInsert: (current, operand) => bounded(current, [...missing(current, operand), ...toList(current)]),
  $postInsert: (current, operand) => bounded(current, [...toList(current), ...missing(current, operand)]),
  $remove: (current, operand) => remove(current, operand),
} as const satisfies Record<string, Operation>;

/** From what a property is (undefined: there is none) and the operand to what it becomes. */
type Operation = (current: JsonValue | undefined, operand: JsonValue) => JsonValue | undefined;
export type PropertyOperator = keyof typeof operations;

export const userOperators = Object.freeze(Object.keys(operations) as PropertyOperator[]);
export const groupOperators: readonly PropertyOperator[] = Object.freeze(
  userOperators.filter((name) => !['$preInsert', '$postInsert', '$remove'].includes(name)),
);

/** A list that grows by its operators stops growing there: characters of its JSON. */
export const longestGrownList = 10_000;

export type Properties = ReadonlyMap<string, JsonValue>;

/** What a call does to one property. */
export interface PropertyStep {
  readonly operator: PropertyOperator;
  readonly property: string;
  readonly operand: JsonValue;
}

/**
 * Reads `user_properties` or `group_properties` of a call: operators with their properties, or plain
 * properties, which are as if under `$set`. Where both are mixed, the operators count (such rows are rejected
 * before they come here).
 */
export function readPropertySteps(
  properties: JsonObject,
  operators: readonly PropertyOperator[],
): readonly PropertyStep[] {
  const named = operators.filter((operator) => Object.hasOwn(properties, operator));
  if (named.length === 0) return stepsOf('$set', properties);
  return named.flatMap((operator) => stepsOf(operator, properties[operator] ?? null));
}

function stepsOf(operator: PropertyOperator, operands: JsonValue): readonly PropertyStep[] {
  if (!isJsonObject(operands)) return [];
  return Object.entries(operands).map(([property, operand]) => ({ operator, property, operand }));
}

/** The properties after the steps. The given ones stay as they are. */
export function applyPropertyOperations(before: Properties, steps: readonly PropertyStep[]): Properties {
  const after = new Map(before);
  for (const { operator, property, operand } of steps) {
    const value = operations[operator](after.get(property), operand);
    if (value === undefined) after.delete(property);
    else after.set(property, value);
  }
  return after;
}

function add(current: JsonValue | undefined, operand: JsonValue): JsonValue | undefined {
  const from = current ?? 0;
  if (typeof from !== 'number' || typeof operand !== 'number') return current;
  const sum = from + operand;
  return Number.isFinite(sum) ? sum : current;
}

function toList(value: JsonValue | undefined): readonly JsonValue[] {
  if (value === undefined || value === null) return [];
  return Array.isArray(value) ? value : [value];
}

/** What of the operand is not in the list yet, each value once. */
function missing(current: JsonValue | undefined, operand: JsonValue): readonly JsonValue[] {
  const there = [...toList(current)];
  return toList(operand).filter((value) => {
    const isNew = !there.some((other) => isDeepStrictEqual(other, value));
    if (isNew) there.push(value);
    return isNew;
  });
}

function bounded(current: JsonValue | undefined, list: JsonValue[]): JsonValue | undefined {
  return list.length > toList(current).length && JSON.stringify(list).length > longestGrownList
    ? current
    : list;
}

/** All instances; a property that is no list and equal to the operand goes. */
function remove(current: JsonValue | undefined, operand: JsonValue): JsonValue | undefined {
  const gone = toList(operand);
  const stays = (value: JsonValue): boolean => !gone.some((other) => isDeepStrictEqual(other, value));
  if (current === undefined) return undefined;
  if (Array.isArray(current)) return current.filter(stays);
  return stays(current) ? current : undefined;
}
