import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { compileConverter } from '../../../../lib/converter/compile-converter.ts';
import type { JsonObject, JsonValue } from '../../../../lib/json.ts';
import { converterOf, jsonValues, records, sources } from '../../../support/converters.ts';

const at = { now: 1_700_000_000_000 };

test('[I-31] [I-32] [I-33] [I-34] no converter that compiles throws on any record', () => {
  let compiledOnes = 0;
  fc.assert(
    fc.property(sources, fc.oneof(records, jsonValues), (source, record) => {
      const compiled = compileConverter({ convertToAmplitudeFunc: { result: source } });
      if (compiled.kind === 'invalid') return;
      compiledOnes += 1;
      const converted = compiled.converter.convert(record, at);
      assert.ok(converted.kind === 'output' || converted.kind === 'reject');
    }),
    { numRuns: 3000 },
  );
  assert.ok(compiledOnes > 500, `${compiledOnes} of the converters compiled`);
});

test('[I-31] a converter gives the same for the same record, and leaves the record as it was', () => {
  fc.assert(
    fc.property(sources, records, (source, record) => {
      const compiled = compileConverter({ convertToAmplitudeFunc: { result: source } });
      if (compiled.kind === 'invalid') return;
      const before = JSON.stringify(record);
      const first = compiled.converter.convert(record, at);
      assert.deepEqual(compiled.converter.convert(record, at), first);
      assert.equal(JSON.stringify(record), before);
    }),
    { numRuns: 1000 },
  );
});

test('[I-35] any JSON as a document compiles or tells its errors, each with path and message', () => {
  const documents = fc.oneof(
    jsonValues,
    fc.record({ convertToAmplitudeFunc: jsonValues, ignoreEventFlag: jsonValues }, { requiredKeys: [] }),
    fc.record(
      { config_name: jsonValues, converterConfig: jsonValues, keyValidatorConfig: jsonValues },
      { requiredKeys: ['converterConfig'] },
    ),
    fc.record({ convertToAmplitudeFunc: fc.record({ a: fc.oneof(sources, jsonValues) }) }),
  ) as fc.Arbitrary<JsonValue>;
  fc.assert(
    fc.property(documents, (document) => {
      const compiled = compileConverter(document);
      if (compiled.kind === 'compiled') return;
      assert.ok(compiled.errors.length > 0);
      for (const { path, message } of compiled.errors) {
        assert.equal(typeof path, 'string');
        assert.ok(message.length > 0 && message.length < 1000, message);
      }
    }),
    { numRuns: 2000 },
  );
});

test('[I-31] a JSON object means the same as dict with its keys', () => {
  fc.assert(
    fc.property(
      fc.dictionary(fc.string(), sources, { minKeys: 1, maxKeys: 4 }),
      records,
      (fields, record) => {
        const written = compileConverter({ convertToAmplitudeFunc: { result: fields } });
        const list = ['dict', ...Object.entries(fields).flat()];
        const listed = compileConverter({ convertToAmplitudeFunc: { result: list } });
        assert.equal(written.kind, listed.kind);
        if (written.kind === 'invalid' || listed.kind === 'invalid') return;
        assert.deepEqual(written.converter.convert(record, at), listed.converter.convert(record, at));
      },
    ),
    { numRuns: 1000 },
  );
});

test('[I-31] no converter and no record changes what objects inherit', () => {
  const before = Object.getOwnPropertyNames(Object.prototype);
  fc.assert(
    fc.property(sources, records, (source, record) => {
      const compiled = compileConverter({ convertToAmplitudeFunc: { result: source } });
      if (compiled.kind === 'invalid') return;
      const converted = compiled.converter.convert(record, at);
      if (converted.kind === 'output') assertPlain(converted.output);
      assert.deepEqual(Object.getOwnPropertyNames(Object.prototype), before);
      assert.equal(({} as JsonObject)['x'], undefined);
    }),
    { numRuns: 1000 },
  );
});

function assertPlain(value: JsonValue): void {
  if (typeof value !== 'object' || value === null) return;
  const prototype: unknown = Object.getPrototypeOf(value);
  assert.ok(prototype === Object.prototype || prototype === Array.prototype, 'an object inherits from data');
  for (const item of Object.values(value)) assertPlain(item);
}

