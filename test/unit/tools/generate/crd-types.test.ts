import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { format } from 'prettier';
import { renderTypes } from '../../../../tools/generate/crd-types.ts';
import type { Definition, SchemaNode } from '../../../../tools/generate/crd-schema.ts';

function definition(spec: SchemaNode, status: SchemaNode = { type: 'object' }): Definition {
  return {
    kind: 'EventStore',
    group: 'millrace.dev',
    version: 'v1alpha1',
    plural: 'eventstores',
    shortNames: [],
    categories: [],
    columns: [],
    schema: { type: 'object', properties: { spec, status } },
  };
}

async function typesOf(spec: SchemaNode, status?: SchemaNode): Promise<string> {
  const text = await format(renderTypes(definition(spec, status)), { parser: 'typescript' });
  return text.slice(text.indexOf('export interface EventStoreSpec'));
}

suite('the types of a resource', () => {
  test('a field that is required or has a default is always there, another may be absent', async () => {
    const text = await typesOf({
      type: 'object',
      required: ['a'],
      properties: {
        a: { type: 'string' },
        b: { type: 'integer', default: 1 },
        c: { type: 'boolean', description: 'Whether.' },
      },
    });
    assert.match(text, /readonly a: string;\n {2}readonly b: number;/);
    assert.match(text, /\/\*\* Whether\. \*\/\n {2}readonly c\?: boolean;/);
  });

  test('enumerations become unions of literals, and lists of them are put in brackets', async () => {
    const format_: SchemaNode = { type: 'string', enum: ['CSV', 'JSONLines'] };
    const text = await typesOf({
      type: 'object',
      properties: { one: format_, many: { type: 'array', items: format_ } },
    });
    assert.match(text, /readonly one\?: "CSV" \| "JSONLines";/);
    assert.match(text, /readonly many\?: readonly \("CSV" \| "JSONLines"\)\[\];/);
  });

  test('an object within becomes an interface named after its path, below the one that has it', async () => {
    const text = await typesOf(
      {
        type: 'object',
        properties: {
          projects: { type: 'array', items: { type: 'object', properties: { id: { type: 'string' } } } },
        },
      },
      {
        type: 'object',
        properties: { files: { type: 'object', properties: { found: { type: 'integer' } } } },
      },
    );
    assert.match(
      text,
      /readonly projects\?: readonly EventStoreProject\[\];\n\}\n+export interface EventStoreProject/,
    );
    assert.match(text, /readonly files\?: EventStoreStatusFiles;/);
    assert.match(text, /export interface EventStoreStatusFiles \{\n {2}readonly found\?: number;/);
  });

  test('free objects, maps, quantities and empty objects have types of their own', async () => {
    const text = await typesOf({
      type: 'object',
      properties: {
        free: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
        map: { type: 'object', additionalProperties: { type: 'string' } },
        empty: { type: 'object' },
        'ephemeral-storage': { 'x-kubernetes-int-or-string': true },
      },
    });
    assert.match(text, /readonly free\?: Readonly<Record<string, unknown>>;/);
    assert.match(text, /readonly map\?: Readonly<Record<string, string>>;/);
    assert.match(text, /readonly empty\?: Readonly<Record<string, never>>;/);
    assert.match(text, /readonly "ephemeral-storage"\?: number \| string;/);
  });

  test('a type that the generator does not know is refused with its path', () => {
    const spec: SchemaNode = {
      type: 'object',
      properties: { a: { type: 'object', properties: { b: { type: 'null' } } } },
    };
    assert.throws(() => renderTypes(definition(spec)), /EventStore a\.b: no TypeScript type for null/);
  });
});
