import type { EventCall } from '../../lib/contract/event.ts';
import type { JsonObject } from '../../lib/json.ts';
import type { Outcome, RowOrigin } from '../../worker/conversions/conversion.ts';
import { amplitude } from '../../worker/conversions/amplitude/amplitude.ts';

export const someOrigin: RowOrigin = { bucket: 'lake', key: 'web/a.json', version: '"e1"', row: 1 };

/** The outcome for a record whose fields are already named as an event's. */
export function outcomeOf(event: JsonObject, origin: RowOrigin = someOrigin): Outcome {
  const fields = Object.fromEntries(Object.keys(event).map((name) => [name, name]));
  const opened = amplitude.open({ convertToAmplitudeFunc: fields }, { clock: { now: () => 0 } });
  if (opened.kind === 'invalid') throw new Error(JSON.stringify(opened.errors));
  return opened.conversion.convert(event, origin);
}

/** An event that is right in all, with the changes; null takes a field away. */
function withChanges(changes: JsonObject): JsonObject {
  return { event_type: 'buy', user_id: 'user-1', time: 1_645_066_434_189, ...changes };
}

/** The event of a right one with the changes; fails when there is none. */
export function eventWith(changes: JsonObject, origin?: RowOrigin): EventCall {
  const outcome = outcomeOf(withChanges(changes), origin);
  if (outcome.kind === 'event') return outcome.event;
  throw new Error(JSON.stringify(outcome));
}

/** Why a right event with the changes is rejected, its column first; fails when it is not. */
export function rejectWith(changes: JsonObject): readonly [column: string | undefined, reason: string] {
  const outcome = outcomeOf(withChanges(changes));
  if (outcome.kind === 'reject') return [outcome.column, outcome.reason];
  throw new Error(JSON.stringify(outcome));
}
