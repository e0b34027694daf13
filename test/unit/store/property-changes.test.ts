import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { JsonObject, JsonValue } from '../../../lib/json.ts';
import {
  applyPropertyOperations,
  readPropertySteps,
  userOperators,
  type Properties,
} from '../../../lib/store/properties/apply-property-operations.ts';
import { diffProperties, revertProperties } from '../../../lib/store/properties/property-changes.ts';

function toMap(object: JsonObject): Properties {
  return new Map(Object.entries(object));
}

function change(before: Properties, call: JsonObject) {
  const steps = readPropertySteps(call, userOperators);
  const after = applyPropertyOperations(before, steps);
  return { after, changes: diffProperties(before, after, steps) };
}

const operand = fc.oneof(
  fc.integer(),
  fc.string(),
  fc.array(fc.integer(), { maxLength: 3 }),
) as fc.Arbitrary<JsonValue>;
const plain = { noNullPrototype: true };
const names = fc.constantFrom('a', 'b', 'c');
const call = fc.dictionary(
  fc.constantFrom(...userOperators),
  fc.dictionary(names, operand, plain),
) as fc.Arbitrary<JsonObject>;
const start = fc.dictionary(names, operand, plain) as fc.Arbitrary<JsonObject>;

describe('taking back property changes', () => {
  it('gives exactly what was before, when nobody else has changed anything', () => {
    fc.assert(
      fc.property(start, fc.array(call, { maxLength: 6 }), (object, calls) => {
        const journal = [];
        let current = toMap(object);
        for (const one of calls) {
          const { after, changes } = change(current, one);
          current = after;
          journal.unshift(changes);
        }
        const back = journal.reduce<Properties>((now, changes) => revertProperties(now, changes), current);
        assert.deepEqual(Object.fromEntries(back), object);
      }),
    );
  });

  it('leaves a property alone that somebody has set since', () => {
    const { after, changes } = change(toMap({ plan: 'free', n: 1 }), { $set: { plan: 'paid', n: 5 } });
    const later = change(after, { $set: { plan: 'gold', n: 7 } }).after;
    assert.deepEqual(Object.fromEntries(revertProperties(later, changes)), { plan: 'gold', n: 7 });
  });

  it('takes the added part out of a sum that somebody has added to since', () => {
    const { after, changes } = change(toMap({ visits: 10 }), { $add: { visits: 3 } });
    const later = change(after, { $add: { visits: 4 } }).after;
    assert.deepEqual(Object.fromEntries(revertProperties(later, changes)), { visits: 14 });
  });

  it('writes down nothing for a call that changes nothing', () => {
    assert.deepEqual(change(toMap({ plan: 'free' }), { $set: { plan: 'free' } }).changes, []);
  });
});
