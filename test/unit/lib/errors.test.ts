import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { cureOf, messageOf, problemOf, TerminalError, TransientError } from '../../../lib/errors.ts';

suite('an error of ours', () => {
  for (const ErrorClass of [TerminalError, TransientError]) {
    test(`${ErrorClass.name} has its cure apart, and at the end of its message`, () => {
      const error = new ErrorClass({
        reason: 'TruncatedGzip',
        message: 'It is cut off.',
        cure: 'Upload it.',
      });
      assert.deepEqual(
        [error.message, problemOf(error), cureOf(error)],
        ['It is cut off. Upload it.', 'It is cut off.', 'Upload it.'],
      );
    });
  }

  test('without a cure of its own is its message, as any other error is', () => {
    for (const error of [
      new TerminalError({ reason: 'StoreError', message: 'No.' }),
      new Error('No.'),
      'No.',
    ]) {
      assert.deepEqual([messageOf(error), problemOf(error), cureOf(error)], ['No.', 'No.', undefined]);
    }
  });
});
