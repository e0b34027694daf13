import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import fc from 'fast-check';
import type { S3ImportSource, S3ImportSourceStatus } from '../../../../../crds/generated/s3-import-source.ts';
import { noRecords } from '../../../../../lib/contract/report.ts';
import type { Run } from '../../../../../lib/store/run-types.ts';
import { TerminalError } from '../../../../../lib/errors.ts';
import { failed, passed } from '../../../../../operator/conditions/finding.ts';
import type { ImportProgress } from '../../../../../operator/controllers/s3-import-source/facts.ts';
import {
  deriveImportStatus,
  findImportGates,
  type ImportStatusInput,
} from '../../../../../operator/controllers/s3-import-source/status.ts';
import { stepLag } from '../../../../../operator/controllers/s3-import-source/status-figures.ts';
import { runPreflight } from '../../../../../operator/preflight/checks.ts';
import { importFacts, importProgress, workerReport } from '../../../../support/builders/import-facts.ts';
import { lintConditions } from '../../../../support/lint-conditions.ts';
import { failedFile, listingState, run, sourceCounts } from '../../../../support/builders/ledger.ts';
import {
  importSource,
  startTime,
  suspended,
  withMetadata,
  withStatus,
} from '../../../../support/builders/resources.ts';

const second = 1_000;

function statusInput(changes: Partial<ImportStatusInput> = {}): ImportStatusInput {
  return {
    source: importSource(),
    connection: undefined,
    preflight: runPreflight(importFacts()),
    progress: importProgress(),
    digestOfKey: (key) => `digest of ${key}`,
    nowMs: startTime,
    keepProgress: false,
    ...changes,
  };
}

function statusOf(changes: Partial<ImportStatusInput> = {}): S3ImportSourceStatus {
  return deriveImportStatus(statusInput(changes));
}

function conditionOf(status: S3ImportSourceStatus, type: string) {
  return status.conditions?.find((one) => one.type === type);
}

/** Type, status and reason. */
function briefly(status: S3ImportSourceStatus, type: string): readonly (string | undefined)[] {
  const found = conditionOf(status, type);
  return [found?.status, found?.reason];
}

/** The source as it is once the status is written. */
function written(status: S3ImportSourceStatus, source = importSource()): S3ImportSource {
  return withStatus(status)(source);
}

const firstPass: ImportProgress['listing'] = {
  state: listingState({
    current: {
      pass: 1,
      kind: 'full',
      startedAt: startTime,
      startAfter: 'web/k',
      seen: 30,
      tally: { otherName: 4 },
    },
  }),
  nextInMs: 0,
  asked: undefined,
};

const anyCounts = fc
  .record({ found: fc.nat(9), done: fc.nat(9), failed: fc.nat(9), overwritten: fc.nat(9) })
  .map(({ found, ...counts }) => {
    const unfinished = Math.max(0, found - counts.done - counts.failed);
    return sourceCounts(
      { ...counts, unfinished, found: unfinished + counts.done + counts.failed },
      {
        oldestUnfinished: unfinished > 0 ? startTime - 90 * second : undefined,
        lastFailures: counts.failed > 0 ? [failedFile()] : [],
      },
    );
  });

const anyProgress: fc.Arbitrary<ImportProgress | undefined> = fc.option(
  fc
    .record({
      counts: anyCounts,
      listing: fc.constantFrom(
        undefined,
        firstPass,
        importProgress().listing,
        { error: new TerminalError({ reason: 'ListDenied', message: 'May not list.' }) },
        { error: new TypeError('a bug') },
      ),
      runs: fc.constantFrom([], [run()], [run({ number: 2, endedAt: startTime, outcome: 'Failed' }), run()]),
      rates: fc.option(
        fc.record({ filesPerSecond: fc.nat({ max: 9 }), recordsPerSecond: fc.nat({ max: 99_999 }) }),
        { nil: undefined },
      ),
      workers: fc.constantFrom(
        workerReport(passed('WorkersAvailable', 'WorkersAvailable', 'They run.')),
        workerReport(passed('WorkersAvailable', 'WorkersAvailable', 'They run.'), {
          trouble: { reason: 'PodUnschedulable', message: 'No node takes a worker: Insufficient cpu.' },
        }),
        workerReport(failed('WorkersAvailable', 'WorkerCrashed', 'It crashed.')),
      ),
    })
    .map((changes) => importProgress(changes)),
  { nil: undefined },
);

