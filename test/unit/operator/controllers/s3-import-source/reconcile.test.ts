import assert from 'node:assert/strict';
import { afterEach, beforeEach, suite, test } from 'node:test';
import { exitCodes } from '../../../../../lib/contract/exit-codes.ts';
import { formatReport, noRecords } from '../../../../../lib/contract/report.ts';
import { TerminalError, TransientError } from '../../../../../lib/errors.ts';
import { resourceTypes } from '../../../../../operator/resource-types.ts';
import type { Job } from '../../../../../operator/resources/worker-job.ts';
import { finished } from '../../../../support/builders/jobs.ts';
import {
  endedWith,
  evicted,
  runningSince,
  unschedulable,
  waitingFor,
} from '../../../../support/builders/worker-pod.ts';
import { createSourceWorld, type SourceWorld } from '../../../../support/source-world.ts';

const second = 1_000;
const minute = 60 * second;

let world: SourceWorld;

/** A world for each test: hooks of a file would run for the tests of all files of its process. */
function inItsOwnWorld(): void {
  beforeEach(async () => {
    world = await createSourceWorld();
  });
  afterEach(() => world.stop());
}

/** Status and reason of a condition. */
async function condition(type: string): Promise<readonly (string | undefined)[]> {
  const found = (await world.source()).status.conditions?.find((one) => one.type === type);
  return [found?.status, found?.reason];
}

async function messageOf(type: string): Promise<string> {
  return (await world.source()).status.conditions?.find((one) => one.type === type)?.message ?? '';
}

async function onlyJob(): Promise<Job> {
  const [job, ...others] = await world.jobs();
  assert.ok(job !== undefined && others.length === 0, 'there is not one Job');
  return job;
}

/** A source with so many files, whose workers are asked for. */
async function startRun(files = 1): Promise<Job> {
  for (let index = 0; index < files; index += 1) world.bucket.put(`web/${index}.json`);
  await world.reconcile();
  return await onlyJob();
}

async function finish(job: Job, type: 'Complete' | 'Failed'): Promise<void> {
  await world.setJobStatus(job.metadata.name ?? '', finished(type));
}

/** As a person annotates a source. */
async function request(requestedAt: string): Promise<void> {
  const key = { namespace: world.namespace, name: 'web-events' };
  const patch = { metadata: { annotations: { 'millrace.dev/requestedAt': requestedAt } } };
  await world.client.patch(resourceTypes.s3ImportSources, key, { kind: 'merge', patch });
}

/** Everything that a pass could have written. */
async function written(): Promise<unknown> {
  const versions = [await world.source(), ...(await world.jobs())].map(
    ({ metadata }) => metadata.resourceVersion,
  );
  return [versions, world.ledger.writes, world.ledger.discovery.pages.length, world.events.length];
}

