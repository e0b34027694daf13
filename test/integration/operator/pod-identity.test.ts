import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { S3Connection } from '../../../crds/generated/s3-connection.ts';
import { resourceTypes } from '../../../operator/resource-types.ts';
import {
  conditionOf,
  readyOf,
  startImportWorld,
  waitFor,
  type ImportWorld,
  type Tenant,
} from '../../support/import-world.ts';
import { connectionManifest, sourceManifest } from '../../support/manifests.ts';
import { readStatements, testRegion } from '../../support/ministack.ts';
import { linesOf, sampleConverter } from '../../support/sample-lines.ts';
import { startPodCredentials, type PodCredentials } from '../../support/pod-credentials.ts';

describe('connections whose identity only pods hold', () => {
  let world: ImportWorld;
  let agent: PodCredentials;

  before(async () => {
    agent = await startPodCredentials();
    world = await startImportWorld({ podEnvironment: agent.environment });
  });

  after(async () => {
    await world.stop();
    await agent.stop();
  });

  async function connectionOf({ namespace }: Tenant): Promise<S3Connection> {
    const key = { namespace, name: 'by-pod' };
    return await world.controlPlane.client.get<S3Connection>(resourceTypes.s3Connections, key);
  }

  async function untilReady(tenant: Tenant, ready: string): Promise<S3Connection> {
    let seen = await connectionOf(tenant);
    await waitFor(`the connection is ${ready}`, async () => {
      seen = await connectionOf(tenant);
      return readyOf(seen) === ready;
    }).catch((error: unknown) => {
      throw new Error(`${String(error)}: ${JSON.stringify(seen.status)}`, { cause: error });
    });
    return seen;
  }

  async function applyConnection(tenant: Tenant): Promise<void> {
    const { endpoint } = world.s3;
    await tenant.apply(
      { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'importer' } },
      connectionManifest(
        {
          region: testRegion,
          endpoint,
          stsEndpoint: endpoint,
          forcePathStyle: true,
          credentials: { serviceAccountName: 'importer' },
        },
        { name: 'by-pod' },
      ),
    );
  }

  it('[I-06] a pod says who it is, once, and an operator that is started anew asks nobody again', async () => {
    const tenant = await world.createTenant({ applySource: false });
    const user = await world.s3.createUser([]);
    agent.serve(user);
    await applyConnection(tenant);
    const ready = await untilReady(tenant, 'True/Succeeded');
    assert.equal(ready.status.principal, user.arn);

    const jobs = await tenant.jobs();
    assert.equal(jobs.length, 1);
    await world.restartOperator();
    await tenant.requestReconcile('s3connection', 'by-pod');
    const handled = (seen: S3Connection) =>
      seen.status.lastHandledReconcileAt !== undefined &&
      seen.status.lastHandledReconcileAt === seen.metadata.annotations?.['millrace.dev/requestedAt'];
    await waitFor('the request was handled', async () => handled(await connectionOf(tenant)));
    const later = await tenant.jobs();
    assert.equal(later.length, 2, 'one of the first look, one of the request');
    assert.ok(later.some(({ metadata }) => metadata.uid === jobs[0]?.metadata.uid));
    assert.equal(readyOf(await connectionOf(tenant)), 'True/Succeeded');
    assert.ok(!JSON.stringify(later).includes(user.secretAccessKey));
  });

  it('[P-01] a ServiceAccount without an association is told, and cured by a request', async () => {
    const tenant = await world.createTenant({ applySource: false });
    agent.serve(undefined);
    await applyConnection(tenant);
    const refused = await untilReady(tenant, 'False/AuthenticationFailed');
    assert.match(conditionOf(refused.status.conditions, 'Authenticated')?.message ?? '', /No credentials/);
    agent.serve(await world.s3.createUser([]));
    await tenant.requestReconcile('s3connection', 'by-pod');
    await untilReady(tenant, 'True/Succeeded');
  });

  it('[I-06] [P-01] a pod looks at the bucket, names the one action that is denied, and what it finds is imported', async () => {
    const tenant = await world.createTenant({ applySource: false });
    const user = await world.s3.createUser(readStatements(tenant.bucket.name).slice(0, 1));
    agent.serve(user);
    await tenant.bucket.put('web/a.json', linesOf('a', 20));
    await applyConnection(tenant);
    await untilReady(tenant, 'True/Succeeded');
    await tenant.apply(
      sourceManifest({
        connectionRef: { name: 'by-pod' },
        bucket: tenant.bucket.name,
        discovery: { interval: '5s' },
        workers: { max: 1, lingerSeconds: 1 },
        conversion: { amplitude: { convertToAmplitudeFunc: sampleConverter } },
      }),
    );
    const denied = await tenant.until(
      'reading is denied',
      (source) => readyOf(source) === 'False/ReadDenied',
    );
    const results = denied.status.permissions?.map(({ action, result }) => `${action} ${result}`);
    assert.deepEqual(results, ['s3:ListBucket Allowed', 's3:GetObject Denied']);

    await user.setPolicy(denied.status.policies?.read ?? '');
    await tenant.requestReconcile('s3importsource', 'web-events');
    await tenant.untilImported(1);
    const [events] = await tenant.sql<{ n: number }>('SELECT count(*)::int AS n FROM millrace.events');
    assert.equal(events?.n, 20);
    await tenant.until('the source is Ready', (source) => readyOf(source).startsWith('True/'));
    const looks = (await tenant.jobs()).filter(({ metadata }) => metadata.name?.startsWith('discover-'));
    assert.ok(looks.length > 0 && looks.length <= 3, `${looks.length} looks are kept`);
  });
});
