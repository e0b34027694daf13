import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import type { Watched } from '../../../../cli/idle.ts';
import { formatProgress, formatReport } from '../../../../cli/output/status-report.ts';
import { condition } from '../../../support/builders/resources.ts';

function watched(kind: string, name: string, conditions: readonly object[], status: object = {}): Watched {
  const metadata = {
    name,
    namespace: 'default',
    uid: name,
    generation: 1,
    creationTimestamp: '2026-01-01T00:00:00Z',
  };
  return { kind, metadata, status: { ...status, conditions } } as unknown as Watched;
}

const isNot = (type: string, reason: string, message = '') => ({
  ...condition(type),
  status: 'False',
  reason,
  message,
});

suite('how far a local run is', () => {
  test('what holds a source up is named beside it, by its own reason', () => {
    const objects = [
      watched('S3Connection', 'lake', [isNot('Ready', 'DNSResolutionFailed')]),
      watched('EventStore', 'analytics', [condition('Ready')]),
      watched('S3ImportSource', 'web', [isNot('Ready', 'DependencyNotReady')]),
    ];
    assert.equal(
      formatProgress(objects),
      'S3Connection lake: DNSResolutionFailed · web: waiting (DependencyNotReady)',
    );
  });

  test('a source that is Ready tells its files and records, one that needs a person that it is stalled', () => {
    const counts = { files: { found: 5, imported: 3 }, records: { imported: 70 } };
    assert.equal(
      formatProgress([watched('S3ImportSource', 'web', [condition('Ready')], counts)]),
      'web: 3 of 5 files, 70 records',
    );
    const stalled = [isNot('Ready', 'ConverterInvalid'), condition('Stalled')];
    assert.equal(
      formatProgress([watched('S3ImportSource', 'web', stalled)]),
      'web: stalled (ConverterInvalid)',
    );
    assert.equal(formatProgress([watched('S3ImportSource', 'web', [])]), 'web: starting');
  });

  test('[C-06] at the end a source that works tells what is not well', () => {
    const degraded = { ...condition('Degraded'), reason: 'MostRowsRejected', message: 'Most rows were.' };
    const report = formatReport([watched('S3ImportSource', 'web', [condition('Ready'), degraded])]);
    assert.match(report, /^S3ImportSource\/web: MostRowsRejected: Most rows were\.$/m);
  });

  test('[C-06] at the end each object that is not Ready says why, and each failed file how to mend it', () => {
    const failure = {
      keyHash: 'x',
      reason: 'TruncatedGzip',
      message: 'It ends too early.',
      cure: 'Upload it again.',
    };
    const report = formatReport([
      watched('EventStore', 'analytics', [isNot('Ready', 'StoreUnreachable', 'PostgreSQL does not answer.')]),
      watched('S3ImportSource', 'web', [condition('Ready')], {
        lastFailures: [failure],
        files: { failed: 1 },
      }),
    ]);
    assert.match(
      report,
      /^EventStore\/analytics: StoreUnreachable: PostgreSQL does not answer\.\n {2}Cure: /m,
    );
    assert.match(
      report,
      /^S3ImportSource\/web: a file failed \(TruncatedGzip\): It ends too early\.\n {2}Cure: Upload it again\.$/m,
    );
  });
});