suite('a pass over a source', () => {
  inItsOwnWorld();

  test('[I-17] finds its files, opens a run and starts a Job for them', async () => {
    const job = await startRun(3);
    assert.deepEqual([...world.ledger.discovery.files.keys()], ['web/0.json', 'web/1.json', 'web/2.json']);
    assert.equal(job.spec.parallelism, 1);
    assert.equal(world.ledger.wanted, job.metadata.annotations?.['millrace.dev/template-hash']);
    assert.deepEqual(
      world.ledger.runs.map(({ number, endedAt }) => [number, endedAt]),
      [[1, undefined]],
    );
    assert.deepEqual(await condition('Ready'), ['True', 'Succeeded']);
    assert.equal((await world.source()).status.files?.pending, 3);
    assert.deepEqual(
      world.events.map(({ reason, note }) => [reason, note]),
      [
        ['WorkersCreated', 'Run 1 begins with 1 worker.'],
        ['Succeeded', 'Everything is as the spec says.'],
        ['UnusualFileSizes', world.events[2]?.note],
      ],
    );
  });

  test('[I-53] warns once of files that are much too small or too large', async () => {
    world.bucket.put('web/usual.json', { size: 20_000_000 });
    await world.reconcile();
    const warned = () => world.events.filter(({ reason }) => reason === 'UnusualFileSizes');
    assert.deepEqual(warned(), []);
    for (const [key, size] of [
      ['web/large.json', 5_000_000_001],
      ['web/small.json', 999_999],
      ['web/tiny.json', 1],
    ] as const) {
      world.bucket.put(key, { size });
      await world.clock.advance(2 * minute);
      await world.reconcile();
    }
    assert.deepEqual(
      warned().map(({ type, note }) => [type, note.split('.')[0]]),
      [
        ['Warning', 'Of the files, 0 are smaller than 1 MB and 1 larger than 5 GB'],
        ['Warning', 'Of the files, 1 are smaller than 1 MB and 1 larger than 5 GB'],
      ],
    );
    const { small, large } = (await world.source()).status.files ?? {};
    assert.deepEqual([small, large], [2, 1]);
  });

  test('[I-23] tells of a file that was overwritten, counts it, and does not take it in again', async () => {
    world.bucket.put('web/a.json', { etag: 'first' });
    await world.reconcile();
    const found = world.ledger.discovery.files.get('web/a.json');
    world.bucket.put('web/a.json', { etag: 'second' });
    await world.clock.advance(2 * minute);
    await request('2026-11-24T12:00:00Z');
    await world.reconcile();
    const told = world.events.filter(({ reason }) => reason === 'FilesOverwritten');
    assert.deepEqual(
      told.map(({ type }) => type),
      ['Warning'],
    );
    assert.match(told[0]?.note ?? '', /not imported again: 1\. millrace files web-events lists them/);
    const { overwritten, found: known } = (await world.source()).status.files ?? {};
    assert.deepEqual([overwritten, known], [1, 1]);
    assert.equal(world.ledger.discovery.files.get('web/a.json'), found);
  });

  test('[C-05] tells what a run came to when it has ended', async () => {
    const job = await startRun();
    await finish(job, 'Complete');
    await world.reconcile();
    const ended = world.events.find(({ reason }) => reason === 'WorkersCompleted');
    assert.equal(ended?.type, 'Normal');
    assert.match(
      ended?.note ?? '',
      /^Run 1 ended: Succeeded\. Files: \d+ imported, 0 given up\. Records: \d+ imported, .* rejected\.$/,
    );
  });

  test('of an empty bucket starts nothing, and is caught up', async () => {
    const { requeueAfterMs } = await world.reconcile();
    assert.deepEqual(await world.jobs(), []);
    assert.deepEqual(await condition('CaughtUp'), ['True', 'PrefixEmpty']);
    assert.equal(requeueAfterMs, minute);
  });

  test('[C-07] a second one over the same world writes nothing', async () => {
    await startRun(2);
    await world.reconcile();
    const before = await written();
    await world.reconcile();
    await world.reconcile({ stale: true });
    assert.deepEqual(await written(), before);
  });

  test('[C-07] one that has not seen its own Job yet makes no second one', async () => {
    await startRun();
    const before = await world.jobs();
    await world.reconcile({ stale: true });
    assert.deepEqual(
      (await world.jobs()).map(({ metadata }) => metadata.uid),
      before.map(({ metadata }) => metadata.uid),
    );
    assert.equal(world.ledger.runs.length, 1);
  });

  test('a source that is gone needs none', async () => {
    await startRun();
    const key = { namespace: world.namespace, name: 'web-events' };
    await world.client.delete(resourceTypes.s3ImportSources, key);
    assert.deepEqual(await world.reconcile(), {});
  });

  test('[I-16] a source without a conversion looks for nothing and says what it lacks', async () => {
    world.bucket.put('web/a.json');
    const source = await world.source();
    await world.client.delete(resourceTypes.s3ImportSources, {
      namespace: source.metadata.namespace,
      name: source.metadata.name,
    });
    await world.applySource({ conversion: undefined });
    const { requeueAfterMs } = await world.reconcile();
    assert.deepEqual(await condition('Ready'), ['False', 'ConversionMissing']);
    assert.equal(world.bucket.calls.listPage, 0);
    assert.equal(requeueAfterMs, 15 * second);
    await world.applySource();
    await world.reconcile();
    assert.deepEqual(await condition('Ready'), ['True', 'Succeeded']);
  });

  test('[I-42] a new converter makes a generation for the files found from now on, and stops no worker', async () => {
    const job = await startRun();
    await world.applySource({
      conversion: { amplitude: { convertToAmplitudeFunc: { event_type: 'name', user_id: 'uid' } } },
    });
    world.bucket.put('web/later.json');
    await world.clock.advance(minute);
    await world.reconcile();
    assert.equal((await onlyJob()).metadata.uid, job.metadata.uid);
    assert.deepEqual(
      [...world.ledger.discovery.files.values()].map(({ generation }) => generation),
      [1, 2],
    );
    assert.equal((await world.source()).status.conversion?.generation, 2);
  });

  test('of two sources with one ledger only the older works, also over another connection to the same place', async () => {
    await world.clock.advance(second);
    await world.apply({
      apiVersion: 'millrace.dev/v1alpha1',
      kind: 'S3Connection',
      metadata: { name: 'lake-too' },
      spec: { region: 'us-east-1', credentials: { secretRef: { name: 'lake-keys' } } },
    });
    await world.applySource({ connectionRef: { name: 'lake-too' }, ledgerName: 'web-events' }, 'a-rival');
    await world.reconcile();
    const mine = await condition('Accepted');
    await world.reconcile({ name: 'a-rival' });
    const theirs = (await world.source('a-rival')).status.conditions?.find(({ type }) => type === 'Accepted');
    assert.deepEqual([mine, [theirs?.status, theirs?.reason]].map(String).toSorted(), [
      'False,ConflictingResource',
      'True,Accepted',
    ]);
  });
});

