import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { JsonObject } from '../../lib/json.ts';
import { conversions } from '../../worker/conversions/registry.ts';
import { jsonValues, records, sources } from '../support/converters.ts';
import { fuzzParameters } from '../support/fuzz.ts';

const clock = { now: () => 1_767_225_600_000 };
const origin = { bucket: 'b', key: 'k', version: 'v', row: 1 };

/** Fields that are checked in ways of their own, and others. */
const fields = fc.constantFrom(
  'event_type',
  'user_id',
  'device_id',
  'time',
  'insert_id',
  'event_properties',
  'user_properties',
  'groups',
  'group_properties',
  'revenue',
  'price',
  'quantity',
  'platform',
  'session_id',
  'ip',
  '$skip_user_properties_sync',
  '__proto__',
);

const documents: fc.Arbitrary<JsonObject> = fc
  .array(fc.tuple(fields, sources), { maxLength: 6 })
  .map((entries) => ({
    convertToAmplitudeFunc: { event_type: ['value', 'e'], ...Object.fromEntries(entries) },
  }));

describe('any converter over any record', () => {
  it('loads or says every fault with its path, and never throws', () => {
    fc.assert(
      fc.property(fc.oneof(documents, records), (document) => {
        const opened = conversions.amplitude.open(document, { clock });
        if (opened.kind === 'opened') return;
        assert.ok(opened.errors.length > 0);
        for (const { message } of opened.errors) assert.ok(message.length > 10);
      }),
      fuzzParameters(500),
    );
  });

  it('makes an event, a skip or a reject of it, the same each time, and leaves record and prototypes as they were', () => {
    const prototype = JSON.stringify(Object.getOwnPropertyNames(Object.prototype));
    fc.assert(
      fc.property(documents, fc.oneof(records, jsonValues), (document, record) => {
        const opened = conversions.amplitude.open(document, { clock });
        if (opened.kind !== 'opened') return;
        const before = JSON.stringify(record);
        const outcome = opened.conversion.convert(record, origin);
        assert.deepEqual(opened.conversion.convert(record, origin), outcome);
        assert.equal(JSON.stringify(record), before);
        assert.equal(JSON.stringify(Object.getOwnPropertyNames(Object.prototype)), prototype);
        if (outcome.kind !== 'event') {
          assert.ok(outcome.reason.length > 5);
          return;
        }
        // What is stored is JSON, whole.
        assert.deepEqual(JSON.parse(JSON.stringify(outcome.event.body)), outcome.event.body);
        assert.ok(outcome.event.insertId.length > 0);
      }),
      fuzzParameters(1000),
    );
  });
});
