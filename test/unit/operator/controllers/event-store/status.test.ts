import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { TerminalError, TransientError } from '../../../../../lib/errors.ts';
import {
  deriveStoreStatus,
  type StoreFacts,
} from '../../../../../operator/controllers/event-store/status.ts';
import { eventStore, startTime } from '../../../../support/builders/resources.ts';

const now = new Date(startTime).toISOString();
const held: StoreFacts = { kind: 'held', serverVersion: '18.4', schemaVersion: 3 };
const unreachable: StoreFacts = {
  kind: 'failed',
  error: new TransientError({ reason: 'StoreUnreachable', message: 'Nothing answers.' }),
};

suite('the status of a store', () => {
  test('names the versions of server and schema', () => {
    const { serverVersion, schemaVersion, conditions } = deriveStoreStatus(eventStore(), held, now);
    assert.deepEqual([serverVersion, schemaVersion], ['18.4', 3]);
    assert.deepEqual(
      conditions?.map(({ type, status }) => [type, status]),
      [
        ['Ready', 'True'],
        ['Accepted', 'True'],
        ['ResolvedRefs', 'True'],
        ['Connected', 'True'],
        ['SchemaReady', 'True'],
      ],
    );
  });

  test('of a database that does not answer keeps what was last known', () => {
    const before = deriveStoreStatus(eventStore(), held, now);
    const status = deriveStoreStatus({ ...eventStore(), status: before }, unreachable, now);
    assert.deepEqual([status.serverVersion, status.schemaVersion], ['18.4', 3]);
    assert.equal('serverVersion' in deriveStoreStatus(eventStore(), unreachable, now), false);
  });

  const failures = [
    ['SecretNotFound', 'ResolvedRefs'],
    ['StoreURLInvalid', 'ResolvedRefs'],
    ['StoreAuthenticationFailed', 'Connected'],
    ['StoreReadOnly', 'Connected'],
    ['StoreNotMigrated', 'SchemaReady'],
    ['SchemaTooNew', 'SchemaReady'],
    ['UnknownError', 'Connected'],
  ] as const;
  for (const [reason, gate] of failures) {
    test(`with ${reason} says so on ${gate}`, () => {
      const error = new TerminalError({ reason, message: 'What is wrong.' });
      const { conditions = [] } = deriveStoreStatus(eventStore(), { kind: 'failed', error }, now);
      const [ready] = conditions;
      assert.deepEqual([ready?.status, ready?.reason], ['False', reason]);
      assert.match(ready?.message ?? '', /^What is wrong\./);
      assert.equal(conditions.find(({ type }) => type === gate)?.status, 'False');
    });
  }

  test('of the same world is the same when derived again', () => {
    for (const facts of [held, unreachable]) {
      const status = deriveStoreStatus(eventStore(), facts, now);
      assert.deepEqual(deriveStoreStatus({ ...eventStore(), status }, facts, now), status);
    }
  });
});
