import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { TerminalError, TransientError } from '../../../../../lib/errors.ts';
import {
  deriveConnectionStatus,
  type IdentityOutcome,
} from '../../../../../operator/controllers/s3-connection/status.ts';
import { connection, startTime, withMetadata } from '../../../../support/builders/resources.ts';

const now = new Date(startTime).toISOString();
const principal = 'arn:aws:iam::123456789012:user/lake';
const identified: IdentityOutcome = { kind: 'identified', principal, account: '123456789012' };

function briefly(outcome: IdentityOutcome): readonly (readonly string[])[] {
  const { conditions = [] } = deriveConnectionStatus(connection(), { ...outcome, learnt: {} }, now);
  return conditions.map(({ type, status, reason }) => [type, status, reason]);
}

suite('the status of a connection', () => {
  test('names the principal that S3 sees', () => {
    const status = deriveConnectionStatus(connection(), { ...identified, learnt: {} }, now);
    assert.deepEqual([status.principal, status.account], [principal, '123456789012']);
    assert.equal(status.conditions?.find(({ type }) => type === 'Ready')?.status, 'True');
  });

  test('with no STS to ask is Ready too, and says that the credentials are not proved yet', () => {
    const status = deriveConnectionStatus(connection(), { kind: 'unasked', learnt: {} }, now);
    const message = status.conditions?.find(({ type }) => type === 'Authenticated')?.message;
    assert.match(message ?? '', /each source proves them/);
    assert.equal('principal' in status, false);
  });

  const failures = [
    ['ResolvedRefs', new TransientError({ reason: 'SecretNotFound', message: 'None.' }), 'Reconciling'],
    ['ResolvedRefs', new TerminalError({ reason: 'SecretKeyMissing', message: 'No key.' }), 'Stalled'],
    ['Authenticated', new TerminalError({ reason: 'SignatureDoesNotMatch', message: 'No.' }), 'Stalled'],
    ['Authenticated', new TransientError({ reason: 'EndpointUnreachable', message: 'No.' }), 'Reconciling'],
  ] as const;
  for (const [gate, error, progress] of failures) {
    test(`[C-10] with ${error.reason} is not Ready, says so on ${gate}, and is ${progress}`, () => {
      const conditions = briefly({ kind: 'failed', error });
      assert.deepEqual(conditions[0], ['Ready', 'False', error.reason]);
      assert.equal(conditions[1]?.[0], progress);
      assert.ok(conditions.some(([type, status]) => type === gate && status === 'False'));
    });
  }

  test('mirrors a person’s request, and is the same when derived again', () => {
    const facts = { ...identified, learnt: {} };
    const asked = connection(withMetadata({ annotations: { 'millrace.dev/requestedAt': 'now' } }));
    const status = deriveConnectionStatus(asked, facts, now);
    assert.equal(status.lastHandledReconcileAt, 'now');
    assert.deepEqual(deriveConnectionStatus({ ...asked, status }, facts, now), status);
  });
});
