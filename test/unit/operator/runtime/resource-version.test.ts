import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import fc from 'fast-check';
import { isOlderVersion } from '../../../../operator/runtime/resource-version.ts';

suite('the order of versions', () => {
  test('versions are ordered as the numbers that they are, however large', () => {
    const revision = fc.bigInt({ min: 0n, max: 2n ** 64n });
    fc.assert(fc.property(revision, revision, (a, b) => isOlderVersion(String(a), String(b)) === a < b));
  });

  test('nothing is said of versions that are no decimals', () => {
    for (const odd of ['', '0x1', '1.5', '01', '-1', 'abc']) {
      assert.equal(isOlderVersion(odd, '5'), false);
      assert.equal(isOlderVersion('5', odd), false);
    }
  });
});
