import type { Operator } from './operator.ts';
import { any } from './operators/any.ts';
import { add, divide, multiply, round, subtract } from './operators/arithmetic.ts';
import { array } from './operators/array.ts';
import { bool } from './operators/bool.ts';
import { concat } from './operators/concat.ts';
import { condition, ifelse } from './operators/condition.ts';
import { contains } from './operators/contains.ts';
import { dict } from './operators/dict.ts';
import { equals } from './operators/equals.ts';
import { excludeKeys } from './operators/exclude-keys.ts';
import { flattenDict } from './operators/flatten-dict.ts';
import { int96TimeToMs } from './operators/int96-time-to-ms.ts';
import { int } from './operators/int.ts';
import { isoTimeToMs } from './operators/iso-time-to-ms.ts';
import { and, not, or } from './operators/logic.ts';
import { lowercase } from './operators/lowercase.ts';
import { mergeDicts } from './operators/merge-dicts.ts';
import { msToIsoTime } from './operators/ms-to-iso-time.ts';
import { isoTimeNow, msTimeNow } from './operators/now.ts';
import { parseJsonElement } from './operators/parse-json-element.ts';
import { parseTimeToMs } from './operators/parse-time-to-ms.ts';
import { path } from './operators/path.ts';
import { replaceWith } from './operators/replace-with.ts';
import { sampleMd5 } from './operators/sample-md5.ts';
import { split } from './operators/split.ts';
import { typeOf } from './operators/type-of.ts';
import { value } from './operators/value.ts';

/** All operators of the language, in the order of the reference page. To add one: its file and a line here. */
export const operators = Object.freeze({
  path,
  any,
  value,
  dict,
  array,
  condition,
  ifelse,
  sample_md5: sampleMd5,
  parse_json_element: parseJsonElement,
  merge_dicts: mergeDicts,
  flatten_dict: flattenDict,
  exclude_keys: excludeKeys,
  typeof: typeOf,
  concat,
  replace_with: replaceWith,
  split,
  lowercase,
  iso_time_to_ms: isoTimeToMs,
  ms_to_iso_time: msToIsoTime,
  iso_time_now: isoTimeNow,
  ms_time_now: msTimeNow,
  int96_time_to_ms: int96TimeToMs,
  parse_time_to_ms: parseTimeToMs,
  bool,
  not,
  and,
  or,
  equals,
  contains,
  int,
  round,
  add,
  subtract,
  multiply,
  divide,
} satisfies Record<string, Operator>);

const byName: ReadonlyMap<string, Operator> = new Map(
  Object.values(operators).flatMap((operator: Operator) =>
    operator.names.map((name) => [name, operator] as const),
  ),
);

/** By name or alias. */
export function operatorNamed(name: string): Operator | undefined {
  return byName.get(name);
}

/** Names and aliases. */
export const operatorNames: readonly string[] = [...byName.keys()];
