import { numberOf } from '../../../lib/converter/casts.ts';
import { setOwnValue } from '../../../lib/converter/own-properties.ts';
import { quote } from '../../../lib/converter/load-errors.ts';
import { isJsonObject } from '../../../lib/json.ts';
import type { JsonObject, JsonValue } from '../../../lib/json.ts';
import { groupOperators, userOperators } from '../../../lib/store/properties/apply-property-operations.ts';
import { refuse } from './checking.ts';
import type { Checking } from './checking.ts';
import { readProperties } from './read-properties.ts';

/** User properties of an Identify: plain ones, which are as if under `$set`, or operators with theirs. */
export function readUserOperations(output: JsonObject, checking: Checking): JsonObject | undefined {
  return readOperations('user_properties', output, userOperators, checking);
}

export function readGroupOperations(output: JsonObject, checking: Checking): JsonObject | undefined {
  return readOperations('group_properties', output, groupOperators, checking);
}

/** User properties of any other event: plain ones only. */
export function readPlainProperties(output: JsonObject, checking: Checking): JsonObject | undefined {
  const properties = readProperties(output['user_properties'], 'user_properties', checking);
  const operator = properties && userOperators.find((name) => Object.hasOwn(properties, name));
  if (operator === undefined || properties === undefined) return properties;
  const cure = 'map event_type to ["value", "$identify"], or the properties without the operator';
  return refuse(
    checking,
    `user_properties.${operator}`,
    properties[operator] ?? null,
    `is an operation, which only an Identify can have: ${cure}`,
  );
}

function readOperations(
  column: string,
  output: JsonObject,
  operators: readonly string[],
  checking: Checking,
): JsonObject | undefined {
  const properties = readProperties(output[column], column, checking);
  if (properties === undefined) return undefined;
  const names = Object.keys(properties);
  const unknown = names.find((name) => name.startsWith('$') && !operators.includes(name));
  if (unknown !== undefined) {
    return refuse(
      checking,
      `${column}.${unknown}`,
      properties[unknown] ?? null,
      `is under no operator: there are ${operators.join(', ')}`,
    );
  }
  const plain = names.find((name) => !name.startsWith('$'));
  const operator = names.find((name) => name.startsWith('$'));
  if (operator === undefined) return properties;
  if (plain !== undefined) {
    return refuse(
      checking,
      `${column}.${plain}`,
      properties[plain] ?? null,
      `stands beside the operator ${operator}: put it under "$set"`,
    );
  }
  return readOperands(column, properties, checking);
}

function readOperands(column: string, properties: JsonObject, checking: Checking): JsonObject | undefined {
  const read: JsonObject = {};
  for (const [operator, operands] of Object.entries(properties)) {
    if (!isJsonObject(operands)) {
      return refuse(
        checking,
        `${column}.${operator}`,
        operands,
        `must be an object of properties: map {${quote(operator)}: {"name": "field"}}`,
      );
    }
    read[operator] = operator === '$add' ? readTerms(`${column}.$add`, operands, checking) : operands;
  }
  return read;
}

/** Only numbers can be added; text with a number in it counts as one. */
function readTerms(column: string, operands: JsonObject, checking: Checking): JsonObject {
  const terms: JsonObject = {};
  for (const [name, operand] of Object.entries(operands)) {
    const term: JsonValue | undefined =
      numberOf(operand) ??
      refuse(
        checking,
        `${column}.${name}`,
        operand,
        'is no number and cannot be added: map a number, or use "$set"',
      );
    if (term !== undefined) setOwnValue(terms, name, term);
  }
  return terms;
}
