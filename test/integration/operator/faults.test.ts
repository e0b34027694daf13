import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { gzipSync } from 'node:zlib';
import {
  conditionOf,
  readyOf,
  secretManifest,
  startImportWorld,
  waitFor,
  type ImportWorld,
  type Tenant,
} from '../../support/import-world.ts';
import { connectionManifest, sourceManifest } from '../../support/manifests.ts';
import { testRegion } from '../../support/ministack.ts';
import { lineOf, linesOf, sampleConversion } from '../../support/sample-lines.ts';

async function countEvents(tenant: Tenant): Promise<{ n: number; ids: number } | undefined> {
  const [row] = await tenant.sql<{ n: number; ids: number }>(
    'SELECT count(*)::int AS n, count(DISTINCT insert_id)::int AS ids FROM millrace.events',
  );
  return row;
}

describe('an import that meets faults', () => {
  let world: ImportWorld;

  before(async () => {
    world = await startImportWorld();
  });

  after(async () => {
    await world?.stop();
  });

  it('[C-07] a worker that is killed in the middle of files loses nothing and doubles nothing', async () => {
    const tenant = await world.createTenant({ applySource: false });
    const files = ['a', 'b', 'c'];
    for (const file of files) await tenant.bucket.put(`web/${file}.json.gz`, gzipSync(linesOf(file, 40_000)));
    await tenant.applySource(sampleConversion);
    await waitFor('a worker has committed a part of a file', async () => {
      const rows = await tenant
        .sql<{ n: number }>(
          `SELECT count(*)::int AS n FROM millrace.files WHERE state = 'claimed' AND committed_rows > 0`,
        )
        .catch(() => []);
      return (rows[0]?.n ?? 0) > 0;
    });
    const victims = world.pods.processes().filter(({ key }) => key.namespace === tenant.namespace);
    assert.ok(victims.length > 0, 'no worker runs');
    for (const { pid } of victims) process.kill(pid, 'SIGKILL');
    await tenant.untilImported(files.length);
    assert.deepEqual(await countEvents(tenant), { n: 120_000, ids: 120_000 });
    const records = (await tenant.source()).status.records;
    assert.equal(records?.imported, 120_000);
    assert.equal(records.duplicate, 0);
  });

  it('[C-06] a source most of whose rows are rejected says so, and goes on when the next files are better', async () => {
    const tenant = await world.createTenant({ applySource: false });
    await tenant.bucket.put('web/bad.json.gz', gzipSync(`${lineOf('one', 1)}\nno JSON\nnor this\n`));
    await tenant.applySource(sampleConversion);
    await tenant.untilImported(1);
    await waitFor('it is degraded', async () => {
      const { status } = await tenant.source();
      return conditionOf(status.conditions, 'Degraded')?.reason === 'MostRowsRejected';
    });
    assert.equal(readyOf(await tenant.source()), 'True/Succeeded');
    await tenant.bucket.put('web/good.json.gz', gzipSync(linesOf('good', 10)));
    await waitFor('it is well again', async () => {
      const { status } = await tenant.source();
      return status.files?.imported === 2 && conditionOf(status.conditions, 'Degraded') === undefined;
    });
  });

  it('[I-28] a broken file fails loudly and leaves nothing; the others are imported', async () => {
    const tenant = await world.createTenant({ applySource: false });
    const whole = gzipSync(linesOf('cut', 20_000));
    await tenant.bucket.put('web/cut.json.gz', whole.subarray(0, whole.length - 100));
    await tenant.bucket.put('web/good.json.gz', gzipSync(linesOf('good', 100)));
    await tenant.applySource(sampleConversion);
    const source = await tenant.untilImported(2);
    assert.equal(readyOf(source), 'True/Succeeded');
    assert.equal(conditionOf(source.status.conditions, 'Degraded')?.reason, 'FilesFailed');
    assert.equal(source.status.files?.failed, 1);
    const [failure] = source.status.lastFailures ?? [];
    assert.equal(failure?.reason, 'TruncatedGzip');
    assert.match(failure.message, /written or uploaded\.$/);
    assert.equal(failure.cure, 'Upload the whole file under a new key.');
    assert.deepEqual(await countEvents(tenant), { n: 100, ids: 100 });
    const described = async () =>
      await world.controlPlane.kubectl(['describe', 's3importsource', 'web-events', '-n', tenant.namespace]);
    await waitFor('its events say so', async () =>
      (await described()).includes('ended: CompletedWithFailures'),
    );
    const events = await described();
    assert.match(events, /Normal +WorkersCreated .* Run 1 begins with \d/);
    assert.match(events, /Warning +FilesFailed .* Some files were given up; status\.lastFailures says why/);
    assert.match(
      events,
      /Warning +WorkersCompleted .* Run \d ended: CompletedWithFailures\. Files: \d imported, 1 given up/,
    );
  });

  it('[P-09] a wrong secret key is named, and a corrected Secret takes effect by itself', async () => {
    const tenant = await world.createTenant({ applySource: false });
    await tenant.bucket.put('web/a.json', linesOf('a', 10));
    await tenant.apply(
      secretManifest('wrong-keys', { accessKeyID: tenant.keys.accessKeyId, secretAccessKey: 'wrong/key' }),
    );
    await tenant.apply(
      connectionManifest(
        {
          region: testRegion,
          endpoint: world.s3.endpoint,
          stsEndpoint: world.s3.endpoint,
          forcePathStyle: true,
          credentials: { secretRef: { name: 'wrong-keys' } },
        },
        { name: 'wrong' },
      ),
      sourceManifest({ ...sampleConversion, bucket: tenant.bucket.name, connectionRef: { name: 'wrong' } }),
    );
    const told = async () =>
      await world.controlPlane.kubectl([
        'get',
        's3connection',
        'wrong',
        '-n',
        tenant.namespace,
        '-o',
        'jsonpath={.status.conditions[?(@.type=="Ready")].reason} {.status.conditions[?(@.type=="Ready")].message}',
      ]);
    await waitFor('the connection says so', async () => (await told()).startsWith('SignatureDoesNotMatch'));
    assert.equal((await told()).includes('wrong/key'), false);
    const waiting = await tenant.until('the source waits for its connection', (source) =>
      readyOf(source).endsWith('/DependencyNotReady'),
    );
    assert.match(conditionOf(waiting.status.conditions, 'Ready')?.message ?? '', /S3Connection wrong/);
    await tenant.apply(
      secretManifest('wrong-keys', {
        accessKeyID: tenant.keys.accessKeyId,
        secretAccessKey: tenant.keys.secretAccessKey,
      }),
    );
    await tenant.requestReconcile('s3connection', 'wrong');
    await tenant.untilImported(1);
    assert.deepEqual(await countEvents(tenant), { n: 10, ids: 10 });
  });

  it('a bucket that is not there and a listing that is denied are told apart, with the cure', async () => {
    const tenant = await world.createTenant({ applySource: false });
    const absent = sourceManifest({ ...sampleConversion, bucket: tenant.bucket.name, prefix: 'web/' });
    await tenant.bucket.setPolicy([
      {
        Effect: 'Deny',
        Principal: '*',
        Action: 's3:ListBucket',
        Resource: `arn:aws:s3:::${tenant.bucket.name}`,
      },
    ]);
    await tenant.apply(absent);
    const denied = await tenant.until('the denial is told', ({ status }) =>
      ['ExplicitDeny', 'ListDenied'].includes(
        conditionOf(status.conditions, 'PermissionsVerified')?.reason ?? '',
      ),
    );
    const message = conditionOf(denied.status.conditions, 'Ready')?.message ?? '';
    assert.match(message, /s3:ListBucket/);
    assert.match(message, new RegExp(tenant.keys.arn));
  });

  it('[C-04] an operator that is stopped in the middle and started anew goes on where it was', async () => {
    const tenant = await world.createTenant({ applySource: false });
    for (let file = 0; file < 8; file += 1) {
      await tenant.bucket.put(`web/${file}.json`, linesOf(`f${file}`, 5_000));
    }
    await tenant.applySource(sampleConversion);
    await waitFor('work has begun', async () => (await tenant.jobs()).length > 0);
    const begun = await tenant.until('it is Ready', (source) => readyOf(source) === 'True/Succeeded');
    const readySince = conditionOf(begun.status.conditions, 'Ready')?.lastTransitionTime;
    await world.restartOperator(async () => {
      await tenant.bucket.put('web/late.json', linesOf('late', 100));
    });
    const source = await tenant.untilImported(9);
    // Whoever waits for Ready is not told that the operator was not there.
    assert.equal(conditionOf(source.status.conditions, 'Ready')?.lastTransitionTime, readySince);
    assert.deepEqual(await countEvents(tenant), { n: 40_100, ids: 40_100 });
  });

  it('a file that appears when the workers have just ended is not forgotten', async () => {
    const tenant = await world.createTenant({
      source: { ...sampleConversion, workers: { max: 1, lingerSeconds: 0 } },
    });
    for (let round = 1; round <= 3; round += 1) {
      await tenant.bucket.put(`web/${round}.json`, linesOf(`r${round}`, 10));
      await tenant.untilImported(round);
    }
    assert.deepEqual(await countEvents(tenant), { n: 30, ids: 30 });
  });

  it('deleting a source leaves its events and lets its Jobs go, whatever is gone before', async () => {
    const tenant = await world.createTenant({ source: sampleConversion });
    await tenant.bucket.put('web/a.json', linesOf('a', 10));
    await tenant.untilImported(1);
    await world.controlPlane.kubectl(['delete', 'secret', 'lake-keys', '-n', tenant.namespace]);
    await world.controlPlane.kubectl([
      'delete',
      's3importsource',
      'web-events',
      '-n',
      tenant.namespace,
      '--timeout=60s',
    ]);
    await waitFor('its Jobs are gone', async () => (await tenant.jobs()).length === 0);
    assert.deepEqual(await countEvents(tenant), { n: 10, ids: 10 });
  });
});
