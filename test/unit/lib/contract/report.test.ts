import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import fc from 'fast-check';
import { reasonNames } from '../../../../crds/reasons.ts';
import {
  addCounts,
  formatReport,
  noRecords,
  parseReport,
  type ShardReport,
} from '../../../../lib/contract/report.ts';

const count = fc.nat(2 ** 31 - 1);
const records = fc.record(
  { imported: count, duplicate: count, skipped: count, rejected: count },
  { noNullPrototype: true },
);

/** Of any code units, halves of characters and such that JSON escapes among them. */
const text = fc.string({
  unit: fc.oneof(
    fc.integer({ min: 0, max: 0xffff }).map((code) => String.fromCharCode(code)),
    fc.constantFrom('"', '\\', '\u0001', '🙂', 'é'),
  ),
  maxLength: 9_000,
});

const report: fc.Arbitrary<ShardReport> = fc.record(
  {
    outcome: fc.constantFrom('done', 'stopped', 'failed'),
    reason: fc.constantFrom(...reasonNames),
    message: text,
    files: count,
    records,
  },
  { requiredKeys: ['outcome', 'files', 'records'], noNullPrototype: true },
);

const failedReport: ShardReport = {
  outcome: 'failed',
  reason: 'StoreUnreachable',
  message: 'Nothing answers at the database.',
  files: 12,
  records: { imported: 5, duplicate: 4, skipped: 3, rejected: 2 },
};

suite('the report of a worker', () => {
  test('is never longer than Kubernetes keeps of a termination message', () => {
    fc.assert(
      fc.property(report, (any) => {
        assert.ok(Buffer.byteLength(formatReport(any)) <= 4_096);
      }),
    );
  });

  test('is read as it was written; of a message that is too long, its beginning', () => {
    fc.assert(
      fc.property(report, (any) => {
        const { message, ...rest } = parseReport(formatReport(any)) ?? assert.fail('unreadable');
        const { message: given, ...others } = any;
        assert.deepEqual(rest, others);
        if (message === given) return;
        assert.equal(message?.endsWith('…'), true);
        assert.equal(given?.startsWith(message?.slice(0, -1) ?? ''), true);
      }),
    );
  });

  test('fills what there is room for', () => {
    const size = Buffer.byteLength(formatReport({ ...failedReport, message: 'x'.repeat(9_000) }));
    assert.ok(size > 4_080 && size <= 4_096, `${size}`);
  });

  test('keeps a message that fits', () => {
    assert.deepEqual(parseReport(formatReport(failedReport)), failedReport);
  });
});

suite('a termination message', () => {
  test('of somebody else is no report', () => {
    for (const other of [
      '',
      'OOM',
      'null',
      '[]',
      '"done"',
      '{}',
      '{"outcome":"fine"}',
      '{"outcome":1}',
      '{"a"',
    ]) {
      assert.equal(parseReport(other), undefined, other);
    }
    fc.assert(fc.property(fc.string(), (any) => assert.equal(parseReport(any), undefined)));
  });

  test('of another release is read as far as it is understood', () => {
    const other = {
      outcome: 'failed',
      message: { deep: 1 },
      reason: 7,
      records: { imported: 2 },
      more: true,
    };
    assert.deepEqual(parseReport(JSON.stringify(other)), {
      outcome: 'failed',
      files: 0,
      records: { ...noRecords, imported: 2 },
    });
  });
});

test('counts of records add up, in any order', () => {
  fc.assert(
    fc.property(records, records, (one, other) => {
      assert.deepEqual(addCounts(one, other), addCounts(other, one));
      assert.deepEqual(addCounts(one, noRecords), one);
    }),
  );
});
