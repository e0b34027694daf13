import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { isDeepStrictEqual } from 'node:util';
import { compileRules } from '../../../../../cli/local/api/cel-rules.ts';
import type { Schema, ValidationRule } from '../../../../../cli/local/api/structural-schema.ts';
import { TerminalError } from '../../../../../lib/errors.ts';
import type { JsonObject } from '../../../../../lib/json.ts';

const numbered: Schema = { type: 'object', properties: { n: { type: 'integer' } } };

function schemaWith(...rules: readonly ValidationRule[]): Schema {
  return {
    type: 'object',
    properties: {
      spec: {
        type: 'object',
        properties: {
          name: { type: 'string' },
          count: { type: 'integer' },
          port: { 'x-kubernetes-int-or-string': true },
          namespace: { type: 'string' },
          'dashed-name': { type: 'string' },
          until: { type: 'string', format: 'date-time' },
          wait: { type: 'string', format: 'duration' },
          one: {
            type: 'object',
            properties: {
              a: { type: 'string' },
              deep: numbered,
              list: { type: 'array', items: numbered },
              map: { type: 'object', additionalProperties: numbered },
            },
          },
        },
        'x-kubernetes-validations': rules,
      },
    },
  };
}

function judge(rule: ValidationRule, spec: JsonObject, oldSpec?: JsonObject) {
  const rules = compileRules(schemaWith(rule), 'Thing');
  return rules
    .validate({ value: { spec }, path: '', old: oldSpec === undefined ? undefined : { spec: oldSpec } })
    .map(({ field, message }) => `${field}: ${message}`);
}

suite('rules of a schema', () => {
  const holding: readonly (readonly [string, JsonObject])[] = [
    ['self.count + 1 == 4', { count: 3 }],
    ['self.__namespace__ == "a" && self.dashed__dash__name == "b"', { namespace: 'a', 'dashed-name': 'b' }],
    ['type(self.port) == int ? self.port > 1 : self.port == "http"', { port: 'http' }],
    ['type(self.port) == int ? self.port > 1 : self.port == "http"', { port: 80 }],
    ['self.until > timestamp("2026-01-01T00:00:00Z")', { until: '2026-11-23T18:00:00Z' }],
    ['self.wait > duration("1m")', { wait: '2m' }],
    ['!has(self.name)', { name: null }],
  ];
  for (const [rule, spec] of holding) {
    test(`the rule ${rule} holds of ${JSON.stringify(spec)}`, () => {
      assert.deepEqual(judge({ rule }, spec), []);
    });
  }

  test('a rule that is not understood is refused when it is compiled, by its text and place', () => {
    const rules: readonly string[] = [
      'self.nothing == 1',
      'url(self.name).getHost() == "a"',
      'self.count',
      'self.',
    ];
    for (const rule of rules) {
      assert.throws(
        () => compileRules(schemaWith({ rule }), 'Thing'),
        (error: unknown) =>
          error instanceof TerminalError &&
          error.message.includes(JSON.stringify(rule)) &&
          error.message.includes('of Thing at spec'),
        rule,
      );
    }
  });

  test('a rule of the old value runs on a change alone', () => {
    const rule = { rule: 'self.name == oldSelf.name', message: 'fixed' };
    assert.deepEqual(judge(rule, { name: 'a' }), []);
    assert.deepEqual(judge(rule, { name: 'b' }, { name: 'a' }), ['spec: Invalid value: fixed']);
  });

  const structs: readonly (readonly [JsonObject, JsonObject])[] = [
    [{ a: 'x' }, { a: 'x' }],
    [{ a: 'x' }, { a: 'y' }],
    [{ a: 'x' }, {}],
    [{ deep: { n: 1 } }, { deep: { n: 2 } }],
    [{ list: [{ n: 1 }] }, { list: [{ n: 1 }] }],
    [{ list: [{ n: 1 }] }, { list: [{ n: 2 }] }],
    [{ map: { k: { n: 1 } } }, { map: { k: { n: 1 } } }],
    [{ map: { k: { n: 1 } } }, { map: { k: { n: 2 } } }],
  ];
  for (const [now, old] of structs) {
    const isSame = isDeepStrictEqual(now, old);
    const texts = [JSON.stringify(now), JSON.stringify(old)] as const;
    test(`to a rule, ${texts[0]} ${isSame ? 'is' : 'is not'} ${texts[1]}`, () => {
      const [before, after] = [
        { name: 'a', one: old },
        { name: 'b', one: now },
      ];
      assert.equal(judge({ rule: 'self.one == oldSelf.one' }, after, before).length, isSame ? 0 : 1);
      assert.equal(judge({ rule: 'self.one != oldSelf.one' }, after, before).length, isSame ? 1 : 0);
      const lists = { rule: '[self.one] == [oldSelf.one]' };
      assert.equal(judge(lists, after, before).length, isSame ? 0 : 1);
    });
  }

  test('a rule with an optional old value runs on a create too', () => {
    const rule = { rule: 'oldSelf.hasValue() || self.name == "first"', optionalOldSelf: true };
    assert.deepEqual(judge(rule, { name: 'first' }), []);
    assert.equal(judge(rule, { name: 'other' }).length, 1);
    assert.deepEqual(judge(rule, { name: 'other' }, { name: 'first' }), []);
  });

  test('what was stored and does not change is not judged again', () => {
    const rule = { rule: 'self.count < 3' };
    assert.deepEqual(judge(rule, { count: 5 }, { count: 5 }), []);
    assert.equal(judge(rule, { count: 6 }, { count: 5 }).length, 1);
  });

  test('a message may be an expression, and falls back to the text when that fails', () => {
    const rule = { rule: 'self.count < 3', message: 'too many', messageExpression: '"not " + self.name' };
    assert.deepEqual(judge(rule, { count: 5, name: 'five' }), ['spec: Invalid value: not five']);
    assert.deepEqual(judge(rule, { count: 5 }), ['spec: Invalid value: too many']);
    assert.deepEqual(judge({ rule: 'self.count < 3' }, { count: 5 }), [
      'spec: Invalid value: failed rule: self.count < 3',
    ]);
  });

  test('a rule that reads an absent field fails with that, and does not throw', () => {
    assert.deepEqual(judge({ rule: 'self.name == "a"' }, {}), [
      'spec: Invalid value: No such key: name evaluating rule: self.name == "a"',
    ]);
  });
});