suite('the status of a source', () => {
  test('[I-23] [I-56] [C-05] [I-48] shows what a list shows: state, files, records, workers, lag, latency, runs', () => {
    const tally = { otherName: 1, folder: 1, empty: 1, archived: 4, small: 7, large: 2 };
    const status = statusOf({
      progress: importProgress({
        counts: sourceCounts(
          { found: 9, done: 6, failed: 1, unfinished: 2, overwritten: 3 },
          {
            records: { imported: 500, duplicate: 4, skipped: 3, rejected: 2 },
            oldestUnfinished: startTime - 125 * second,
            latency: { files: 6, medianMs: 4_200, p99Ms: 27_900 },
            lastFailures: [failedFile()],
          },
        ),
        listing: {
          state: listingState({ lastFull: { finishedAt: startTime, seen: 12, tally } }),
          nextInMs: 60_000,
          asked: undefined,
        },
        runs: [
          run({ number: 4, files: { done: 1, failed: 1 } }),
          run({ number: 3, endedAt: startTime + 9, outcome: 'Succeeded' }),
        ],
        rates: { filesPerSecond: 0.0233, recordsPerSecond: 12_345 },
        shards: { desired: 2, active: 1, failed: 0 },
        generation: 2,
      }),
    });
    const { conditions, ...rest } = status;
    assert.deepEqual(rest, {
      observedGeneration: 1,
      permissions: [
        { action: 's3:ListBucket', resource: 'arn:aws:s3:::acme-events', result: 'Allowed' },
        { action: 's3:GetObject', resource: 'arn:aws:s3:::acme-events/web/*', result: 'Allowed' },
      ],
      files: {
        found: 9,
        imported: 6,
        failed: 1,
        pending: 2,
        overwritten: 3,
        ignored: 3,
        archived: 4,
        unstorable: 0,
        small: 7,
        large: 2,
      },
      records: { imported: 500, duplicate: 4, skipped: 3, rejected: 2 },
      shards: { desired: 2, active: 1, failed: 0 },
      progress: { percent: 50, filesPerMinute: 1, recordsPerSecond: 12_000, secondsLeft: 60 },
      run: {
        number: 4,
        startTime: '2026-01-01T00:00:00.000Z',
        filesImported: 1,
        filesFailed: 1,
        records: noRecords,
      },
      recentRuns: [
        {
          number: 3,
          startTime: '2026-01-01T00:00:00.000Z',
          completionTime: '2026-01-01T00:00:00.009Z',
          outcome: 'Succeeded',
          filesImported: 0,
          filesFailed: 0,
          records: noRecords,
        },
      ],
      conversion: { generation: 2, digest: 'digest-1' },
      lagSeconds: 120,
      latency: { files: 6, medianSeconds: 5, p99Seconds: 20 },
      lastFailures: [
        {
          keyHash: 'digest of web/broken.json.gz',
          reason: 'TruncatedGzip',
          message: 'The gzip stream ends in the middle.',
          cure: 'Upload the whole file under a new key.',
        },
      ],
    });
    assert.deepEqual(
      conditions?.map(({ type, status: value, reason }) => [type, value, reason]),
      [
        ['Ready', 'True', 'Succeeded'],
        ['Accepted', 'True', 'Accepted'],
        ['ResolvedRefs', 'True', 'ResolvedRefs'],
        ['Authenticated', 'True', 'Authenticated'],
        ['BucketAccessible', 'True', 'BucketAccessible'],
        ['PermissionsVerified', 'True', 'PermissionsVerified'],
        ['WorkersAvailable', 'True', 'WorkersAvailable'],
        ['CaughtUp', 'False', 'ImportingFiles'],
        ['Degraded', 'True', 'FilesFailed'],
      ],
    );
  });

  test('tells when the latest run ended', () => {
    const ended = run({ endedAt: startTime + 60 * second });
    assert.equal(
      statusOf({ progress: importProgress({ runs: [ended] }) }).run?.completionTime,
      '2026-01-01T00:01:00.000Z',
    );
  });

  test('of the same world is the same: a second look writes nothing', () => {
    fc.assert(
      fc.property(anyProgress, fc.boolean(), (progress, keepProgress) => {
        const preflight =
          progress === undefined ? [failed('Accepted', 'InvalidSpec', 'No.')] : statusInput().preflight;
        const first = statusOf({ progress, preflight });
        assert.deepEqual(lintConditions(written(first)), []);
        const again = statusOf({ progress, preflight, keepProgress, source: written(first) });
        assert.deepEqual(again, first);
      }),
      { numRuns: 300 },
    );
  });

  test('shows that a request of a person was handled', () => {
    const annotations = { 'millrace.dev/requestedAt': 'now, please' };
    const source = importSource(withMetadata({ annotations }));
    assert.equal(statusOf({ source }).lastHandledReconcileAt, 'now, please');
    assert.equal('lastHandledReconcileAt' in statusOf(), false);
  });

  test('speaks of the generation that was looked at', () => {
    assert.equal(statusOf({ source: importSource(withMetadata({ generation: 7 })) }).observedGeneration, 7);
  });
});