test('[I-31] a key called __proto__ passes through every operator that copies objects', () => {
  const record = JSON.parse('{"a": {"__proto__": {"x": 1}, "k": {"__proto__": 2}}}') as JsonObject;
  for (const source of [
    ['merge_dicts', 'a'],
    ['exclude_keys', 'a', 'k'],
    ['flatten_dict', '.', ['int', 1], 'a'],
    ['dict', '__proto__', ['path', 'a', '__proto__']],
    ['value', JSON.parse('{"__proto__": {"x": 1}}') as JsonValue],
    JSON.parse('{"__proto__": ["path", "a", "__proto__"]}') as JsonValue,
  ]) {
    const converted = converterOf(source).convert(record, at);
    const result = converted.kind === 'output' ? (converted.output['result'] as JsonObject) : {};
    assert.deepEqual(
      Object.getOwnPropertyDescriptor(result, '__proto__')?.value,
      { x: 1 },
      JSON.stringify(source),
    );
    assert.equal(result['x'], undefined);
  }
});

test('[I-32] a pattern that backtracking engines choke on costs no more than the text is long', () => {
  const evil = converterOf(['replace_with', '(a*)*c|(a|a)*d', '-', 's']);
  const started = performance.now();
  const converted = evil.convert({ s: 'a'.repeat(100_000) + 'cd' }, at);
  assert.equal(converted.kind, 'output');
  assert.ok(performance.now() - started < 60_000);
});

test('[I-32] a converter that would make a terabyte of a word is stopped, and says so', () => {
  let source: JsonValue = 's';
  for (let step = 0; step < 40; step++) source = ['replace_with', '', '0123456789', source];
  const converted = converterOf(source).convert({ s: 'word' }, at);
  assert.equal(converted.kind, 'reject');
  assert.match(
    converted.kind === 'reject' ? converted.reason : '',
    /^converting this record takes too much work/,
  );

  const long = converterOf(['replace_with', '', 'r'.repeat(5000), 's']);
  assert.equal(long.convert({ s: 'x'.repeat(10_000) }, at).kind, 'reject');

  let doubled: JsonValue = 's';
  for (let step = 0; step < 12; step++) doubled = ['concat', doubled, doubled];
  assert.equal(converterOf(doubled).convert({ s: 'x'.repeat(10_000) }, at).kind, 'reject');
});

test('[I-35] a converter that is too deep or too large does not load', () => {
  let deep: JsonValue = 'a';
  for (let level = 0; level < 5000; level++) deep = ['not', deep];
  assert.match(firstErrorOf(deep), /nested deeper than 64 levels/);
  assert.match(
    firstErrorOf(['array', ...Array.from({ length: 20_000 }, () => 'a')]),
    /more than 10000 parts/,
  );
  let literal: JsonValue = 1;
  for (let level = 0; level < 5000; level++) literal = [literal];
  assert.match(firstErrorOf(['value', literal]), /nested deeper than 64 levels/);
});

function firstErrorOf(source: JsonValue): string {
  const compiled = compileConverter({ convertToAmplitudeFunc: { source } });
  return compiled.kind === 'invalid' ? (compiled.errors[0]?.message ?? '') : '';
}

test('[I-35] of very many errors the first hundred are told', () => {
  const broken = Object.fromEntries(Array.from({ length: 500 }, (_, index) => [`f${index}`, ['oops']]));
  const compiled = compileConverter({ convertToAmplitudeFunc: broken });
  assert.equal(compiled.kind === 'invalid' ? compiled.errors.length : 0, 101);
});

test('[I-29] a whole document tells its name, file type, compression and pattern', () => {
  const compiled = compileConverter({
    config_name: ['Events'],
    converterConfig: {
      fileType: 'csv',
      compressionType: 'gzip',
      convertToAmplitudeFunc: { event_type: 'e' },
    },
    keyValidatorConfig: { filterPattern: '.*\\.csv\\.gz' },
  });
  assert.deepEqual(compiled.kind === 'compiled' && compiled.settings, {
    name: 'Events',
    fileType: 'csv',
    compressionType: 'gzip',
    filterPattern: '.*\\.csv\\.gz',
  });
});

test('[I-29] the short form says nothing of files', () => {
  const compiled = compileConverter({ convertToAmplitudeFunc: { event_type: 'e', time: 't' } });
  assert.deepEqual(compiled.kind === 'compiled' && [compiled.converter.fields, compiled.settings], [
    ['event_type', 'time'],
    { name: undefined, fileType: undefined, compressionType: undefined, filterPattern: undefined },
  ]);
});

test('[I-36] a flag of text true skips, and the flag is no field of the output', () => {
  const compiled = compileConverter({
    convertToAmplitudeFunc: { event_type: 'e', $ignore: 'i' },
    ignoreEventFlag: '$ignore',
  });
  assert.equal(compiled.kind, 'compiled');
  if (compiled.kind !== 'compiled') return;
  assert.deepEqual(compiled.converter.fields, ['event_type']);
  assert.equal(compiled.converter.convert({ e: 'x', i: 'true' }, at).kind, 'skip');
  assert.deepEqual(compiled.converter.convert({ e: 'x' }, at), {
    kind: 'output',
    output: { event_type: 'x' },
  });
});
