import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { JsonObject, JsonValue } from '../../../../lib/json.ts';
import { amplitude } from '../../../../worker/conversions/amplitude/amplitude.ts';
import { eventFields } from '../../../../worker/conversions/amplitude/fields.ts';
import { eventWith, outcomeOf, rejectWith, someOrigin } from '../../../support/amplitude.ts';
import { jsonValues } from '../../../support/converters.ts';

const deps = { clock: { now: () => 0 } };

test('[I-01] [I-44] a right event keeps what the data says, and gets its ids and time in the fields of their own', () => {
  const event = eventWith({ device_id: 'device-1', insert_id: 'i-1', city: 'Bern' });
  assert.deepEqual(event, {
    kind: 'event',
    body: {
      event_type: 'buy',
      insert_id: 'i-1',
      user_id: 'user-1',
      device_id: 'device-1',
      time: 1_645_066_434_189,
      city: 'Bern',
      $skip_user_properties_sync: true,
    },
    eventType: 'buy',
    userId: 'user-1',
    deviceId: 'device-1',
    insertId: 'i-1',
    time: 1_645_066_434_189,
  });
});

test('[I-44] an event lacks nothing that it cannot do without, or is rejected by the name of what it lacks', () => {
  for (const blank of [null, '']) {
    assert.equal(rejectWith({ event_type: blank })[0], 'event_type');
    assert.equal(rejectWith({ time: blank })[0], 'time');
    assert.deepEqual(rejectWith({ user_id: blank, device_id: blank }), [
      'user_id',
      'neither user_id nor device_id has a value: map one of the two',
    ]);
  }
});

test('[I-44] either id is enough', () => {
  assert.equal(eventWith({ device_id: null }).userId, 'user-1');
  assert.equal(eventWith({ user_id: null, device_id: 'device-1' }).deviceId, 'device-1');
});

test('[I-44] an id of less than five characters is left off, and an event without any other is rejected', () => {
  const event = eventWith({ user_id: 'john', device_id: 'device-1' });
  assert.equal(event.userId, undefined);
  assert.equal('user_id' in event.body, false);
  const [column, reason] = rejectWith({ user_id: 'john' });
  assert.equal(column, 'user_id');
  assert.match(reason, /^user_id "john" is shorter than 5 characters .* lengthen it/);
  assert.equal(rejectWith({ user_id: null, device_id: 'abcd' })[0], 'device_id');
});

test('[I-44] an id that stands for nobody is refused, in any case', () => {
  const nobody = [
    'anonymous',
    'nil',
    'none',
    'null',
    'n/a',
    'na',
    'undefined',
    'unknown',
    '{}',
    'lmy47d',
    '0',
    '-1',
  ];
  for (const id of [
    ...nobody,
    ...nobody.map((word) => word.toUpperCase()),
    '00000000-0000-0000-0000-000000000000',
  ]) {
    for (const column of ['user_id', 'device_id']) {
      const [told, reason] = rejectWith({ user_id: 'user-1', [column]: id });
      assert.equal(told, column);
      assert.ok(reason.includes('stands for nobody') && reason.includes('map null for it'), reason);
    }
  }
});

test('[I-44] a number is taken as an id while all its digits are there', () => {
  assert.equal(eventWith({ user_id: 1234567 }).userId, '1234567');
  const [column, reason] = rejectWith({ user_id: 2 ** 60 });
  assert.equal(column, 'user_id');
  assert.match(reason, /the last of which got lost: write it in quotes/);
});

test('[I-50] ids are never cut, since two cut ones may become one', () => {
  for (const column of ['user_id', 'device_id', 'insert_id']) {
    assert.equal(rejectWith({ [column]: 'x'.repeat(1025) })[0], column);
    assert.equal(eventWith({ [column]: 'x'.repeat(1024) }).body[column], 'x'.repeat(1024));
  }
});

test('[I-44] the time is milliseconds, as a number or in text', () => {
  for (const time of [1_645_066_434_189, '1645066434189', ' 1645066434189 ', 1_645_066_434_189.7]) {
    assert.equal(eventWith({ time }).time, 1_645_066_434_189);
  }
});