suite('what a source waits for, by its status', () => {
  test('[I-16] without a conversion it is there, says what it lacks, and counts as under way', () => {
    const preflight = runPreflight(importFacts({ conversion: { kind: 'missing' } }));
    const status = statusOf({ preflight, progress: undefined });
    assert.deepEqual(briefly(status, 'Ready'), ['False', 'ConversionMissing']);
    assert.deepEqual(briefly(status, 'Reconciling'), ['True', 'Progressing']);
    assert.deepEqual(briefly(status, 'ResolvedRefs'), ['Unknown', 'Blocked']);
    assert.equal(conditionOf(status, 'Stalled'), undefined);
    assert.equal(status.files, undefined);
  });

  test('[I-14] [C-04] suspended it is Ready, says so, and keeps its counts', () => {
    const progress = importProgress({
      counts: sourceCounts({ found: 5, done: 3, unfinished: 2 }),
      listing: undefined,
    });
    const source = written(statusOf({ progress: importProgress() }), importSource(suspended));
    const status = statusOf({ source, progress });
    assert.deepEqual(briefly(status, 'Ready'), ['True', 'Suspended']);
    assert.match(conditionOf(status, 'Ready')?.message ?? '', /spec\.suspend/);
    assert.equal(status.files?.pending, 2);
    assert.deepEqual(briefly(status, 'CaughtUp'), ['False', 'ImportingFiles']);
    assert.match(conditionOf(status, 'Authenticated')?.message ?? '', /Not looked at while/);
  });

  test('a bucket that cannot be listed is told with its cause, and the counts go on', () => {
    const error = new TerminalError({ reason: 'ListDenied', message: 'A may not list.' });
    const progress = importProgress({ listing: { error }, counts: sourceCounts({ found: 5, done: 5 }) });
    const status = statusOf({ progress });
    assert.deepEqual(briefly(status, 'Ready'), ['False', 'ListDenied']);
    assert.deepEqual(briefly(status, 'BucketAccessible'), ['True', 'BucketAccessible']);
    assert.deepEqual(briefly(status, 'PermissionsVerified'), ['False', 'ListDenied']);
    assert.deepEqual(briefly(status, 'WorkersAvailable'), ['Unknown', 'Blocked']);
    assert.equal(status.files?.imported, 5);
  });

  test('a preflight that fails keeps what was counted before', () => {
    const before = statusOf({ progress: importProgress({ counts: sourceCounts({ found: 5, done: 5 }) }) });
    const preflight = runPreflight(importFacts({ connection: undefined }));
    const status = statusOf({ source: written(before), preflight, progress: undefined });
    assert.deepEqual(status.files, before.files);
    assert.deepEqual(status.run, before.run);
  });

  const caughtUp = [
    ['the first look at the bucket goes on', { listing: firstPass }, ['False', 'ListingIncomplete']],
    [
      'a bucket that was never listed',
      { listing: { error: new Error('x') } },
      ['False', 'ListingIncomplete'],
    ],
    ['an empty prefix', {}, ['True', 'PrefixEmpty']],
    ['every file settled', { counts: sourceCounts({ found: 3, done: 2, failed: 1 }) }, ['True', 'CaughtUp']],
    [
      'a file that waits',
      { counts: sourceCounts({ found: 3, done: 2, unfinished: 1 }) },
      ['False', 'ImportingFiles'],
    ],
  ] as const;
  for (const [name, changes, expected] of caughtUp) {
    test(`CaughtUp with ${name} is ${expected.join(' ')}`, () => {
      assert.deepEqual(briefly(statusOf({ progress: importProgress(changes) }), 'CaughtUp'), expected);
    });
  }

  test('[I-24] during the first look, the keys left out so far are counted', () => {
    assert.equal(statusOf({ progress: importProgress({ listing: firstPass }) }).files?.ignored, 4);
  });

  test('files given up do not keep a source from being Ready', () => {
    const progress = importProgress({
      counts: sourceCounts({ found: 2, done: 1, failed: 1 }, { lastFailures: [failedFile()] }),
    });
    const status = statusOf({ progress });
    assert.deepEqual(briefly(status, 'Ready'), ['True', 'Succeeded']);
    assert.deepEqual(briefly(status, 'Degraded'), ['True', 'FilesFailed']);
  });

  test('[C-06] a run most of whose rows were rejected is told, until a later one fares better', () => {
    const records = { imported: 3, duplicate: 1, skipped: 1, rejected: 6 };
    const bad = run({ number: 7, records });
    const degraded = (...runs: readonly Run[]) =>
      statusOf({ progress: importProgress({ runs }) }).conditions?.find(({ type }) => type === 'Degraded');
    assert.equal(degraded(bad)?.reason, 'MostRowsRejected');
    assert.match(degraded(bad)?.message ?? '', /^Most rows that run 7 has read were rejected;/u);
    assert.equal(
      degraded(run({ number: 8 }), bad)?.reason,
      'MostRowsRejected',
      'a run without rows tells nothing',
    );
    assert.equal(degraded(run({ records: { ...records, rejected: 5 } }), bad), undefined);
  });

  test('archived objects and keys that cannot be stored are told beside the files given up', () => {
    const listing = {
      state: listingState({
        lastFull: { finishedAt: startTime, seen: 9, tally: { archived: 2, unstorable: 1 } },
      }),
      nextInMs: 60_000,
      asked: undefined,
    };
    const status = statusOf({ progress: importProgress({ listing }) });
    assert.deepEqual(briefly(status, 'Degraded'), ['True', 'ObjectArchived']);
    assert.match(conditionOf(status, 'Degraded')?.message ?? '', /Glacier.*NUL/);
    assert.deepEqual(briefly(status, 'Ready'), ['True', 'Succeeded']);
    const later = statusOf({
      source: written(status),
      progress: importProgress({ listing: { error: new Error('x') } }),
    });
    assert.deepEqual([later.files?.archived, later.files?.unstorable], [2, 1]);
    assert.deepEqual(briefly(later, 'Degraded'), ['True', 'ObjectArchived']);
  });

  test('workers that cannot run beside some that do are told as what makes the source slower', () => {
    const workers = workerReport(passed('WorkersAvailable', 'WorkersAvailable', 'They run.'), {
      trouble: { reason: 'PodUnschedulable', message: 'No node takes a worker: Insufficient cpu.' },
    });
    const status = statusOf({ progress: importProgress({ workers }) });
    assert.deepEqual(briefly(status, 'Ready'), ['True', 'Succeeded']);
    assert.deepEqual(briefly(status, 'Degraded'), ['True', 'PodUnschedulable']);
  });

  test('a failure with a long message is shown cut', () => {
    const lastFailures = [failedFile({ message: 'x'.repeat(5_000), cure: 'y'.repeat(5_000) })];
    const counts = sourceCounts({ failed: 1 }, { lastFailures });
    const [shown] = statusOf({ progress: importProgress({ counts }) }).lastFailures ?? [];
    assert.deepEqual([shown?.message.length, shown?.cure?.length], [1024, 1024]);
  });

  test('a failure shows no key, only its hash', () => {
    const counts = sourceCounts(
      { failed: 1 },
      { lastFailures: [failedFile({ key: 'web/jane@example.com' })] },
    );
    const status = statusOf({ progress: importProgress({ counts }), digestOfKey: () => '0123' });
    assert.equal(JSON.stringify(status).includes('jane'), false);
  });
});

