import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { kindNames } from '../../crds/names.ts';
import { readDefinition, type SchemaNode } from '../../tools/generate/crd-schema.ts';
import { crdCases } from '../support/crd-cases.ts';

/** Every node of the schemas with its path; items and values of maps too. */
async function everyNode(): Promise<readonly (readonly [string, SchemaNode])[]> {
  const definitions = await Promise.all(kindNames.map(readDefinition));
  return definitions.flatMap(({ kind, schema }) => nodesOf(kind, schema));
}

function nodesOf(path: string, node: SchemaNode): readonly (readonly [string, SchemaNode])[] {
  return [
    [path, node],
    ...Object.entries(node.properties ?? {}).flatMap(([name, child]) => nodesOf(`${path}.${name}`, child)),
    ...(node.items === undefined ? [] : nodesOf(`${path}[]`, node.items)),
    ...(node.additionalProperties === undefined ? [] : nodesOf(`${path}{}`, node.additionalProperties)),
  ];
}

suite('the schemas of the resources', () => {
  test('every field of the API is described in whole sentences', async () => {
    for (const [path, node] of await everyNode()) {
      if (path.endsWith('{}')) continue;
      assert.match(node.description ?? '', /^[A-Z'"`][^]*\.$/, path);
    }
  });

  test('every string, list and map of the API has a limit', async () => {
    for (const [path, node] of await everyNode()) {
      if (node.type === 'string' && node.enum === undefined && node.format !== 'date-time') {
        assert.ok(node.maxLength !== undefined, `${path} has no maxLength`);
      }
      if (node.type === 'array') assert.ok(node.maxItems !== undefined, `${path} has no maxItems`);
      if (node.additionalProperties !== undefined || node['x-kubernetes-preserve-unknown-fields'] === true) {
        assert.ok(node.maxProperties !== undefined, `${path} has no maxProperties`);
      }
    }
  });

  test('every list of the API says how it merges', async () => {
    for (const [path, node] of await everyNode()) {
      if (node.type === 'array')
        assert.match(String(node['x-kubernetes-list-type']), /^(map|atomic|set)$/, path);
    }
  });

  test('every rule of the schemas has a case that it refuses', async () => {
    const messages = crdCases.flatMap(({ expect }) => (expect.kind === 'refused' ? [expect.message] : []));
    for (const [path, node] of await everyNode()) {
      for (const { message } of node['x-kubernetes-validations'] ?? []) {
        assert.ok(
          messages.some((part) => message.includes(part)),
          `${path}: no case is refused with "${message}"`,
        );
      }
    }
  });

  test('the names of the cases of the API are all different', () => {
    const names = crdCases.map(({ name }) => name);
    assert.deepEqual(names.toSorted(), [...new Set(names)].toSorted());
  });
});
