import type { JsonObject, JsonValue } from '../../../lib/json.ts';
import { quote } from '../../../lib/converter/load-errors.ts';
import { refuse } from './checking.ts';
import type { Checking } from './checking.ts';
import { readWholeText } from './read-scalars.ts';

export interface Ids {
  readonly userId: string | undefined;
  readonly deviceId: string | undefined;
}

/** Shorter ids are left off the event. */
const shortestId = 5;

/** Ids that stand for nobody, in any case: all who have them would become one user. */
const refused: ReadonlySet<string> = new Set([
  'anonymous',
  'nil',
  'none',
  'null',
  'n/a',
  'na',
  'undefined',
  'unknown',
  '00000000-0000-0000-0000-000000000000',
  '{}',
  'lmy47d',
  '0',
  '-1',
]);

/** One of the two must be there if `required`. */
export function readIds(output: JsonObject, required: boolean, checking: Checking): Ids {
  const ids = {
    userId: readId(output['user_id'], 'user_id', checking),
    deviceId: readId(output['device_id'], 'device_id', checking),
  };
  if (required && ids.userId === undefined && ids.deviceId === undefined && checking.fault === undefined) {
    checking.fault = missing(output);
  }
  return ids;
}

function readId(value: JsonValue | undefined, column: string, checking: Checking): string | undefined {
  const id = readWholeText(value, column, checking);
  if (id === undefined) return undefined;
  if (refused.has(id.toLowerCase())) {
    const cure = `map null for it: ["ifelse", ["equals", "field", ["value", ${quote(id)}]], ["value", null], "field"]`;
    return refuse(checking, column, id, `stands for nobody, and is refused as an id: ${cure}`);
  }
  return id.length < shortestId ? undefined : id;
}

function missing(output: JsonObject): { readonly column: string; readonly reason: string } {
  const column = isGiven(output['user_id']) || !isGiven(output['device_id']) ? 'user_id' : 'device_id';
  const value = output[column];
  const reason = isGiven(value)
    ? `${column} ${quote(value)} is shorter than ${shortestId} characters and not used as an id, and there is no other: lengthen it, e.g. ["concat", ["value", "user-"], "field"]`
    : 'neither user_id nor device_id has a value: map one of the two';
  return { column, reason };
}

function isGiven(value: JsonValue | undefined): boolean {
  return value !== undefined && value !== null && value !== '';
}
