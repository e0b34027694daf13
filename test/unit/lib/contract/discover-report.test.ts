import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { formatDiscoverReport, parseDiscoverReport } from '../../../../lib/contract/discover-report.ts';
import { reasonOf, TerminalError } from '../../../../lib/errors.ts';

const bucket = 'arn:aws:s3:::lake';

suite('the report of a look by a pod', () => {
  test('tells each probe, and why an action was denied', () => {
    const error = new TerminalError({ reason: 'ReadDenied', message: 'Allow s3:GetObject.' });
    const told = formatDiscoverReport({
      probes: [
        { action: 's3:ListBucket', resource: bucket, result: 'Allowed' },
        { action: 's3:GetObject', resource: `${bucket}/*`, result: 'Denied', error },
      ],
    });
    const report = parseDiscoverReport(told);
    assert.deepEqual(
      report?.probes.map((probe) => [probe.action, probe.result, probe.error && reasonOf(probe.error)]),
      [
        ['s3:ListBucket', 'Allowed', undefined],
        ['s3:GetObject', 'Denied', 'ReadDenied'],
      ],
    );
    assert.equal(report?.error, undefined);
  });

  test('stays under the length of a termination message, however much S3 says', () => {
    const error = new TerminalError({ reason: 'S3Error', message: 'é'.repeat(9_000) });
    const probe = { action: 's3:GetObject', resource: bucket, result: 'Denied', error } as const;
    const told = formatDiscoverReport({ probes: [probe, probe, probe], error });
    assert.ok(Buffer.byteLength(told) <= 4096);
    assert.equal(reasonOf(parseDiscoverReport(told)?.error), 'S3Error');
  });

  test('is none where the text is somebody else’s', () => {
    assert.equal(parseDiscoverReport('panic'), undefined);
    assert.equal(parseDiscoverReport('{"outcome":"done"}'), undefined);
  });
});