test('[I-44] a time of another unit or form is rejected with the operator that mends it', () => {
  for (const [time, cure] of [
    ['2022-02-17T02:53:54Z', 'iso_time_to_ms'],
    ['17/02/2022', 'parse_time_to_ms'],
    [1_645_066_434_189_000, 'divide'],
    [1e300, 'divide'],
    [0, 'the time of the event'],
    [-5, 'the time of the event'],
    [true, 'iso_time_to_ms'],
    [[1], 'iso_time_to_ms'],
  ] as const) {
    const [column, reason] = rejectWith({ time: time as JsonValue });
    assert.equal(column, 'time');
    assert.ok(reason.includes(cure), reason);
  }
});

test('[I-01] text is cut at 1024 characters at any depth, and never inside a character', () => {
  const long = 'y'.repeat(1023) + '😀z';
  const event = eventWith({ city: long, event_properties: { a: [long, { b: long }], c: 'short' } });
  const cut = 'y'.repeat(1023);
  assert.equal(event.body['city'], cut);
  assert.deepEqual(event.body['event_properties'], { a: [cut, { b: cut }], c: 'short' });
});

test('[I-26] [I-01] the text of a CSV file is taken for the type of its field, and an empty cell for nothing', () => {
  const event = eventWith({
    time: '1645066434189',
    session_id: '1645066400000',
    event_id: '12',
    price: '-9.5',
    quantity: '2',
    location_lat: '47.37',
    location_lng: '',
    $skip_user_properties_sync: 'False',
    insert_id: '',
    city: '',
    event_properties: '',
    groups: '',
    plan: '',
    language: '',
  });
  const { insert_id, ...body } = event.body;
  assert.ok(typeof insert_id === 'string' && /^[0-9a-f]{32}$/.test(insert_id));
  assert.deepEqual(body, {
    event_type: 'buy',
    user_id: 'user-1',
    time: 1_645_066_434_189,
    location_lat: 47.37,
    event_id: 12,
    session_id: 1_645_066_400_000,
    price: -9.5,
    quantity: 2,
    $skip_user_properties_sync: false,
  });
});

for (const [column, value, says] of [
  ['price', 'CHF 5', 'is no number'],
  ['revenue', [1], 'is no number'],
  ['quantity', '1.5', 'is no whole number'],
  ['session_id', '99999999999999999999', 'is no whole number'],
  ['location_lat', true, 'is no number'],
  ['$skip_user_properties_sync', 'yes', 'is neither true nor false'],
  ['paying', 1, 'is neither true nor false'],
  ['event_type', { a: 1 }, 'is an object and must be text'],
  ['city', ['Bern'], 'is a list and must be text'],
  ['language', 5, 'is no text'],
  ['plan', 'main', 'must be an object'],
  ['event_properties', '{"a":1}', 'map ["parse_json_object", "field"]'],
  ['event_properties', ['a'], 'must be an object'],
  ['groups', 'acme', 'must be an object'],
  ['event_type', '[Amplitude] Start Session', 'keeps for events of its own'],
] as const) {
  test(`[I-44] ${column} of ${JSON.stringify(value)} is rejected by name, value and cure`, () => {
    const [told, reason] = rejectWith({ [column]: value as JsonValue });
    assert.equal(told, column);
    assert.ok(reason.startsWith(`${column} `) && reason.includes(says), reason);
    assert.match(reason, /map|write/);
  });
}

test('[I-44] what a reason shows of a value is cut', () => {
  const [, reason] = rejectWith({ time: 'x'.repeat(100_000) });
  assert.ok(reason.length < 400, String(reason.length));
});

test('[I-45] fields that an event does not have are ignored, and a warning tells who maps one', () => {
  const event = eventWith({ color: 'red', constructor: 'x', toString: 'y' });
  for (const name of ['color', 'constructor', 'toString'])
    assert.equal(Object.hasOwn(event.body, name), false);
  const opened = amplitude.open(
    { converterConfig: { convertToAmplitudeFunc: { event_type: 'e', evnt_id: 'i', color: 'c' } } },
    deps,
  );
  assert.deepEqual(opened.kind === 'opened' && opened.warnings, [
    {
      path: 'converterConfig.convertToAmplitudeFunc.evnt_id',
      message:
        'an event has no field "evnt_id", and it is ignored: if "event_id" is meant, write that, else map it under event_properties',
    },
    {
      path: 'converterConfig.convertToAmplitudeFunc.color',
      message: 'an event has no field "color", and it is ignored: map it under event_properties',
    },
  ]);
});