suite('the runs of a source', () => {
  inItsOwnWorld();

  test('a Job that is done ends its run once; work found since begins the next', async () => {
    const job = await startRun();
    world.ledger.counted = { done: 1, failed: 0 };
    await finish(job, 'Complete');
    assert.deepEqual(await world.reconcile(), { requeueAfterMs: 0 });
    assert.deepEqual(
      world.ledger.runs.map(({ number, outcome }) => [number, outcome]),
      [[1, 'Succeeded']],
    );
    world.bucket.put('web/later.json');
    await world.clock.advance(minute);
    await world.reconcile();
    assert.deepEqual(
      world.ledger.runs.map(({ number, outcome }) => [number, outcome]),
      [
        [1, 'Succeeded'],
        [2, undefined],
      ],
    );
    const names = (await world.jobs()).map(({ metadata }) => metadata.name ?? '');
    assert.deepEqual(
      names.map((name) => name.replace(/-[0-9a-f]{8}$/, '')),
      ['web-events-1', 'web-events-2'],
    );
  });

  test('a file that was given up makes a run one with failures', async () => {
    const job = await startRun(2);
    world.ledger.counted = { done: 1, failed: 1 };
    await finish(job, 'Complete');
    await world.reconcile();
    assert.equal(world.ledger.runs[0]?.outcome, 'CompletedWithFailures');
  });

  test('a Job that somebody deleted is made again, for the same run', async () => {
    const job = await startRun();
    await world.client.delete(resourceTypes.jobs, {
      namespace: world.namespace,
      name: job.metadata.name ?? '',
    });
    await world.reconcile();
    const again = await onlyJob();
    assert.equal(again.metadata.name, job.metadata.name);
    assert.notEqual(again.metadata.uid, job.metadata.uid);
    assert.equal(world.ledger.runs.length, 1);
  });

  test('workers that have ended are replaced while there is work, in one Job', async () => {
    const job = await startRun(1_200);
    await world.setJobStatus(job.metadata.name ?? '', {
      active: 1,
      ready: 1,
      succeeded: 2,
      completedIndexes: '0,2',
    });
    await world.clock.advance(30 * second);
    await world.reconcile();
    const { parallelism, completions } = (await onlyJob()).spec;
    assert.deepEqual([parallelism, completions], [5, 5]);
    assert.deepEqual((await world.source()).status.shards, { desired: 3, active: 1, failed: 0 });
  });

  test('workers for whom there has been no work for two minutes go, the last ones first', async () => {
    const job = await startRun(1_200);
    await world.setJobStatus(job.metadata.name ?? '', { active: 3, ready: 3 });
    world.ledger.counted = { done: 1_190, failed: 0 };
    await world.reconcile();
    assert.equal((await onlyJob()).spec.completions, 3);
    await world.clock.advance(2 * minute);
    await world.reconcile();
    assert.deepEqual([(await onlyJob()).spec.completions, (await onlyJob()).spec.parallelism], [1, 1]);
    assert.match(world.events.findLast(({ reason }) => reason === 'WorkersScaled')?.note ?? '', /1 worker\./);
  });

  test('more work than workers makes the Job grow, in completions and parallelism alike', async () => {
    await startRun(1);
    for (let index = 0; index < 1_200; index += 1) world.bucket.put(`web/more-${index}.json`);
    await world.clock.advance(minute);
    await world.reconcile();
    const { parallelism, completions } = (await onlyJob()).spec;
    assert.deepEqual([parallelism, completions], [3, 3]);
    assert.ok(world.events.some(({ reason }) => reason === 'WorkersScaled'));
  });

  test('[I-14] [C-04] a suspended source stops its workers and looks for nothing; resumed it goes on with what was found', async () => {
    const job = await startRun(2);
    await world.applySource({ suspend: true });
    await world.reconcile();
    assert.equal(world.ledger.wanted, undefined);
    assert.deepEqual(await world.jobs(), []);
    assert.equal(world.ledger.runs[0]?.outcome, 'Cancelled');
    await world.clock.advance(10 * minute);
    const looks = world.bucket.calls.listPage;
    await world.reconcile();
    assert.deepEqual(await condition('Ready'), ['True', 'Suspended']);
    assert.equal(world.bucket.calls.listPage, looks);
    assert.equal((await world.source()).status.files?.pending, 2);
    await world.applySource({ suspend: false });
    await world.reconcile();
    assert.deepEqual(await condition('Ready'), ['True', 'Succeeded']);
    assert.notEqual((await onlyJob()).metadata.uid, job.metadata.uid);
    assert.equal(world.ledger.runs.length, 2);
  });

  test('a changed Secret stops the workers, and starts others in their place', async () => {
    const job = await startRun();
    const metadata = { name: 'lake-keys', namespace: world.namespace };
    const patch = { stringData: { secretAccessKey: 'another' } };
    await world.client.patch(resourceTypes.secrets, metadata, { kind: 'merge', patch });
    await world.reconcile();
    assert.deepEqual(await world.jobs(), []);
    await world.reconcile();
    const other = await onlyJob();
    assert.notEqual(other.metadata.name, job.metadata.name);
    assert.equal(world.ledger.wanted, other.metadata.annotations?.['millrace.dev/template-hash']);
  });
});

