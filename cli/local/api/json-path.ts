import { isJsonObject, type JsonValue } from '../../../lib/json.ts';

/**
 * The part of kubectl's JSONPath that printer columns use: `.a.b`, `.list[0]`, `.list[*].a`, `['a.b']`, and
 * `.list[?(@.a=="b")].c`.
 */
export function readPath(value: JsonValue, path: string): JsonValue[] {
  return stepsOf(path).reduce<JsonValue[]>((values, step) => values.flatMap(step), [value]);
}

type Step = (value: JsonValue) => JsonValue[];

const token =
  /^\.?([A-Za-z0-9_-]+)|^\[(\d+)\]|^\[(\*)\]|^\[\?\(@(\.[^=!\])]+?)\s*==\s*(?:"([^"]*)"|'([^']*)')\)\]|^\['([^']+)'\]/u;

function stepsOf(path: string): Step[] {
  const steps: Step[] = [];
  let rest = path;
  while (rest !== '') {
    const match = token.exec(rest);
    if (match === null) throw new Error(`the path ${path} is not understood from ${JSON.stringify(rest)} on`);
    steps.push(stepOf(match));
    rest = rest.slice(match[0].length);
  }
  return steps;
}

function stepOf(match: RegExpExecArray): Step {
  const [, plain, index, all, filterPath, double, single, quoted] = match;
  if (index !== undefined)
    return (value) => (Array.isArray(value) ? value.slice(Number(index), Number(index) + 1) : []);
  if (all !== undefined) return (value) => (Array.isArray(value) ? value : []);
  if (filterPath !== undefined) {
    const wanted = double ?? single ?? '';
    return (value) =>
      Array.isArray(value) ? value.filter((item) => readPath(item, filterPath).includes(wanted)) : [];
  }
  const name = plain ?? quoted ?? '';
  return (value) => {
    const field = isJsonObject(value) && Object.hasOwn(value, name) ? value[name] : undefined;
    return field === undefined || field === null ? [] : [field];
  };
}
