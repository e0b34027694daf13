import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { JsonObject, JsonValue } from '../../../lib/json.ts';
import {
  applyPropertyOperations,
  groupOperators,
  longestGrownList,
  readPropertySteps,
  userOperators,
} from '../../../lib/store/properties/apply-property-operations.ts';

function apply(before: JsonObject, call: JsonObject, operators = userOperators): JsonObject {
  const after = applyPropertyOperations(new Map(Object.entries(before)), readPropertySteps(call, operators));
  return Object.fromEntries(after);
}

const value = fc.jsonValue() as fc.Arbitrary<JsonValue>;
const name = fc.oneof(fc.string({ minLength: 1 }), fc.constantFrom('__proto__', 'constructor', 'plan'));
const plain = { noNullPrototype: true };
const properties = fc.dictionary(name, value, plain) as fc.Arbitrary<JsonObject>;
const list = fc.array(fc.oneof(fc.string(), fc.integer()), { maxLength: 8 }) as fc.Arbitrary<JsonValue[]>;

describe('user property operators', () => {
  const cases: readonly (readonly [string, JsonObject, JsonObject, JsonObject])[] = [
    ['$set replaces', { plan: 'free' }, { $set: { plan: 'paid' } }, { plan: 'paid' }],
    [
      '$setOnce keeps what is there',
      { plan: 'free' },
      { $setOnce: { plan: 'paid', first: 1 } },
      { plan: 'free', first: 1 },
    ],
    ['$add adds', { visits: 2 }, { $add: { visits: 3 } }, { visits: 5 }],
    ['$add begins at nothing', {}, { $add: { visits: -3 } }, { visits: -3 }],
    ['$add leaves text alone', { visits: 'many' }, { $add: { visits: 3 } }, { visits: 'many' }],
    ['$append makes a list of a value', { tags: 'a' }, { $append: { tags: 'b' } }, { tags: ['a', 'b'] }],
    [
      '$append takes a list of values',
      { tags: ['a'] },
      { $append: { tags: ['b', 'a'] } },
      { tags: ['a', 'b', 'a'] },
    ],
    ['$prepend puts first', { tags: ['a'] }, { $prepend: { tags: ['b', 'c'] } }, { tags: ['b', 'c', 'a'] }],
    ['$unset removes', { plan: 'free', other: 1 }, { $unset: { plan: '-' } }, { other: 1 }],
    [
      '$preInsert adds in front what is missing',
      { tags: ['a'] },
      { $preInsert: { tags: ['b', 'a'] } },
      { tags: ['b', 'a'] },
    ],
    [
      '$postInsert adds behind what is missing',
      { tags: ['a'] },
      { $postInsert: { tags: ['a', 'b'] } },
      { tags: ['a', 'b'] },
    ],
    [
      '$remove takes out all instances',
      { tags: ['a', 'b', 'a'] },
      { $remove: { tags: 'a' } },
      { tags: ['b'] },
    ],
    ['plain properties are set', { plan: 'free' }, { plan: 'paid', n: 1 }, { plan: 'paid', n: 1 }],
    ['an operator without an object does nothing', { plan: 'free' }, { $set: 'paid' }, { plan: 'free' }],
    [
      'all operators of a call take effect',
      { a: 1, tags: [] },
      { $add: { a: 1 }, $append: { tags: 1 }, $set: { b: 2 } },
      { a: 2, tags: [1], b: 2 },
    ],
  ];
  for (const [title, before, call, after] of cases) {
    it(`[I-39] ${title}`, () => {
      assert.deepEqual(apply(before, call), after);
    });
  }

  it('[I-39] there are nine of them, and six for groups', () => {
    assert.deepEqual(
      [...userOperators].toSorted(),
      [
        '$add',
        '$append',
        '$postInsert',
        '$preInsert',
        '$prepend',
        '$remove',
        '$set',
        '$setOnce',
        '$unset',
      ].toSorted(),
    );
    assert.deepEqual([...groupOperators].toSorted(), [
      '$add',
      '$append',
      '$prepend',
      '$set',
      '$setOnce',
      '$unset',
    ]);
  });

  it('a group does not know the three operators that only users have', () => {
    assert.deepEqual(apply({}, { $remove: { tags: 'a' } }, groupOperators), { $remove: { tags: 'a' } });
  });

  it('a list does not grow beyond its limit, whatever is appended', () => {
    const full = { tags: Array.from({ length: longestGrownList / 10 }, () => '12345678') };
    assert.deepEqual(apply(full, { $append: { tags: 'one more' } }), full);
    assert.deepEqual(apply(full, { $postInsert: { tags: ['one', 'two'] } }), full);
    assert.deepEqual(apply(full, { $remove: { tags: '12345678' } }), { tags: [] });
  });
});

describe('laws of property operators', () => {
  it('what is given is never changed, and any JSON can be an operand', () => {
    fc.assert(
      fc.property(
        properties,
        fc.dictionary(fc.constantFrom(...userOperators), value, plain),
        (before, call) => {
          const copy = structuredClone(before);
          apply(before, call);
          assert.deepEqual(before, copy);
        },
      ),
    );
  });

  it('$set wins and is idempotent', () => {
    fc.assert(
      fc.property(properties, properties, (before, set) => {
        const once = apply(before, { $set: set });
        for (const [key, wanted] of Object.entries(set)) assert.deepEqual(once[key], wanted);
        assert.deepEqual(apply(once, { $set: set }), once);
      }),
    );
  });

  it('$unset after $set is as if nothing had been', () => {
    fc.assert(
      fc.property(properties, name, value, (before, key, wanted) => {
        const set = { $set: Object.fromEntries([[key, wanted]]) };
        const unset = { $unset: Object.fromEntries([[key, '-']]) };
        assert.deepEqual(apply(apply(before, set), unset), apply(before, unset));
      }),
    );
  });

  it('$preInsert and $postInsert never make a value appear twice, and keep the order of what was there', () => {
    fc.assert(
      fc.property(list, list, fc.constantFrom('$preInsert', '$postInsert'), (there, added, operator) => {
        const unique = [...new Set(there)];
        const after = apply({ tags: unique }, { [operator]: { tags: added } })['tags'] as JsonValue[];
        assert.equal(new Set(after).size, after.length);
        assert.deepEqual(
          after.filter((one) => unique.includes(one)),
          unique,
        );
        for (const one of added) assert.ok(after.includes(one));
      }),
    );
  });

  it('after $remove nothing of the operand is left, and the rest is as it was', () => {
    fc.assert(
      fc.property(list, list, (there, gone) => {
        const after = apply({ tags: there }, { $remove: { tags: gone } })['tags'];
        assert.deepEqual(
          after,
          there.filter((one) => !gone.includes(one)),
        );
      }),
    );
  });

  it('the order of the operators in the data does not matter', () => {
    fc.assert(
      fc.property(
        properties,
        fc.dictionary(fc.constantFrom(...userOperators), properties, plain),
        (before, call) => {
          const turned = Object.fromEntries(Object.entries(call).toReversed());
          assert.deepEqual(apply(before, call), apply(before, turned));
        },
      ),
    );
  });

  it('names like __proto__ are names', () => {
    const call = JSON.parse('{"$set":{"__proto__":{"admin":true},"constructor":1}}') as JsonObject;
    const after = apply({}, call);
    assert.deepEqual(Object.keys(after), ['__proto__', 'constructor']);
    assert.equal(({} as Record<string, unknown>)['admin'], undefined);
  });
});
