import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nearNames } from '../../../../lib/converter/near-names.ts';
import { operatorNames } from '../../../../lib/converter/registry.ts';

for (const [unknown, expected] of [
  ['iso_time_ms', ['iso_time_to_ms']],
  ['Concat', ['concat']],
  ['if_else', ['ifelse']],
  ['type_of', ['typeof']],
  ['lowercase_', ['lowercase']],
  ['filterEvent', []],
] as const) {
  test(`[I-35] ${unknown} is likely ${expected[0] ?? 'nothing known'}`, () => {
    const near = nearNames(unknown, operatorNames);
    assert.equal(near[0], expected[0]);
    assert.ok(near.length <= 3);
  });
}
