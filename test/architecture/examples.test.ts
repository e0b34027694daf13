import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { suite, test } from 'node:test';
import { parse, parseAllDocuments } from 'yaml';
import { compileConverter } from '../../lib/converter/compile-converter.ts';
import type { DocumentSettings } from '../../lib/converter/converter.ts';
import type { JsonValue } from '../../lib/json.ts';
import type { S3ImportSource } from '../../crds/generated/s3-import-source.ts';
import { findContradiction } from '../../operator/preflight/find-contradiction.ts';

const root = new URL('../../', import.meta.url);

interface ConfigMap {
  readonly kind: 'ConfigMap';
  readonly metadata: { readonly name: string };
  readonly data: Readonly<Record<string, string>>;
}

function settingsOf(document: JsonValue, where: string): DocumentSettings {
  const compiled = compileConverter(document);
  if (compiled.kind === 'invalid') assert.fail(`${where}: ${JSON.stringify(compiled.errors)}`);
  return compiled.settings;
}

suite('the examples', () => {
  test('every converter of the examples compiles, and fits the files of its source', async () => {
    const folder = new URL('examples/', root);
    let converters = 0;
    for (const file of await readdir(folder, { recursive: true })) {
      if (!file.endsWith('.yaml')) continue;
      const text = await readFile(new URL(file, folder), 'utf8');
      const objects = parseAllDocuments(text).map(
        (document) => document.toJS() as S3ImportSource | ConfigMap,
      );
      for (const object of objects) {
        if (object.kind !== 'S3ImportSource') continue;
        const amplitude = object.spec.conversion?.amplitude;
        const { configMapRef, ...inline } = amplitude ?? {};
        const map = objects.find(
          ({ kind, metadata }) => kind === 'ConfigMap' && metadata.name === configMapRef?.name,
        );
        const document =
          map?.kind === 'ConfigMap' ? (JSON.parse(map.data['converter.json'] ?? '') as JsonValue) : inline;
        const settings = settingsOf(document as JsonValue, file);
        const { files } = object.spec;
        assert.equal(findContradiction(files, settings), undefined, file);
        converters += 1;
      }
    }
    assert.ok(converters >= 2, `${converters} converters`);
  });

  test('every converter on the reference page of the language compiles', async () => {
    const page = await readFile(new URL('docs/reference/converter.md', root), 'utf8');
    const blocks = [...page.matchAll(/```(yaml|json)\n([^]*?)```/g)];
    assert.equal(blocks.length, 2);
    for (const [, language, text = ''] of blocks) {
      const value = parse(text) as JsonValue & { readonly conversion: { readonly amplitude: JsonValue } };
      settingsOf(language === 'json' ? value : value.conversion.amplitude, text);
    }
  });
});