suite('what a pass says of workers', () => {
  inItsOwnWorld();

  const started = { active: 1, ready: 0, startTime: '2026-01-01T00:00:00Z' };

  test('those that take long to start are told, and looked at again', async () => {
    const job = await startRun();
    await world.setJobStatus(job.metadata.name ?? '', started);
    const { requeueAfterMs } = await world.reconcile();
    assert.deepEqual(await condition('WorkersAvailable'), ['Unknown', 'WorkersStarting']);
    assert.match(await messageOf('Ready'), /do not run yet/);
    assert.equal(requeueAfterMs, 10 * second);
  });

  const troubles = [
    [
      'a worker that no node takes',
      unschedulable('0/1 nodes are available: 1 Insufficient cpu.'),
      'PodUnschedulable',
      'Reconciling',
    ],
    ['an image that is not there', waitingFor('ErrImagePull', 'not found'), 'ImagePullFailed', 'Reconciling'],
    [
      'a Secret that lost a key',
      waitingFor('CreateContainerConfigError', "couldn't find key url"),
      'ContainerConfigError',
      'Stalled',
    ],
    [
      'a worker that had too little memory',
      endedWith(137, { reason: 'OOMKilled' }),
      'WorkerOOMKilled',
      'Reconciling',
    ],
    ['a worker that crashed', endedWith(1), 'WorkerCrashed', 'Reconciling'],
  ] as const;
  for (const [name, status, reason, progress] of troubles) {
    test(`[C-06] ${name} is told as ${reason}, and a second pass writes nothing`, async () => {
      const job = await startRun();
      await world.setJobStatus(job.metadata.name ?? '', started);
      await world.addPod(job.metadata.name ?? '', { status });
      await world.reconcile().catch(() => {});
      assert.deepEqual(await condition('Ready'), ['False', reason]);
      assert.equal((await condition(progress))[0], 'True');
      const before = await written();
      await world.reconcile().catch(() => {});
      assert.deepEqual(await written(), before);
    });
  }

  test('one that no node takes, beside some that run, makes the source slower and not unready', async () => {
    const job = await startRun(1_200);
    const name = job.metadata.name ?? '';
    await world.setJobStatus(name, { ...started, active: 3, ready: 1 });
    await world.addPod(name, { index: 0, status: runningSince(world.clock.now()) });
    await world.addPod(name, {
      index: 1,
      status: unschedulable('0/1 nodes are available: 1 Insufficient cpu.'),
    });
    await world.reconcile();
    assert.deepEqual(await condition('Ready'), ['True', 'Succeeded']);
    assert.deepEqual(await condition('Degraded'), ['True', 'PodUnschedulable']);
  });

  test('an image that cannot be pulled for ten minutes stalls the source', async () => {
    const job = await startRun();
    await world.setJobStatus(job.metadata.name ?? '', started);
    await world.addPod(job.metadata.name ?? '', { status: waitingFor('ImagePullBackOff', 'not found') });
    await world.reconcile().catch(() => {});
    assert.deepEqual(await condition('Stalled'), [undefined, undefined]);
    await world.clock.advance(10 * minute);
    await world.reconcile();
    assert.deepEqual(await condition('Stalled'), ['True', 'ImagePullFailed']);
  });

  test('pods that are not even made are told with what refuses them, for as long as it does', async () => {
    const job = await startRun();
    const name = job.metadata.name ?? '';
    const refused = { ...started, active: 0, startTime: new Date(world.clock.now()).toISOString() };
    await world.setJobStatus(name, refused);
    await world.tellRefusal(
      job,
      'Error creating: pods "x-0-abcde" is forbidden: exceeded quota: small, requested: pods=1, used: pods=0, limited: pods=0',
    );
    await world.reconcile();
    assert.deepEqual(await condition('Ready'), ['False', 'PodQuotaExceeded']);
    assert.match(await messageOf('Ready'), /ResourceQuota small .* pods\./);
    const before = await written();
    await world.reconcile();
    assert.deepEqual(await written(), before);
    await world.clock.advance(11 * minute);
    await world.reconcile();
    assert.deepEqual(await condition('WorkersAvailable'), ['Unknown', 'WorkersStarting']);
  });

  test('an operator that may not read pods says just that, and the import goes on', async () => {
    world.refused.set('list pods', 403);
    const job = await startRun();
    await world.setJobStatus(job.metadata.name ?? '', started);
    await world.reconcile();
    assert.deepEqual(await condition('Ready'), ['False', 'PodAccessForbidden']);
    assert.match(await messageOf('Ready'), /"list" on pods/);
    await world.setJobStatus(job.metadata.name ?? '', { ...started, ready: 1 });
    await world.reconcile();
    assert.deepEqual(await condition('Ready'), ['True', 'Succeeded']);
  });

  test('an evicted worker is told once, as an event, and is no fault', async () => {
    const job = await startRun();
    const name = job.metadata.name ?? '';
    await world.setJobStatus(name, { ...started, startTime: new Date(world.clock.now()).toISOString() });
    await world.addPod(name, { status: evicted() });
    await world.reconcile();
    await world.reconcile();
    assert.deepEqual(await condition('Ready'), ['True', 'Succeeded']);
    const told = world.events.filter(({ reason }) => reason === 'WorkerEvicted');
    assert.deepEqual(
      told.map(({ type }) => type),
      ['Normal'],
    );
  });

  test('nothing is wrong when the last of them have done their work, and the Job is not closed yet', async () => {
    const job = await startRun();
    await world.setJobStatus(job.metadata.name ?? '', { ...started, active: 0, succeeded: 1 });
    await world.reconcile();
    assert.deepEqual(await condition('Ready'), ['True', 'Succeeded']);
  });

  const endings = [
    [exitCodes.configuration, 'WorkerConfigInvalid', 'Stalled'],
    [exitCodes.credentials, 'WorkerCredentialsRejected', 'Reconciling'],
    [exitCodes.permission, 'WorkerPermissionDenied', 'Reconciling'],
    [exitCodes.transient, 'MaxFailedShardsExceeded', 'Reconciling'],
    [exitCodes.crashed, 'WorkerCrashed', 'Reconciling'],
    [137, 'WorkerCrashed', 'Reconciling'],
  ] as const;
  for (const [exitCode, reason, progress] of endings) {
    test(`a Job that failed with exit code ${exitCode} is told as ${reason}, in the worker's own words`, async () => {
      const job = await startRun();
      const report = { outcome: 'failed', reason: 'Cause', message: 'What was wrong.', files: 0 } as const;
      const message = formatReport({ ...report, records: noRecords });
      await world.addPod(job.metadata.name ?? '', { status: endedWith(exitCode, { message }) });
      await finish(job, 'Failed');
      await world.reconcile().catch(() => {});
      assert.deepEqual(await condition('Ready'), ['False', reason]);
      assert.equal(await messageOf('Ready'), 'Cause: What was wrong.');
      assert.equal((await condition(progress))[0], 'True');
      assert.equal(world.ledger.runs[0]?.outcome, 'Failed');
      await world.reconcile().catch(() => {});
      assert.equal((await world.jobs()).length, 1, 'the next run did not wait');
    });
  }

  test('a Job that failed and left no pod is told all the same', async () => {
    const job = await startRun();
    await finish(job, 'Failed');
    await assert.rejects(world.reconcile(), TransientError);
    assert.deepEqual(await condition('Ready'), ['False', 'MaxFailedShardsExceeded']);
  });
});

