import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { readPath } from '../../../../../cli/local/api/json-path.ts';

const object = {
  metadata: { name: 'a', labels: { 'app.kubernetes.io/name': 'web' } },
  status: {
    conditions: [
      { type: 'Ready', status: 'False', reason: 'Waiting' },
      { type: 'Stalled', status: 'True' },
    ],
    ports: [80, 443],
    none: null,
  },
};

suite('paths of printer columns', () => {
  const cases: readonly (readonly [string, readonly unknown[]])[] = [
    ['.metadata.name', ['a']],
    [".metadata.labels['app.kubernetes.io/name']", ['web']],
    ['.status.conditions[?(@.type=="Ready")].reason', ['Waiting']],
    [".status.conditions[?(@.status=='True')].type", ['Stalled']],
    ['.status.conditions[?(@.type=="Gone")].reason', []],
    ['.status.conditions[*].type', ['Ready', 'Stalled']],
    ['.status.ports[1]', [443]],
    ['.status.none', []],
    ['.status.nothing.below', []],
  ];
  for (const [path, expected] of cases) {
    test(`the path ${path} reads what kubectl's does`, () => {
      assert.deepEqual(readPath(object, path), expected);
    });
  }

  test('a path that is not understood is refused, not read as empty', () => {
    assert.throws(() => readPath(object, '.status[1:2]'), /not understood/u);
  });
});
