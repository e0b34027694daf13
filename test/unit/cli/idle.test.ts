import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { idlenessOf, type Watched } from '../../../cli/idle.ts';
import { condition } from '../../support/builders/resources.ts';

function watched(kind: string, status: Watched['status']): Watched {
  const metadata = { name: 'one', uid: 'one', generation: 1, creationTimestamp: '2026-01-01T00:00:00Z' };
  return { kind, metadata: { ...metadata, namespace: 'default' }, status } as unknown as Watched;
}

const refusedFor = (reason: string) => ({
  observedGeneration: 1,
  conditions: [{ ...condition('Ready'), status: 'False' as const, reason }, condition('Stalled')],
});

suite('what a local run waits for', () => {
  test('an object that a person has to see to ends the waiting', () => {
    const source = watched('S3ImportSource', refusedFor('ConflictingResource'));
    assert.deepEqual(idlenessOf([source]), { kind: 'stalled', objects: [source] });
    const store = watched('EventStore', refusedFor('StoreTooOld'));
    assert.equal(idlenessOf([store]).kind, 'stalled');
  });

  test('[C-07] a store is waited for while another owner, who may have ended, still counts as living', () => {
    assert.equal(idlenessOf([watched('EventStore', refusedFor('ConflictingResource'))]).kind, 'busy');
  });
});
