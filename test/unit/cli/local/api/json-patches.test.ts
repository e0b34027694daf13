import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import fc from 'fast-check';
import { jsonPatch, mergePatch } from '../../../../../cli/local/api/json-patches.ts';
import { StatusError } from '../../../../../cli/local/api/status-error.ts';
import type { JsonObject, JsonValue } from '../../../../../lib/json.ts';

const json = fc.jsonValue({ maxDepth: 3 }) as fc.Arbitrary<JsonValue>;

suite('patches of objects', () => {
  test('a merge patch applied twice gives what it gives once', () => {
    fc.assert(
      fc.property(json, json, (target, patch) => {
        const once = mergePatch(target, patch);
        assert.deepEqual(mergePatch(once, patch), once);
      }),
    );
  });

  const cases: readonly (readonly [string, JsonObject, JsonValue, JsonValue])[] = [
    ['adds into a list', { a: [1, 3] }, [{ op: 'add', path: '/a/1', value: 2 }], { a: [1, 2, 3] }],
    ['adds at the end of a list', { a: [1] }, [{ op: 'add', path: '/a/-', value: 2 }], { a: [1, 2] }],
    ['replaces in a list', { a: [1, 2] }, [{ op: 'replace', path: '/a/0', value: 9 }], { a: [9, 2] }],
    ['removes from a list', { a: [1, 2] }, [{ op: 'remove', path: '/a/0' }], { a: [2] }],
    ['moves', { a: { b: 1 } }, [{ op: 'move', from: '/a/b', path: '/c' }], { a: {}, c: 1 }],
    ['copies', { a: { b: 1 } }, [{ op: 'copy', from: '/a', path: '/c' }], { a: { b: 1 }, c: { b: 1 } }],
    [
      'reads ~1 and ~0 in a path',
      { 'a/b~c': 1 },
      [{ op: 'replace', path: '/a~1b~0c', value: 2 }],
      { 'a/b~c': 2 },
    ],
    ['replaces the whole', { a: 1 }, [{ op: 'replace', path: '', value: { b: 2 } }], { b: 2 }],
  ];
  for (const [name, target, operations, expected] of cases) {
    test(`a JSON patch ${name}`, () => {
      assert.deepEqual(jsonPatch(target, operations), expected);
    });
  }

  const refused: readonly (readonly [string, JsonValue])[] = [
    ['of what is not there', [{ op: 'remove', path: '/b' }]],
    ['below what is not there', [{ op: 'add', path: '/b/c', value: 1 }]],
    ['beyond the end of a list', [{ op: 'add', path: '/a/3', value: 1 }]],
    ['with a test that fails', [{ op: 'test', path: '/a', value: [] }]],
    ['of an unknown operation', [{ op: 'grow', path: '/a' }]],
    ['of a prototype', [{ op: 'replace', path: '/__proto__/x', value: 1 }]],
    ['that is no list', { op: 'remove', path: '/a' }],
  ];
  for (const [name, operations] of refused) {
    test(`a JSON patch ${name} is refused, and changes nothing`, () => {
      const target = { a: [1] };
      assert.throws(() => jsonPatch(target, operations), StatusError);
      assert.deepEqual(target, { a: [1] });
    });
  }
});
