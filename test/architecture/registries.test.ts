import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { compressions, conversions, destinations, formats } from '../../crds/names.ts';
import { codecs as workerCodecs } from '../../worker/codecs/registry.ts';
import { conversions as workerConversions } from '../../worker/conversions/registry.ts';
import { destinations as workerDestinations } from '../../worker/destinations/registry.ts';
import { formats as workerFormats } from '../../worker/formats/registry.ts';
import type { OptionsSchema } from '../../worker/formats/options.ts';
import { readDefinition, type SchemaNode } from '../../tools/generate/crd-schema.ts';

/** A node of the schema of S3ImportSource's spec, by its path. */
async function specNode(...path: readonly string[]): Promise<SchemaNode> {
  const { schema } = await readDefinition('S3ImportSource');
  const node = ['spec', ...path].reduce<SchemaNode | undefined>((at, name) => at?.properties?.[name], schema);
  assert.ok(node, path.join('.'));
  return node;
}

/** The members of a union: the fields of an object of which one is set. */
async function membersOf(...path: readonly string[]): Promise<readonly string[]> {
  return Object.keys((await specNode(...path)).properties ?? {});
}

suite('what the API offers is what the workers can do', () => {
  test('every file format of the API is in the registry of formats, and the reverse', async () => {
    const offered = (await specNode('files', 'format')).enum;
    assert.deepEqual(offered, formats);
    assert.deepEqual(Object.keys(workerFormats), formats);
  });

  test('every compression of the API is in the registry of codecs, and the reverse', async () => {
    const offered = (await specNode('files', 'compression')).enum;
    assert.deepEqual(offered, compressions);
    assert.deepEqual(['Auto', ...Object.keys(workerCodecs)], compressions);
  });

  test('every conversion of the API is in the registry of conversions, and the reverse', async () => {
    assert.deepEqual(await membersOf('conversion'), conversions);
    assert.deepEqual(Object.keys(workerConversions), conversions);
  });

  test('every destination of the API is in the registry of destinations, and the reverse', async () => {
    assert.deepEqual(await membersOf('destination'), destinations);
    assert.deepEqual(Object.keys(workerDestinations), destinations);
  });

  test('the options of a format in the API are those that the format takes, with the same defaults', async () => {
    const members = { csv: workerFormats.CSV.options, parquet: workerFormats.Parquet.options };
    for (const [member, options] of Object.entries<OptionsSchema>(members)) {
      const { properties = {} } = await specNode('files', member);
      assert.deepEqual(Object.keys(properties), Object.keys(options));
      for (const [name, option] of Object.entries(options)) {
        const node = properties[name];
        const preset = option.type === 'list' ? (node?.default ?? []) : node?.default;
        assert.deepEqual(preset, option.default, name);
      }
    }
    assert.deepEqual(Object.keys(workerFormats.JSONLines.options), []);
  });
});
