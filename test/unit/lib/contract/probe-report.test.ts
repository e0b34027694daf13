import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import {
  formatProbeReport,
  parseProbeReport,
  type ProbeReport,
} from '../../../../lib/contract/probe-report.ts';

const arn = 'arn:aws:iam::123456789012:role/lake';

suite('the report of an identity probe', () => {
  const reports: readonly ProbeReport[] = [
    { outcome: 'unasked' },
    { outcome: 'identified', caller: arn, principal: arn, account: '123456789012' },
    { outcome: 'refused', reason: 'AssumeRoleDenied', message: 'No.', caller: arn },
  ];
  for (const report of reports) {
    test(`is read as it was written: ${report.outcome}`, () => {
      assert.deepEqual(parseProbeReport(formatProbeReport(report)), report);
    });
  }

  test('fits into a termination message, however much there is to say', () => {
    const report = { outcome: 'refused', reason: 'S3Error', message: 'é'.repeat(9_000) } as const;
    const text = formatProbeReport(report);
    assert.ok(Buffer.byteLength(text) <= 4096);
    assert.equal(parseProbeReport(text)?.outcome, 'refused');
  });

  test('is none where the text is somebody else’s, lacks a part or is too long for a status', () => {
    const identified = { outcome: 'identified', caller: arn, principal: arn, account: '1' };
    for (const value of [
      { outcome: 'done', files: 1 },
      { ...identified, principal: undefined },
      { ...identified, principal: 'a'.repeat(3_000) },
      { outcome: 'refused', reason: 'S3Error' },
    ]) {
      assert.equal(parseProbeReport(JSON.stringify(value)), undefined);
    }
    assert.equal(parseProbeReport('panic: out of memory'), undefined);
  });
});