suite('workers of a source that cannot be worked on', () => {
  inItsOwnWorld();

  test('stop when the spec makes no sense any more, and go on with what was found when it does again', async () => {
    await startRun(2);
    await world.applySource({ files: { format: 'JSONLines', pattern: { regex: '(' } } });
    await world.reconcile();
    assert.deepEqual(await condition('Accepted'), ['False', 'InvalidPattern']);
    assert.deepEqual([await world.jobs(), world.ledger.wanted], [[], undefined]);
    assert.deepEqual(
      [world.ledger.runs[0]?.outcome, world.ledger.runs[0]?.message],
      [
        'Cancelled',
        'The run was stopped: the spec makes no sense any more, or another source has the ledger.',
      ],
    );
    assert.ok(world.events.some(({ reason }) => reason === 'WorkersStopped'));
    const before = await written();
    await world.reconcile();
    assert.deepEqual(await written(), before);
    await world.applySource();
    await world.reconcile();
    assert.equal((await world.jobs()).length, 1);
  });

  test('[I-14] [C-04] stop when it is suspended, also while its Secret is missing', async () => {
    await startRun();
    await world.client.delete(resourceTypes.secrets, { namespace: world.namespace, name: 'lake-keys' });
    await world.applySource({ suspend: true });
    await world.reconcile();
    assert.deepEqual([await world.jobs(), world.ledger.wanted], [[], undefined]);
  });

  test('stop when the store that they write to is taken away', async () => {
    await startRun();
    await world.client.delete(resourceTypes.eventStores, { namespace: world.namespace, name: 'analytics' });
    await world.reconcile();
    assert.deepEqual(await condition('Ready'), ['False', 'StoreNotFound']);
    assert.deepEqual(await world.jobs(), []);
  });

  test('stop though the ledger cannot be reached', async () => {
    await startRun();
    world.ledger.broken = new TransientError({ reason: 'StoreUnreachable', message: 'Nothing answers.' });
    await world.applySource({ suspend: true, files: { format: 'JSONLines', pattern: { regex: '(' } } });
    await world.reconcile();
    assert.deepEqual(await world.jobs(), []);
  });

  test('go on while a Secret is missing, a dependency is not ready or the store is away', async () => {
    const job = await startRun();
    await world.client.delete(resourceTypes.secrets, { namespace: world.namespace, name: 'lake-keys' });
    await world.reconcile();
    assert.deepEqual(await condition('Ready'), ['False', 'DependencyNotReady']);
    world.ledger.broken = new TransientError({ reason: 'StoreUnreachable', message: 'Nothing answers.' });
    await world.reconcile();
    world.ledger.broken = undefined;
    assert.equal((await onlyJob()).metadata.uid, job.metadata.uid);
    assert.notEqual(world.ledger.wanted, undefined);
  });
});