test('[I-45] columns of a record that no field maps are ignored', () => {
  const opened = amplitude.open(
    { convertToAmplitudeFunc: { event_type: 'e', user_id: 'u', time: 't' } },
    deps,
  );
  const record = { e: 'buy', u: 'user-1', t: 1, city: 'Bern', price: 5 };
  const outcome = opened.kind === 'opened' ? opened.conversion.convert(record, someOrigin) : opened;
  const body = outcome.kind === 'event' ? Object.keys(outcome.event.body) : [];
  assert.deepEqual(body, ['event_type', 'insert_id', 'user_id', 'time', '$skip_user_properties_sync']);
});

test('[I-01] properties keep forty levels and no more', () => {
  const nested = (levels: number): JsonObject => {
    let object: JsonObject = { end: 1 };
    for (let level = 1; level < levels; level++) object = { a: object };
    return object;
  };
  assert.deepEqual(eventWith({ event_properties: nested(40) }).body['event_properties'], nested(40));
  const [column, reason] = rejectWith({ event_properties: nested(41) });
  assert.equal(column, 'event_properties');
  assert.match(reason, /nested deeper than 40 levels/);
  assert.equal(rejectWith({ event_properties: nested(5000) })[0], 'event_properties');
});

test('[I-01] an event of more than a million characters is rejected', () => {
  const many = Object.fromEntries(
    Array.from({ length: 1200 }, (_, index) => [`p${index}`, 'x'.repeat(1000)]),
  );
  const [column, reason] = rejectWith({ event_properties: many });
  assert.equal(column, 'event_properties');
  assert.match(reason, /larger than 1048576 characters/);
});

test('[I-01] the record stays as it was when its text is cut', () => {
  const properties = { a: 'z'.repeat(2000) };
  eventWith({ event_properties: properties });
  assert.equal(properties.a.length, 2000);
});

test('[I-01] a property called __proto__ is a property like any other', () => {
  const properties = JSON.parse(`{"__proto__": {"x": "${'z'.repeat(2000)}"}}`) as JsonObject;
  const kept = eventWith({ event_properties: properties }).body['event_properties'] as JsonObject;
  assert.deepEqual(Object.getOwnPropertyDescriptor(kept, '__proto__')?.value, { x: 'z'.repeat(1024) });
  assert.equal(kept['x'], undefined);
});

test('[I-01] of groups five types and ten names are tracked, as text', () => {
  const groups = { a: ['1', '2'], b: 3, c: true, d: null, e: ['', 'x'], f: 'y', g: 'z' };
  assert.deepEqual(eventWith({ groups }).body['groups'], {
    a: ['1', '2'],
    b: '3',
    c: 'true',
    e: ['x'],
    f: 'y',
  });
  const many = { a: Array.from({ length: 8 }, (_, index) => `n${index}`), b: ['x', 'y', 'z'], c: 'w' };
  assert.deepEqual(eventWith({ groups: many }).body['groups'], { a: many.a, b: ['x', 'y'] });
  assert.equal('groups' in eventWith({ groups: {} }).body, false);
  assert.deepEqual(rejectWith({ groups: { org: { id: 1 } } })[0], 'groups.org');
});

test('[I-01] group properties of an event that is no Group Identify are left off', () => {
  assert.equal('group_properties' in eventWith({ group_properties: { org: { a: 1 } } }).body, false);
});

test('[I-01] a price brings the quantity 1, and price times quantity is the revenue when all three are told', () => {
  assert.deepEqual(revenueOf({ price: 5 }), { price: 5, quantity: 1 });
  assert.deepEqual(revenueOf({ price: 5, quantity: 3 }), { price: 5, quantity: 3 });
  assert.deepEqual(revenueOf({ price: 5, quantity: 3, revenue: 100 }), {
    price: 5,
    quantity: 3,
    revenue: 15,
  });
  assert.deepEqual(revenueOf({ price: 5, revenue: 100 }), { price: 5, quantity: 1, revenue: 5 });
  assert.deepEqual(revenueOf({ revenue: -7 }), { revenue: -7 });
});