suite('how far a run is, by its status', () => {
  const progressOf = (changes: Parameters<typeof importProgress>[0]) =>
    statusOf({ progress: importProgress(changes) }).progress;
  const rates = { filesPerSecond: 2, recordsPerSecond: 30_000 };

  test('with nothing pending it is whole, and there is no rate', () => {
    assert.deepEqual(progressOf({ rates }), { percent: 100 });
  });

  test('with a run under way, by the files that it has settled', () => {
    const counts = sourceCounts({ found: 1_000, done: 990, unfinished: 10 });
    const runs = [run({ files: { done: 28, failed: 2 } })];
    assert.deepEqual(progressOf({ counts, runs }), { percent: 75 });
    assert.deepEqual(progressOf({ counts, runs, rates }), {
      percent: 75,
      filesPerMinute: 120,
      recordsPerSecond: 30_000,
      secondsLeft: 0,
    });
  });

  test('before a run it is at its beginning', () => {
    const counts = sourceCounts({ found: 10, unfinished: 10 });
    assert.deepEqual(progressOf({ counts, runs: [run({ endedAt: startTime })] }), { percent: 0 });
  });

  test('while no file is settled nobody knows how long it takes', () => {
    const counts = sourceCounts({ found: 1, unfinished: 1 });
    const large = { filesPerSecond: 0, recordsPerSecond: 31_415 };
    assert.deepEqual(progressOf({ counts, rates: large }), {
      percent: 0,
      filesPerMinute: 0,
      recordsPerSecond: 31_000,
    });
  });
});