suite('what goes wrong in a pass', () => {
  inItsOwnWorld();

  test('a bucket that cannot be listed is told, and the files found before are imported', async () => {
    const denied = new TerminalError({ reason: 'ListDenied', message: 'A may not s3:ListBucket.' });
    await startRun();
    world.ledger.counted = { done: 0, failed: 0 };
    await world.clock.advance(minute);
    world.bucket.failNext(denied);
    await assert.rejects(world.reconcile(), (error) => error instanceof TransientError);
    assert.deepEqual(await condition('PermissionsVerified'), ['False', 'ListDenied']);
    assert.equal((await world.jobs()).length, 1);
  });

  test('a bucket that is not there is looked at again in a while, and work under way sooner', async () => {
    const absent = () => new TerminalError({ reason: 'BucketNotFound', message: 'There is none.' });
    world.bucket.failNext(absent());
    const failure = 'BucketNotFound';
    assert.deepEqual(await world.reconcile(), { requeueAfterMs: 10 * minute, failure });
    assert.deepEqual(await condition('Stalled'), ['True', failure]);
    await startRun();
    await world.clock.advance(minute);
    world.bucket.failNext(absent());
    assert.deepEqual(await world.reconcile(), { requeueAfterMs: 10 * second, failure });
  });

  test('a source says nothing new while the store is being opened, as after a change of the leader', async () => {
    await world.reconcile();
    const before = await world.source();
    world.isStoreOpen = false;
    assert.deepEqual(await world.reconcile(), { requeueAfterMs: 30 * second });
    await world.clock.advance(10 * second);
    assert.deepEqual(await world.reconcile(), { requeueAfterMs: 20 * second });
    assert.deepEqual(await world.source(), before);
    await world.clock.advance(20 * second);
    await world.reconcile();
    assert.deepEqual(await condition('Ready'), ['Unknown', 'DependencyNotReady']);
    world.isStoreOpen = true;
    await world.reconcile();
    assert.deepEqual(await condition('Ready'), ['True', 'Succeeded']);
  });

  test('a store that fails, also in the middle of a listing, is told as the store and not as the bucket', async () => {
    world.ledger.broken = new TransientError({ reason: 'StoreUnreachable', message: 'Nothing answers.' });
    assert.deepEqual(await world.reconcile(), { requeueAfterMs: 15 * second });
    assert.deepEqual(await condition('Ready'), ['False', 'DependencyNotReady']);
    world.ledger.broken = undefined;
    await startRun();
    world.ledger.discovery.recordFound = () =>
      Promise.reject(new TransientError({ reason: 'StoreConflict', message: 'Deadlock.' }));
    await world.clock.advance(minute);
    await world.reconcile();
    assert.deepEqual(await condition('ResolvedRefs'), ['False', 'DependencyNotReady']);
    assert.match(
      await messageOf('ResolvedRefs'),
      /^EventStore analytics failed: Deadlock\. Nothing, if it passes; the transaction is tried again\./,
    );
    assert.equal((await world.source()).status.files?.found, 1);
  });

  test('[C-10] no secret turns up in a status, an event or a Job', async () => {
    const job = await startRun();
    await finish(job, 'Failed');
    await world.reconcile().catch(() => {});
    const seen = JSON.stringify([await world.source(), await world.jobs(), world.events]);
    assert.equal(seen.includes('not to be seen anywhere'), false);
    assert.equal(seen.includes('AKIDEXAMPLE'), false);
  });

  test('a Secret that has gone is told, with its name', async () => {
    await world.client.delete(resourceTypes.secrets, { namespace: world.namespace, name: 'lake-keys' });
    await world.reconcile();
    assert.deepEqual(await condition('ResolvedRefs'), ['False', 'DependencyNotReady']);
    assert.match(await messageOf('Ready'), /^S3Connection lake: There is no Secret lake-keys /);
  });
});

