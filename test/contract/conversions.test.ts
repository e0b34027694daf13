import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { JsonObject, JsonValue } from '../../lib/json.ts';
import type { Conversion, ConversionKind, Outcome, RowOrigin } from '../../worker/conversions/conversion.ts';
import { conversions } from '../../worker/conversions/registry.ts';
import { jsonValues, records } from '../support/converters.ts';

/** What every conversion must hold, over one configuration that fits many records and records of all kinds. */
interface Sample {
  readonly configuration: JsonObject;
  /** Becomes an event, and has no id of its own for it. */
  readonly record: JsonObject;
}

const samples: Readonly<Record<keyof typeof conversions, Sample>> = {
  amplitude: {
    configuration: {
      convertToAmplitudeFunc: {
        event_type: ['any', 'a', ['value', 'seen']],
        user_id: ['concat', ['value', 'user-'], ['any', 'b', ['value', 'x']]],
        time: ['any', ['iso_time_to_ms', 'c'], ['ms_time_now']],
        event_properties: ['path'],
        user_properties: 'x.y',
        groups: '$set',
      },
    },
    record: { a: 'buy', b: '1', c: '2024-05-01T00:00:00Z' },
  },
};

const origin: RowOrigin = { bucket: 'lake', key: 'web/a.json', version: 'v1', row: 1 };

for (const [name, kind] of Object.entries(conversions) as [keyof typeof conversions, ConversionKind][]) {
  const { configuration, record } = samples[name];

  test(`[I-01] the conversion ${name} makes an event of its sample`, () => {
    assert.equal(open(kind, configuration).convert(record, origin).kind, 'event');
  });

  test(`[I-01] [I-31] the conversion ${name} gives an outcome for any JSON, and never throws`, () => {
    const conversion = open(kind, configuration);
    const kinds = new Set<string>();
    fc.assert(
      fc.property(fc.oneof(records, jsonValues), (any) => {
        const outcome = conversion.convert(any, origin);
        kinds.add(outcome.kind);
        assertShape(outcome);
      }),
      { numRuns: 2000 },
    );
    assert.deepEqual([...kinds].toSorted(), ['event', 'reject']);
  });

  test(`[I-50] the conversion ${name} gives the same for the same record, whatever came between`, () => {
    const conversion = open(kind, configuration);
    fc.assert(
      fc.property(records, records, (one, other) => {
        const first = conversion.convert(one, origin);
        conversion.convert(other, { ...origin, row: 2 });
        assert.deepEqual(conversion.convert(one, origin), first);
        assert.deepEqual(open(kind, configuration).convert(one, origin), first);
      }),
    );
  });

  test(`[I-50] the conversion ${name} gives a row the same insert_id each time, and another row another`, () => {
    const conversion = open(kind, configuration);
    const idOf = (at: RowOrigin): string | undefined => {
      const outcome = conversion.convert(record, at);
      return outcome.kind === 'event' ? outcome.event.insertId : undefined;
    };
    fc.assert(
      fc.property(fc.nat(), fc.nat(), fc.string(), (row, otherRow, key) => {
        const here = { ...origin, key, row };
        assert.equal(idOf(here), idOf(here));
        assert.equal(idOf(here) === idOf({ ...here, row: otherRow }), row === otherRow);
      }),
    );
  });

  test(`[I-35] the conversion ${name} opens any JSON object as configuration, or tells what is wrong with it`, () => {
    fc.assert(
      fc.property(records, (any) => {
        const opened = kind.open(any, { clock: { now: () => 1 } });
        if (opened.kind === 'opened') return;
        assert.ok(opened.errors.length > 0);
        for (const { message } of opened.errors) assert.ok(message.length > 0);
      }),
    );
  });

  test(`[I-01] the conversion ${name} leaves the record as it was`, () => {
    const conversion = open(kind, configuration);
    fc.assert(
      fc.property(records, (any) => {
        const before = JSON.stringify(any);
        conversion.convert(any, origin);
        assert.equal(JSON.stringify(any), before);
      }),
    );
  });
}

function open(kind: ConversionKind, configuration: JsonObject): Conversion {
  const opened = kind.open(configuration, { clock: { now: () => 1_700_000_000_000 } });
  if (opened.kind === 'opened') return opened.conversion;
  throw new Error(JSON.stringify(opened.errors));
}

function assertShape(outcome: Outcome): void {
  if (outcome.kind !== 'event') {
    assert.ok(outcome.reason.length > 0 && outcome.reason.length < 1000, outcome.reason);
    return;
  }
  const { event } = outcome;
  const body: JsonValue = event.body;
  assert.equal(body['event_type'], event.eventType);
  assert.equal(body['insert_id'], event.insertId);
  assert.ok(event.insertId.length > 0);
  assert.ok(event.kind === 'groupidentify' || (event.userId ?? event.deviceId) !== undefined);
  assert.ok(event.time === undefined || Number.isSafeInteger(event.time));
}