test('[I-01] what describes a purchase stays only on one', () => {
  const purchase = { productId: 'p-1', revenueType: 'refund', currency: 'usd' };
  assert.deepEqual(revenueOf({ ...purchase, revenue: 1 }), { ...purchase, currency: 'USD', revenue: 1 });
  assert.deepEqual(revenueOf(purchase), {});
  assert.equal(rejectWith({ revenue: 1, currency: 'dollars' })[0], 'currency');
});

function revenueOf(changes: JsonObject): JsonObject {
  const { body } = eventWith(changes);
  const names = ['price', 'quantity', 'revenue', 'productId', 'revenueType', 'currency'];
  return Object.fromEntries(names.filter((name) => name in body).map((name) => [name, body[name] ?? null]));
}

test('[I-01] of a tracking plan its branch, source and version stay', () => {
  const plan = { branch: 'main', source: 'web', version: 15, other: 'x' };
  assert.deepEqual(eventWith({ plan }).body['plan'], { branch: 'main', source: 'web', version: '15' });
  assert.equal('plan' in eventWith({ plan: { other: 'x' } }).body, false);
});

test('[I-01] a language tag becomes the name of its language', () => {
  for (const [told, kept] of [
    ['en-US', 'English'],
    ['DE_ch', 'German'],
    ['zh-Hant-TW', 'Chinese'],
    ['fr', 'French'],
    ['German', 'German'],
    ['zz', 'zz'],
    ['x'.repeat(2000), 'x'.repeat(1024)],
  ] as const) {
    assert.equal(eventWith({ language: told }).body['language'], kept);
  }
});

test('[I-01] the address $remote is left off, since an import has no uploader', () => {
  assert.equal('ip' in eventWith({ ip: '$remote' }).body, false);
  assert.equal(eventWith({ ip: '192.0.2.1' }).body['ip'], '192.0.2.1');
});

test('[I-37] user properties are not synced unless the data says false', () => {
  for (const [told, kept] of [
    [null, true],
    ['', true],
    [true, true],
    ['TRUE', true],
    [false, false],
    ['false', false],
  ] as const) {
    assert.equal(eventWith({ $skip_user_properties_sync: told }).body['$skip_user_properties_sync'], kept);
  }
});

test('[I-02] [I-38] an Identify needs no time, and has its operations as they are', () => {
  const operations = {
    $set: { plan: 'gold' },
    $setOnce: { first: 1 },
    $add: { visits: '2' },
    $append: { seen: 'a' },
    $prepend: { seen: ['b'] },
    $unset: { old: '-' },
    $preInsert: { tags: 'x' },
    $postInsert: { tags: ['y'] },
    $remove: { tags: 'z' },
  };
  const event = eventWith({ event_type: '$identify', time: null, user_properties: operations });
  assert.equal(event.kind, 'identify');
  assert.equal(event.time, undefined);
  assert.deepEqual(event.body['user_properties'], { ...operations, $add: { visits: 2 } });
});

test('[I-02] [I-39] an Identify may have plain properties instead', () => {
  const event = eventWith({ event_type: '$identify', user_properties: { plan: 'gold' } });
  assert.deepEqual(event.body['user_properties'], { plan: 'gold' });
});

for (const [what, properties, column, says] of [
  [
    'mixes an operator with plain properties',
    { $append: { a: 1 }, plan: 'paid' },
    '.plan',
    'put it under "$set"',
  ],
  ['has an operator that there is not', { $increment: { a: 1 } }, '.$increment', '$set, $setOnce, $add'],
  ['has an operator without properties', { $set: 'gold' }, '.$set', 'must be an object of properties'],
  ['adds what is no number', { $add: { a: 'two' } }, '.$add.a', 'cannot be added'],
] as const) {
  test(`[I-39] an Identify that ${what} is rejected`, () => {
    const [told, reason] = rejectWith({ event_type: '$identify', user_properties: properties });
    assert.equal(told, `user_properties${column}`);
    assert.ok(reason.includes(says), reason);
  });
}

test('[I-39] operations on the event of another type are rejected', () => {
  const [column, reason] = rejectWith({ user_properties: { $set: { plan: 'gold' } } });
  assert.equal(column, 'user_properties.$set');
  assert.match(reason, /map event_type to \["value", "\$identify"\]/);
});

