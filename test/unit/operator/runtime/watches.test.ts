import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import type { KubernetesObject, ObjectMeta } from '../../../../operator/runtime/objects.ts';
import type { Reflector } from '../../../../operator/runtime/reflector.ts';
import { createStore, type Change } from '../../../../operator/runtime/store.ts';
import { watchOwn, watchOwned, type Watch } from '../../../../operator/runtime/watches.ts';

const sources = {
  group: 'example.dev',
  version: 'v1beta1',
  kind: 'Source',
  plural: 'sources',
  namespaced: true,
};

function object(metadata: ObjectMeta): KubernetesObject {
  return { metadata: { namespace: 'acme', name: 'web', uid: 'u', ...metadata } };
}

function ownedBy(apiVersion: string, kind: string, controller = true): KubernetesObject {
  return object({
    name: 'job',
    ownerReferences: [{ apiVersion, kind, name: 'owner', uid: 'o', controller }],
  });
}

/** The keys that a watch wakes for what is there and for what then changes. */
function wokenBy(
  watchOf: (reflector: Reflector<KubernetesObject>) => Watch,
  changes: readonly Change<KubernetesObject>[],
  there: readonly KubernetesObject[] = [],
): readonly string[] {
  const store = createStore<KubernetesObject>();
  for (const each of there) store.put(each);
  let listener: (change: Change<KubernetesObject>) => void = () => {};
  const reflector = {
    store,
    onChange: (given: typeof listener) => {
      listener = given;
      return () => {};
    },
  } as unknown as Reflector<KubernetesObject>;
  const woken: string[] = [];
  watchOf(reflector).subscribe(({ namespace, name }) => woken.push(`${namespace}/${name}`));
  for (const change of changes) listener(change);
  return woken;
}

function updated(before: ObjectMeta, after: ObjectMeta): Change<KubernetesObject> {
  return { kind: 'Updated', previous: object(before), object: object(after) };
}

suite('what wakes a controller', () => {
  test('an own object wakes its controller by anything but its status', () => {
    const base = { generation: 1, resourceVersion: '1' };
    const cases: readonly (readonly [string, ObjectMeta, boolean])[] = [
      ['status', { resourceVersion: '2' }, false],
      ['spec', { generation: 2 }, true],
      ['labels', { labels: { a: 'b' } }, true],
      ['annotations', { annotations: { a: 'b' } }, true],
      ['finalizers', { finalizers: ['a/b'] }, true],
      ['deletion', { deletionTimestamp: '2026-01-01T00:00:00Z' }, true],
    ];
    for (const [what, change, wakes] of cases) {
      const woken = wokenBy((reflector) => watchOwn(reflector), [updated(base, { ...base, ...change })]);
      assert.deepEqual(woken, wakes ? ['acme/web'] : [], what);
    }
    assert.deepEqual(
      wokenBy(
        (reflector) => watchOwn(reflector),
        [updated({ resourceVersion: '1' }, { resourceVersion: '2' })],
      ),
      ['acme/web'],
      'a kind without generations',
    );
  });

  test('what is there already wakes a controller as it begins, and a deletion does too', () => {
    const there = [object({ name: 'a' }), object({ name: 'b' })];
    const woken = wokenBy(
      (reflector) => watchOwn(reflector),
      [{ kind: 'Deleted', object: object({ name: 'c' }) }],
      there,
    );
    assert.deepEqual(woken, ['acme/a', 'acme/b', 'acme/c']);
  });

  test('an owned object wakes the owner that controls it, of whatever version of its group', () => {
    const added = (each: KubernetesObject): Change<KubernetesObject> => ({ kind: 'Added', object: each });
    const woken = wokenBy(
      (reflector) => watchOwned(reflector, sources),
      [
        added(ownedBy('example.dev/v1alpha1', 'Source')),
        added(ownedBy('example.dev/v1', 'Other')),
        added(ownedBy('elsewhere.dev/v1', 'Source')),
        added(ownedBy('example.dev/v1', 'Source', false)),
        { kind: 'Updated', previous: ownedBy('example.dev/v1', 'Source'), object: object({}) },
      ],
    );
    assert.deepEqual(woken, ['acme/owner', 'acme/owner']);
  });
});
