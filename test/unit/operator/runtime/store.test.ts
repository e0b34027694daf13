import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import fc from 'fast-check';
import { formatKey, keyOf, parseKey, type KubernetesObject } from '../../../../operator/runtime/objects.ts';
import { createStore, type Change } from '../../../../operator/runtime/store.ts';

interface Thing extends KubernetesObject {
  readonly colour: string;
}

const things: fc.Arbitrary<Thing> = fc.record({
  metadata: fc.record({
    namespace: fc.constantFrom('one', 'two'),
    name: fc.constantFrom('a', 'b', 'c'),
    uid: fc.constantFrom('u1', 'u2'),
    resourceVersion: fc.integer({ min: 1, max: 3 }).map(String),
  }),
  colour: fc.constantFrom('red', 'blue', ''),
});

type Step =
  | { readonly kind: 'put' | 'remove'; readonly thing: Thing }
  | { readonly kind: 'replace'; readonly namespace: string; readonly things: readonly Thing[] };

const steps: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ kind: fc.constantFrom('put', 'put', 'remove'), thing: things }),
  fc.record({
    kind: fc.constant('replace' as const),
    namespace: fc.constantFrom('', 'one', 'two'),
    things: fc.uniqueArray(things, { selector: (thing) => formatKey(keyOf(thing)) }),
  }),
);

/** What a listener that sees only the changes would hold. */
function replay(held: Map<string, Thing>, changes: readonly Change<Thing>[]): void {
  for (const change of changes) {
    const key = formatKey(keyOf(change.object));
    const before = held.get(key);
    assert.equal(before === undefined, change.kind === 'Added', `${change.kind} fits what was there`);
    if (change.kind === 'Updated') {
      assert.equal(change.previous, before);
      assert.equal(change.object.metadata.uid, before?.metadata.uid, 'another uid is never an update');
    }
    if (change.kind === 'Deleted') held.delete(key);
    else held.set(key, change.object);
  }
}

suite('the store of a reflector', () => {
  test('the changes of a store, replayed, give what it holds, and its indexes find what a search of it would', () => {
    const law = fc.property(fc.array(steps, { maxLength: 30 }), (script) => {
      const store = createStore<Thing>({ colour: ({ colour }) => (colour === '' ? [] : [colour, 'any']) });
      const held = new Map<string, Thing>();
      for (const step of script) {
        if (step.kind === 'replace') {
          const inScope = step.things.filter(
            ({ metadata }) => step.namespace === '' || metadata.namespace === step.namespace,
          );
          replay(held, store.replace(step.namespace, inScope));
          const now = store
            .list(step.namespace === '' ? undefined : step.namespace)
            .map((thing) => formatKey(keyOf(thing)));
          assert.deepEqual(now, inScope.map((thing) => formatKey(keyOf(thing))).toSorted());
        } else replay(held, store[step.kind](step.thing));

        const sorted = [...held.keys()].toSorted().map((key) => held.get(key));
        assert.deepEqual(store.list(), sorted);
        assert.equal(store.size, held.size);
        assert.deepEqual(
          store.list('one'),
          sorted.filter((thing) => thing?.metadata.namespace === 'one'),
        );
        for (const colour of ['red', 'blue']) {
          assert.deepEqual(
            store.byIndex('colour', colour),
            sorted.filter((thing) => thing?.colour === colour),
          );
        }
        assert.deepEqual(
          store.byIndex('colour', 'any'),
          sorted.filter((thing) => thing?.colour !== ''),
        );
        for (const [key, thing] of held) assert.equal(store.get(parseKey(key)), thing);
      }
    });
    fc.assert(law);
  });

  test('the end of an object that another one of its name has replaced changes nothing', () => {
    const store = createStore<Thing>();
    const thing = (uid: string): Thing => ({
      metadata: { namespace: 'one', name: 'a', uid, resourceVersion: uid },
      colour: '',
    });
    store.put(thing('old'));
    assert.deepEqual(
      store.put(thing('new')).map(({ kind, object }) => `${kind} ${object.metadata.uid}`),
      ['Deleted old', 'Added new'],
    );
    assert.deepEqual(store.remove(thing('old')), []);
    assert.equal(store.size, 1);
  });

  test('asking for an index that a store was not made with is a mistake, not an empty answer', () => {
    assert.throws(() => createStore<Thing>().byIndex('colour', 'red'), /no index "colour"/);
  });
});