test('[I-02] [I-44] an Identify without an id is rejected', () => {
  assert.equal(rejectWith({ event_type: '$identify', user_id: null })[0], 'user_id');
});

test('[I-03] [I-38] a Group Identify needs its groups and their properties, but no user and no time', () => {
  const changes = { event_type: '$groupidentify', user_id: null, time: null };
  const event = eventWith({ ...changes, groups: { org: 'acme' }, group_properties: { $add: { seats: 1 } } });
  assert.equal(event.kind, 'groupidentify');
  assert.equal(event.userId, undefined);
  assert.deepEqual(event.body['groups'], { org: 'acme' });
  assert.deepEqual(event.body['group_properties'], { $add: { seats: 1 } });
  assert.equal(rejectWith({ ...changes, group_properties: { a: 1 } })[0], 'groups');
  assert.equal(rejectWith({ ...changes, groups: { org: 'acme' } })[0], 'group_properties');
});

test('[I-03] a Group Identify has six operators', () => {
  const changes = { event_type: '$groupidentify', groups: { org: 'acme' } };
  for (const operator of ['$preInsert', '$postInsert', '$remove']) {
    const [column] = rejectWith({ ...changes, group_properties: { [operator]: { a: 1 } } });
    assert.equal(column, `group_properties.${operator}`);
  }
});

test('[I-36] a skipped record is no reject', () => {
  const opened = amplitude.open(
    {
      convertToAmplitudeFunc: { event_type: 'e', $ignore: ['eq', 'e', ['value', 'ping']] },
      ignoreEventFlag: '$ignore',
    },
    deps,
  );
  const outcome = opened.kind === 'opened' ? opened.conversion.convert({ e: 'ping' }, someOrigin) : opened;
  assert.deepEqual(outcome, { kind: 'skip', reason: 'ignoreEventFlag: "$ignore" is true for this record' });
});

test('[I-50] the data’s own insert_id stays, a number as text', () => {
  assert.equal(eventWith({ insert_id: 42 }).insertId, '42');
});

test('[I-50] a derived insert_id hangs on bucket, key, version and row alone', () => {
  const { insertId } = eventWith({});
  assert.match(insertId, /^[0-9a-f]{32}$/);
  assert.equal(eventWith({ event_type: 'other', city: 'Bern' }).insertId, insertId);
  const others = [
    { bucket: 'lakew' },
    { key: 'eb/a.json' },
    { bucket: 'lakeweb/', key: 'a.json' },
    { version: '"e2"' },
    { row: 2 },
    { version: '"e1"1', row: 0 },
  ].map((change) => eventWith({}, { ...someOrigin, ...change }).insertId);
  assert.equal(new Set([insertId, ...others]).size, others.length + 1);
});

test('[I-44] whatever an event’s fields are, it is an event with its ids or a reject with its reason', () => {
  const fields = fc.record(
    Object.fromEntries(eventFields.map((name) => [name, jsonValues])) as Record<
      string,
      fc.Arbitrary<JsonValue>
    >,
    { requiredKeys: [] },
  );
  const likely = fc.record({
    event_type: fc.constantFrom('buy', '$identify', '$groupidentify'),
    user_id: fc.constantFrom('user-1', 'anonymous', ''),
    time: fc.constantFrom<JsonValue>(1, '2', null),
  });
  fc.assert(
    fc.property(fields, likely, (some, most) => {
      const outcome = outcomeOf({ ...some, ...most });
      if (outcome.kind === 'reject') {
        assert.ok(outcome.reason.length > 10 && outcome.reason.length < 1000, outcome.reason);
        return;
      }
      assert.equal(outcome.kind, 'event');
      if (outcome.kind !== 'event') return;
      const { event } = outcome;
      assert.ok(event.kind === 'groupidentify' || (event.userId ?? event.deviceId) !== undefined);
      assert.equal(event.body['insert_id'], event.insertId);
      assert.equal(typeof event.body['$skip_user_properties_sync'], 'boolean');
      for (const name of Object.keys(event.body)) assert.ok(eventFields.includes(name), name);
    }),
    { numRuns: 2000 },
  );
});