suite('progress in a status', () => {
  const before = statusOf({
    progress: importProgress({ counts: sourceCounts({ found: 9, unfinished: 9 }) }),
  });
  const further = importProgress({ counts: sourceCounts({ found: 9, done: 4, unfinished: 5 }) });

  test('stays as it is while it need not be told yet', () => {
    const status = statusOf({ source: written(before), progress: further, keepProgress: true });
    assert.deepEqual(status, before);
  });

  test('is told when its time has come', () => {
    const status = statusOf({ source: written(before), progress: further });
    assert.equal(status.files?.imported, 4);
  });

  test('is told at once when a condition changes', () => {
    const done = importProgress({ counts: sourceCounts({ found: 9, done: 9 }) });
    const status = statusOf({ source: written(before), progress: done, keepProgress: true });
    assert.equal(status.files?.imported, 9);
    assert.deepEqual(briefly(status, 'CaughtUp'), ['True', 'CaughtUp']);
  });
});

suite('the gates of a source', () => {
  test('end with the preflight where that failed', () => {
    const preflight = [failed('Accepted', 'InvalidSpec', 'No.')];
    assert.deepEqual(findImportGates(preflight, undefined), preflight);
  });

  test('are those of the preflight, of the storage and of the workers, in this order', () => {
    assert.deepEqual(
      findImportGates(statusInput().preflight, importProgress()).map(({ type }) => type),
      [
        'Accepted',
        'ResolvedRefs',
        'Authenticated',
        'BucketAccessible',
        'PermissionsVerified',
        'WorkersAvailable',
      ],
    );
  });
});

suite('the lag of a source', () => {
  test('moves in steps that grow with it', () => {
    const lag = (seconds: number) => stepLag(startTime, startTime + seconds * second);
    assert.deepEqual(
      [0, 9, 10, 59, 60, 119, 120, 3_599, 3_600, 7_199, 7_200].map(lag),
      [0, 0, 10, 50, 60, 60, 120, 3_540, 3_600, 3_600, 7_200],
    );
  });

  test('is nothing without a file that waits, and never negative', () => {
    assert.equal(stepLag(undefined, startTime), 0);
    assert.equal(stepLag(startTime + 60 * second, startTime), 0);
  });

  test('never goes back while the same file waits', () => {
    fc.assert(
      fc.property(fc.nat(1_000_000), fc.nat(10_000), (age, more) => {
        const at = (seconds: number) => stepLag(startTime, startTime + seconds * second);
        assert.ok(at(age) <= at(age + more) && at(age) <= age);
      }),
    );
  });
});
