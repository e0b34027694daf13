import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import fc from 'fast-check';
import { decodeFields, encodeFields } from '../../../../../cli/local/api/field-paths.ts';
import { fieldSetOf } from '../../../../../cli/local/api/field-sets.ts';
import {
  applyObject,
  withoutManagedFields,
  type WriteContext,
} from '../../../../../cli/local/api/managed-fields.ts';
import type { Schema } from '../../../../../cli/local/api/structural-schema.ts';
import type { JsonObject } from '../../../../../lib/json.ts';

const text: Schema = { type: 'string' };
const schema: Schema = {
  type: 'object',
  properties: {
    metadata: { type: 'object', properties: { labels: { type: 'object', additionalProperties: text } } },
    spec: {
      type: 'object',
      properties: {
        name: text,
        tags: { type: 'array', items: text, 'x-kubernetes-list-type': 'set' },
        plain: { type: 'array', items: text },
        items: {
          type: 'array',
          'x-kubernetes-list-type': 'map',
          'x-kubernetes-list-map-keys': ['id'],
          items: { type: 'object', properties: { id: text, value: text } },
        },
      },
    },
  },
};

const word = fc.constantFrom('a', 'b', 'c', 'd');
const present = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined });
const objects = fc
  .record({
    labels: present(fc.dictionary(word, word)),
    name: present(word),
    tags: present(fc.uniqueArray(word, { minLength: 1 })),
    plain: present(fc.array(word, { minLength: 1 })),
    items: present(
      fc.uniqueArray(fc.record({ id: word, value: word }), { selector: ({ id }) => id, minLength: 1 }),
    ),
  })
  .map(({ labels, ...spec }) => JSON.parse(JSON.stringify({ metadata: { labels }, spec })) as JsonObject);

function context(manager: string, force = true): WriteContext & { readonly force: boolean } {
  const writer = { manager, operation: 'Apply', apiVersion: 'v1', subresource: '' } as const;
  return { schema, writer, now: '2026-11-23T18:00:00Z', ignored: [], force };
}

/** Without what is left empty, which the pass over nulls and defaults takes away. */
function bare(object: JsonObject): unknown {
  const drop = (value: unknown): unknown => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
    const entries = Object.entries(value).map(([key, item]) => [key, drop(item)] as const);
    const kept = entries.filter(([, item]) => item !== null && JSON.stringify(item) !== '{}');
    return Object.fromEntries(kept);
  };
  return drop(withoutManagedFields(object));
}

suite('who owns which field', () => {
  test('a set of fields is the same after it was written down and read', () => {
    fc.assert(
      fc.property(objects, (object) => {
        const set = fieldSetOf(object, schema);
        assert.deepEqual(decodeFields(encodeFields(set)), set);
      }),
    );
  });

  test('applied by one manager alone, an object becomes what was applied last, whatever came before', () => {
    fc.assert(
      fc.property(fc.array(objects, { minLength: 1, maxLength: 4 }), (applied) => {
        const last = applied.at(-1) ?? {};
        const live = applied.reduce<JsonObject>(
          (before, object) => applyObject(before, object, context('one')),
          {},
        );
        assert.deepEqual(sorted(bare(live)), sorted(bare(last)));
      }),
    );
  });

  test('the same object applied again changes nothing, whoever else applied meanwhile', () => {
    fc.assert(
      fc.property(objects, objects, (mine, theirs) => {
        const both = applyObject(applyObject({}, theirs, context('two')), mine, context('one'));
        assert.deepEqual(applyObject(both, mine, context('one', false)), both);
      }),
    );
  });

  test('what two managers apply is all there, and goes when the last of them lets it go', () => {
    fc.assert(
      fc.property(objects, objects, (mine, theirs) => {
        const both = applyObject(applyObject({}, theirs, context('two')), mine, context('one'));
        const one = applyObject(both, {}, context('two'));
        assert.deepEqual(sorted(bare(one)), sorted(bare(mine)));
        assert.deepEqual(bare(applyObject(one, {}, context('one'))), {});
      }),
    );
  });
});

/** Sets and keyed lists keep their members, not their order. */
function sorted(value: unknown): unknown {
  return JSON.parse(
    JSON.stringify(value, (key, item: unknown) =>
      Array.isArray(item) && key !== 'plain'
        ? item.toSorted((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1))
        : item,
    ),
  );
}
