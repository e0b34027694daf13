import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { reasons } from '../../../../crds/reasons.ts';
import { TerminalError, TransientError } from '../../../../lib/errors.ts';
import { failed, findingOf, gatesUntil, passed } from '../../../../operator/conditions/finding.ts';

const passes = [
  passed('Authenticated', 'Authenticated', 'Taken.'),
  passed('BucketAccessible', 'BucketAccessible', 'There.'),
  passed('PermissionsVerified', 'PermissionsVerified', 'Allowed.'),
];

suite('the finding of an error', () => {
  const cases = [
    ['BucketNotFound', 'BucketAccessible'],
    ['ListDenied', 'PermissionsVerified'],
    ['InvalidAccessKeyId', 'Authenticated'],
    // The table admits it on both; the preferred one wins.
    ['EndpointUnreachable', 'BucketAccessible'],
  ] as const;
  for (const [reason, type] of cases) {
    test(`stands on ${type} when its reason is ${reason}`, () => {
      const error = new TerminalError({ reason, message: 'What is wrong.' });
      assert.deepEqual(findingOf(error, 'BucketAccessible', passes), failed(type, reason, 'What is wrong.'));
    });
  }

  test('ends with the cure of the table where it quotes the database, which knows none', () => {
    const refused = { reason: 'StoreAuthenticationFailed', message: 'no password (SQLSTATE 28P01)' };
    const told = findingOf(new TerminalError(refused), 'Connected', []).message;
    assert.equal(told, `no password (SQLSTATE 28P01). ${reasons.StoreAuthenticationFailed.cure}`);
    const again = new TerminalError({ ...refused, message: told });
    assert.equal(findingOf(again, 'Connected', []).message, told);
    const own = new TerminalError({ reason: 'StoreError', message: 'Text is LATIN1.', cure: 'Use UTF8.' });
    assert.equal(findingOf(own, 'Connected', []).message, 'Text is LATIN1. Use UTF8.');
    const of = new TerminalError({ reason: 'ConflictingResource', message: 'It is taken: choose another.' });
    assert.equal(findingOf(of, 'Connected', []).message, 'It is taken: choose another.');
  });

  test('stands on the preferred condition where the table gives it no gate of these', () => {
    const error = new TransientError({ reason: 'StoreUnreachable', message: 'Nothing answers.' });
    assert.equal(findingOf(error, 'BucketAccessible', passes).type, 'BucketAccessible');
  });

  test('is UnknownError for what is not ours, or has a word that is not in the table', () => {
    assert.equal(
      findingOf(new TypeError('x is no function'), 'Authenticated', passes).reason,
      'UnknownError',
    );
    const strange = new TerminalError({ reason: 'Strange', message: 'What?' });
    assert.deepEqual(
      findingOf(strange, 'Authenticated', passes),
      failed('Authenticated', 'UnknownError', 'What?'),
    );
  });
});

suite('a chain of gates', () => {
  test('ends with its failure, and is whole without one', () => {
    const failure = failed('BucketAccessible', 'BucketNotFound', 'None.');
    assert.deepEqual(gatesUntil(passes, failure), [passes[0], failure]);
    assert.deepEqual(gatesUntil(passes, undefined), passes);
  });

  test('is whole before a failure of another chain', () => {
    const failure = failed('WorkersAvailable', 'WorkerCrashed', 'Lost.');
    assert.deepEqual(gatesUntil(passes, failure), [...passes, failure]);
  });
});