suite('how often a pass writes progress', () => {
  inItsOwnWorld();

  test('[I-56] at most every 30 seconds, and what was held back is written when they are over', async () => {
    await startRun(3);
    await world.reconcile();
    const told = async () => (await world.source()).status.files?.imported;
    assert.equal(await told(), 0);
    world.ledger.counted = { done: 1, failed: 0 };
    await world.clock.advance(10 * second);
    await world.reconcile();
    assert.equal(await told(), 0);
    await world.clock.advance(20 * second);
    await world.reconcile();
    assert.equal(await told(), 1);
  });

  test('[I-22] a counter that was held back is not forgotten: the next look comes in time', async () => {
    await finish(await startRun(), 'Complete');
    world.ledger.counted = { done: 1, failed: 0 };
    await world.reconcile();
    await world.reconcile();
    await world.clock.advance(5 * second);
    world.bucket.put('web/0.json', { etag: 'another' });
    await request('now');
    const { requeueAfterMs = Infinity } = await world.reconcile();
    assert.equal((await world.source()).status.files?.overwritten, 0);
    assert.equal(requeueAfterMs, 25 * second);
    await world.clock.advance(requeueAfterMs);
    await world.reconcile();
    assert.equal((await world.source()).status.files?.overwritten, 1);
  });

  test('a person’s request is answered at once', async () => {
    await world.reconcile();
    world.bucket.put('web/a.json');
    await request('now');
    await world.reconcile();
    assert.equal((await world.source()).status.lastHandledReconcileAt, 'now');
    assert.equal(world.ledger.discovery.files.size, 1);
    const looks = world.bucket.calls.listPage;
    await world.reconcile();
    assert.equal(world.bucket.calls.listPage, looks);
  });
});
