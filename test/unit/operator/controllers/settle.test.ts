import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { TransientError } from '../../../../lib/errors.ts';
import { failed, passed, unknown } from '../../../../operator/conditions/finding.ts';
import { settle } from '../../../../operator/controllers/settle.ts';
import { condition } from '../../../support/builders/resources.ts';

const fine = passed('Accepted', 'Accepted', 'The spec makes sense.');
const second = 1_000;
const minute = 60 * second;

suite('when an object is looked at again', () => {
  test('as usual, when nothing is wrong', () => {
    assert.deepEqual(settle([fine], { requeueAfterMs: 7 }, []), { requeueAfterMs: 7 });
    assert.deepEqual(settle([fine], {}, []), {});
  });

  const cases = [
    [
      'in a quarter of an hour, when it needs a person',
      failed('ResolvedRefs', 'SecretKeyMissing', 'x'),
      15 * minute,
      { failure: 'SecretKeyMissing' },
    ],
    ['soon, when it waits for something', failed('ResolvedRefs', 'SecretNotFound', 'x'), 15 * second, {}],
    [
      'soon, when something else comes first',
      unknown('ResolvedRefs', 'DependencyNotReady', 'x'),
      15 * second,
      {},
    ],
  ] as const;
  for (const [name, finding, requeueAfterMs, counted] of cases) {
    test(`${name}; sooner if work goes on all the same`, () => {
      assert.deepEqual(settle([fine, finding], {}, []), { requeueAfterMs, ...counted });
      assert.deepEqual(settle([fine, finding], { requeueAfterMs: 60 * minute }, []), {
        requeueAfterMs,
        ...counted,
      });
      assert.deepEqual(settle([fine, finding], { requeueAfterMs: 2 * second }, []), {
        requeueAfterMs: 2 * second,
        ...counted,
      });
    });
  }

  test('in a quarter of an hour, when it was put down to time and has taken too long', () => {
    const denied = failed('PermissionsVerified', 'ListDenied', 'x');
    assert.deepEqual(settle([fine, denied], {}, [condition('Stalled')]), {
      requeueAfterMs: 15 * minute,
      failure: 'ListDenied',
    });
  });

  test('with a back-off, when it may pass by itself, or may have been granted meanwhile', () => {
    for (const reason of ['Throttled', 'InvalidAccessKeyId'] as const) {
      assert.throws(
        () => settle([fine, failed('Authenticated', reason, 'What is wrong.')], {}, []),
        (error) =>
          error instanceof TransientError && error.reason === reason && error.message === 'What is wrong.',
      );
    }
  });
});
