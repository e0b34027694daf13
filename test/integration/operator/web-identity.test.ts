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
import { testRegion, type TestRole } from '../../support/ministack.ts';
import { linesOf, sampleConverter } from '../../support/sample-lines.ts';

/** MiniStack does not compare the audience of a token of Kubernetes, which is a list of one; AWS does. */
function withoutAudience(document: string): string {
  return document.replace(/,\s*"[^"]+:aud": "sts.amazonaws.com"/, '');
}

describe('imports under a ServiceAccount', () => {
  let world: ImportWorld;

  before(async () => {
    world = await startImportWorld();
  });

  after(() => world.stop());

  async function connectionOf({ namespace }: Tenant, name: string): Promise<S3Connection> {
    return await world.controlPlane.client.get<S3Connection>(resourceTypes.s3Connections, {
      namespace,
      name,
    });
  }

  async function untilConnection(tenant: Tenant, name: string, ready: string): Promise<S3Connection> {
    let seen = await connectionOf(tenant, name);
    await waitFor(`connection ${name} is ${ready}`, async () => {
      seen = await connectionOf(tenant, name);
      return readyOf(seen) === ready;
    }).catch((error: unknown) => {
      throw new Error(`${String(error)}: ${JSON.stringify(seen.status)}`, { cause: error });
    });
    return seen;
  }

  /** A ServiceAccount that names the role, and a connection by it. */
  async function applyAccount(tenant: Tenant, own: TestRole, role?: TestRole): Promise<void> {
    await tenant.apply(
      {
        apiVersion: 'v1',
        kind: 'ServiceAccount',
        metadata: { name: 'importer', annotations: { 'eks.amazonaws.com/role-arn': own.arn } },
      },
      connectionManifest(
        {
          region: testRegion,
          endpoint: world.s3.endpoint,
          stsEndpoint: world.s3.endpoint,
          forcePathStyle: true,
          credentials: { serviceAccountName: 'importer' },
          ...(role === undefined ? {} : { role: { arn: role.arn } }),
        },
        { name: 'by-account' },
      ),
    );
  }

  it('[I-06] [P-01] [R-01] [P-07] no key is stored: the token of the account, its role and the role over it read the bucket, operator and worker alike', async () => {
    const tenant = await world.createTenant({ applySource: false });
    const [own, role] = [await world.s3.createRole(), await world.s3.createRole()];
    await applyAccount(tenant, own, role);
    const denied = await untilConnection(tenant, 'by-account', 'False/AssumeRoleDenied');
    const { webIdentity = '', caller = '' } = denied.status.policies ?? {};
    const issuer = /oidc-provider\/([^"]+)"/.exec(webIdentity)?.[1] ?? '';
    await world.s3.createOidcProvider(`https://${issuer}`);
    await own.setTrust(withoutAudience(webIdentity));
    await own.setPolicy(caller);
    await tenant.requestReconcile('s3connection', 'by-account');
    let identified = denied;
    await waitFor('the account is known', async () => {
      identified = await connectionOf(tenant, 'by-account');
      return identified.status.caller !== undefined;
    });
    await role.setTrust(identified.status.policies?.trust ?? '');
    await tenant.requestReconcile('s3connection', 'by-account');
    const ready = await untilConnection(tenant, 'by-account', 'True/Succeeded');
    assert.match(webIdentity, /:aud": "sts.amazonaws.com"/);
    assert.match(ready.status.principal ?? '', new RegExp(`assumed-role/${role.name}/`));

    await tenant.bucket.put('web/a.json', linesOf('a', 20));
    await tenant.apply(
      sourceManifest({
        connectionRef: { name: 'by-account' },
        bucket: tenant.bucket.name,
        discovery: { interval: '5s' },
        workers: { max: 1, lingerSeconds: 1 },
        conversion: { amplitude: { convertToAmplitudeFunc: sampleConverter } },
      }),
    );
    const waiting = await tenant.until(
      'the listing is denied',
      (source) => readyOf(source) === 'False/ListDenied',
    );
    await role.setPolicy(waiting.status.policies?.read ?? '');
    await tenant.requestReconcile('s3importsource', 'web-events');
    await tenant.untilImported(1);
    const [events] = await tenant.sql<{ n: number }>('SELECT count(*)::int AS n FROM millrace.events');
    assert.equal(events?.n, 20);
    const pods = await world.controlPlane.client.list(resourceTypes.pods, { namespace: tenant.namespace });
    assert.ok(!JSON.stringify(pods.items).includes('secretAccessKey'));

    const { metric } = world.operator;
    const key = { namespace: tenant.namespace, name: 'by-account' };
    const endsAt = (await metric('millrace_credentials_expiry_timestamp_seconds', key)) ?? 0;
    assert.ok(endsAt > Date.now() / 1000 && endsAt < Date.now() / 1000 + 4_000, `${endsAt}`);
    for (const mode of ['webIdentity', 'role']) {
      const renewed = await metric('millrace_credential_refresh_total', { mode, outcome: 'renewed' });
      assert.ok((renewed ?? 0) > 0, mode);
    }

    await role.setTrust((identified.status.policies?.trust ?? '').replace('"Allow"', '"Deny"'));
    await tenant.requestReconcile('s3connection', 'by-account');
    const revoked = await untilConnection(tenant, 'by-account', 'False/AssumeRoleDenied');
    assert.match(conditionOf(revoked.status.conditions, 'Ready')?.message ?? '', /may not sts:AssumeRole/);
  });

  it('a ServiceAccount that is not there is waited for', async () => {
    const tenant = await world.createTenant({ applySource: false });
    await tenant.apply(
      connectionManifest(
        {
          region: testRegion,
          endpoint: world.s3.endpoint,
          stsEndpoint: world.s3.endpoint,
          credentials: { serviceAccountName: 'nobody' },
        },
        { name: 'by-nobody' },
      ),
    );
    await untilConnection(tenant, 'by-nobody', 'False/ServiceAccountNotFound');
  });

  it('ambient credentials are refused in a cluster, and tokens go to no foreign address that the settings do not name', async () => {
    const tenant = await world.createTenant({ applySource: false });
    const foreign = 'https://sts.example.com';
    await tenant.apply(
      connectionManifest({ credentials: { ambient: {} } }, { name: 'ambient' }),
      { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'importer' } },
      connectionManifest(
        { stsEndpoint: foreign, credentials: { serviceAccountName: 'importer' } },
        { name: 'foreign' },
      ),
    );
    await untilConnection(tenant, 'ambient', 'False/IdentityNotAllowed');
    const { status } = await untilConnection(tenant, 'foreign', 'False/IdentityNotAllowed');
    assert.match(conditionOf(status.conditions, 'Accepted')?.message ?? '', /MILLRACE_TRUSTED_ENDPOINTS/);
  });
});
