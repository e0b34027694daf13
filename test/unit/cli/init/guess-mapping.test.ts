import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { applyWishes, essentialsOf, readWish } from '../../../../cli/init/apply-maps.ts';
import { buildMapping, columnsOf, guessEssentials } from '../../../../cli/init/guess-mapping.ts';
import { UsageError } from '../../../../cli/command.ts';
import type { JsonObject } from '../../../../lib/json.ts';

function mappingOf(...records: readonly JsonObject[]) {
  const columns = columnsOf(records);
  return buildMapping(columns, guessEssentials(columns));
}

suite('a converter guessed from a sample', () => {
  test('[I-30] columns are found by their names however they are written, and the rest become properties', () => {
    const mapping = mappingOf({
      'Event Name': 'buy',
      userId: 'u',
      DEVICE_ID: 'd',
      Country: 'CH',
      price_tag: 3,
    });
    assert.deepEqual(mapping, {
      event_type: 'Event Name',
      user_id: 'userId',
      device_id: 'DEVICE_ID',
      country: 'Country',
      event_properties: { price_tag: 'price_tag' },
    });
  });

  test('[I-30] objects of properties are taken over as they are, with other columns beside', () => {
    const record = { event: 'buy', props: { a: 1 }, traits: { plan: 'pro' } };
    assert.deepEqual(mappingOf(record), {
      event_type: 'event',
      event_properties: 'props',
      user_properties: 'traits',
    });
    assert.deepEqual(mappingOf({ ...record, x: 1 })['event_properties'], [
      'merge_dicts',
      'props',
      { x: 'x' },
    ]);
  });

  test('[I-30] a text that is named as an object of properties is a property', () => {
    assert.deepEqual(mappingOf({ props: '{"a":1}' }), { event_properties: { props: 'props' } });
  });

  test('[I-30] an id that comes twice is no id of the event', () => {
    assert.equal(mappingOf({ id: 'a' }, { id: 'b' })['insert_id'], 'id');
    assert.equal(mappingOf({ id: 'a' }, { id: 'a' })['insert_id'], undefined);
  });

  const times: readonly (readonly [unknown: string | number, expression: unknown])[] = [
    [1_767_225_600_000, 'ts'],
    ['1767225600000', 'ts'],
    [1_767_225_600, ['multiply', 'ts', ['value', 1000]]],
    ['1767225600.5', ['multiply', 'ts', ['value', 1000]]],
    [1_767_225_600_000_000, ['divide', 'ts', ['value', 1000]]],
    ['2026-01-01T00:00:00+01:00', ['iso_time_to_ms', 'ts']],
    ['2026-01-01', ['iso_time_to_ms', 'ts']],
    ['1/31/2026 4:05', ['parse_time_to_ms', 'M/d/yyyy H:mm', 'ts']],
    ['31.01.2026 04:05:06', ['parse_time_to_ms', 'dd.MM.yyyy HH:mm:ss', 'ts']],
    ['some day', 'ts'],
  ];
  for (const [time, expression] of times) {
    test(`[I-30] a time such as ${String(time)} is converted to milliseconds, if it tells how`, () => {
      assert.deepEqual(mappingOf({ ts: time })['time'], expression);
    });
  }

  test('[I-30] blanks tell nothing, and a column of blanks is mapped all the same', () => {
    assert.deepEqual(mappingOf({ ts: '' }, { ts: null }, { ts: 1_767_225_600_000 })['time'], 'ts');
    assert.deepEqual(mappingOf({ ts: null })['time'], 'ts');
  });
});

suite('a mapping that a person gives', () => {
  const columns = columnsOf([{ a: 'x', b: 1_767_225_600, user: 'u', props: { p: 1 } }]);
  const build = (...texts: readonly string[]) => {
    const wishes = texts.map((text) => readWish(text, columns));
    return applyWishes(
      buildMapping(columns, { ...guessEssentials(columns), ...essentialsOf(wishes) }),
      wishes,
    );
  };

  test('[I-43] a field of the event is taken from the column that is named, with the conversion that it needs', () => {
    const { event_type, time, user_id } = build('event_type=a', 'time=b');
    assert.deepEqual([event_type, time, user_id], ['a', ['multiply', 'b', ['value', 1000]], 'user']);
  });

  test('[I-43] a field may be left out, be a property, or be an expression of the converter language', () => {
    const mapping = build(
      'user_id=',
      'platform=["value","web"]',
      'user_properties.tier=a',
      'event_properties.more=b',
    );
    assert.equal(mapping['user_id'], undefined);
    assert.deepEqual(mapping['platform'], ['value', 'web']);
    assert.deepEqual(mapping['user_properties'], { tier: 'a' });
    assert.deepEqual(mapping['event_properties'], [
      'merge_dicts',
      ['merge_dicts', 'props', { a: 'a', b: 'b', user: 'user' }],
      { more: 'b' },
    ]);
  });

  test('[I-43] what is no field, no column and no JSON is told with what is near', () => {
    const wrong: Readonly<Record<string, RegExp>> = {
      event_type: /must be FIELD=COLUMN/,
      'event_typ=a': /no field "event_typ"; did you mean .*event_type/,
      'event_type.x=a': /no field "event_type\.x"/,
      'user_id=usr': /no column "usr"; did you mean user\?/,
      'platform=["value",': /must be JSON of the converter language/,
    };
    for (const [text, message] of Object.entries(wrong)) {
      assert.throws(
        () => build(text),
        (error: unknown) => error instanceof UsageError && message.test(error.message),
        text,
      );
    }
  });
});
