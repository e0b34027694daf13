import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { S3Connection } from '../../../crds/generated/s3-connection.ts';
import type { S3ImportSource } from '../../../crds/generated/s3-import-source.ts';
import { openS3 } from '../../../lib/aws/s3.ts';
import { conditionOf } from '../../support/import-world.ts';
import { createConnectionWorld, type ConnectionWorld } from '../../support/connection-world.ts';
import { lintConditions } from '../../support/lint-conditions.ts';
import { startMemoryApi, type MemoryApi } from '../../support/memory-api.ts';
import {
  readStatements,
  startMiniStack,
  testRegion,
  type MiniStack,
  type TestRole,
  type TestUser,
} from '../../support/ministack.ts';
import { createSourceWorld, type SourceWorld } from '../../support/source-world.ts';

let s3: MiniStack;
let api: MemoryApi;

before(async () => {
  s3 = await startMiniStack();
  api = startMemoryApi();
  await api.createNamespace('millrace');
  await api.transport.request({
    method: 'POST',
    path: '/api/v1/namespaces',
    body: { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'millrace-system' } },
  });
});

after(async () => {
  await api.stop();
  await s3.stop();
});

function ready({ status }: S3Connection | S3ImportSource): string {
  const { status: is, reason } = conditionOf(status.conditions, 'Ready') ?? {};
  return `${is}/${reason}`;
}

function readyMessage({ status }: S3Connection | S3ImportSource): string {
  return conditionOf(status.conditions, 'Ready')?.message ?? '';
}

interface Statements {
  readonly Version: string;
  readonly Statement: readonly { readonly Sid: string }[];
}

/** The policy without the statement of that name. */
function without(document: string, sid: string): string {
  const policy = JSON.parse(document) as Statements;
  const kept = policy.Statement.filter((statement) => statement.Sid !== sid);
  assert.equal(kept.length, policy.Statement.length - 1);
  return JSON.stringify({ ...policy, Statement: kept });
}

interface RoleWorld {
  readonly world: ConnectionWorld;
  readonly user: TestUser;
  readonly role: TestRole;
}

/** A user that may do nothing, a role that trusts nobody, and a connection that assumes it. */
async function createRoleWorld(): Promise<RoleWorld> {
  const namespace = await api.createNamespace('acme');
  const world = createConnectionWorld({ transport: api.transport, namespace });
  const user = await s3.createUser([]);
  const role = await s3.createRole();
  await world.applySecret('lake-keys', {
    accessKeyID: user.accessKeyId,
    secretAccessKey: user.secretAccessKey,
  });
  await world.applyConnection({
    region: testRegion,
    endpoint: s3.endpoint,
    stsEndpoint: s3.endpoint,
    forcePathStyle: true,
    role: { arn: role.arn },
  });
  return { world, user, role };
}

describe('a connection by a role', () => {
  it('[I-06] [I-07] [P-01] [P-02] [P-03] [P-04] [R-01] [R-04] tells the policies that make it Ready, and names the one that is missing', async () => {
    const { world, user, role } = await createRoleWorld();
    const before = await world.reconcile();
    assert.equal(ready(before), 'False/AssumeRoleDenied');
    const { trust = '', caller = '' } = before.status.policies ?? {};
    assert.equal(before.status.caller, user.arn);
    assert.match(before.status.externalID ?? '', /^mr-[0-9a-f]{32}$/);
    assert.match(readyMessage(before), new RegExp(`${user.arn} may not sts:AssumeRole on ${role.arn}`));

    await role.setTrust(trust);
    await user.setPolicy(caller);
    const granted = await world.reconcile();
    assert.equal(ready(granted), 'True/Succeeded');
    assert.match(granted.status.principal ?? '', new RegExp(`assumed-role/${role.name}/millrace-acme`));

    await user.setPolicy(undefined);
    const callerDenied = await world.reconcile();
    assert.equal(ready(callerDenied), 'False/AssumeRoleDenied');
    assert.match(
      readyMessage(callerDenied),
      /no identity-based policy allows it\. Add to its policy .*"AssumeRole"/,
    );

    await user.setPolicy(caller);
    await role.setTrust(trust.replace(before.status.externalID ?? '', 'another-id'));
    const trustDenied = await world.reconcile();
    assert.match(readyMessage(trustDenied), new RegExp(`sts:ExternalId ${before.status.externalID}`));
    for (const seen of [before, granted, callerDenied, trustDenied])
      assert.deepEqual(lintConditions(seen), []);
  });

  it('[P-07] [C-10] notices at the next look that the role was taken away, and tells no secret', async () => {
    const { world, user, role } = await createRoleWorld();
    const { trust = '', caller = '' } = (await world.reconcile()).status.policies ?? {};
    await role.setTrust(trust);
    await user.setPolicy(caller);
    assert.equal(ready(await world.reconcile()), 'True/Succeeded');
    await role.setTrust(trust.replace('"Allow"', '"Deny"'));
    const seen = await world.reconcile();
    assert.equal(ready(seen), 'False/AssumeRoleDenied');
    assert.ok(!JSON.stringify([seen, world.events]).includes(user.secretAccessKey));
  });

  it('writes the same status at a second look', async () => {
    const { world } = await createRoleWorld();
    const first = await world.reconcile();
    const second = await world.reconcile();
    assert.equal(second.metadata.resourceVersion, first.metadata.resourceVersion);
  });

  it('[P-09] takes a changed Secret at the next look', async () => {
    const { world, user } = await createRoleWorld();
    await world.applySecret('lake-keys', {
      accessKeyID: 'AKIAUNKNOWN000000000',
      secretAccessKey: 'x'.repeat(40),
    });
    assert.equal(ready(await world.reconcile()), 'False/InvalidAccessKeyId');
    await world.applySecret('lake-keys', {
      accessKeyID: user.accessKeyId,
      secretAccessKey: user.secretAccessKey,
    });
    assert.equal(ready(await world.reconcile()), 'False/AssumeRoleDenied');
  });

  it('[R-02] an access key is possible, and is said to be advised against unless it ends by itself', async () => {
    const { world, user } = await createRoleWorld();
    const own = { region: testRegion, endpoint: s3.endpoint, stsEndpoint: s3.endpoint, forcePathStyle: true };
    await world.applyConnection(own, 'plain');
    const signedIn = async () => {
      const { conditions } = (await world.reconcile('plain')).status;
      const { status, message = '' } = conditions?.find(({ type }) => type === 'Authenticated') ?? {};
      assert.equal(status, 'True');
      return message;
    };
    assert.match(
      await signedIn(),
      new RegExp(`as ${user.arn}\\. .* advises against: a ServiceAccount with a role`),
    );
    const session = await s3.createSession(readStatements('lake'), 3_600);
    await world.applySecret('lake-keys', {
      accessKeyID: session.accessKeyId,
      secretAccessKey: session.secretAccessKey,
      sessionToken: session.sessionToken ?? '',
    });
    assert.doesNotMatch(await signedIn(), /advises against/);
  });

  it('[P-09] tells once that a changed Secret is used from now on', async () => {
    const { world, user } = await createRoleWorld();
    const own = { region: testRegion, endpoint: s3.endpoint, stsEndpoint: s3.endpoint, forcePathStyle: true };
    await world.applyConnection(own, 'plain');
    const rotations = () => world.events.filter(({ reason }) => reason === 'CredentialsRotated').length;
    assert.equal((await world.reconcile('plain')).status.principal, user.arn);
    const successor = await s3.createUser([]);
    const { accessKeyId: accessKeyID, secretAccessKey } = successor;
    await world.applySecret('lake-keys', { accessKeyID, secretAccessKey });
    assert.equal(rotations(), 0);
    for (let look = 0; look < 2; look += 1) {
      assert.equal((await world.reconcile('plain')).status.principal, successor.arn);
      assert.equal(rotations(), 1);
    }
    assert.ok(!JSON.stringify(world.events).includes(secretAccessKey));
  });

  it('keeps its external id through a lost status, and gives it to no other connection of its name', async () => {
    const { world, role } = await createRoleWorld();
    const first = (await world.reconcile()).status.externalID;
    assert.equal((await world.reconcile()).status.externalID, first);
    const spec = {
      region: testRegion,
      endpoint: s3.endpoint,
      stsEndpoint: s3.endpoint,
      role: { arn: role.arn },
    };
    await world.applyConnection(spec, 'other');
    assert.notEqual((await world.reconcile('other')).status.externalID, first);
    await world.deleteConnection();
    await world.reconcile().catch(() => {});
    await world.applyConnection(spec);
    assert.notEqual((await world.reconcile()).status.externalID, first);
  });

  it('an external id of one’s own is used as it is', async () => {
    const { world, user, role } = await createRoleWorld();
    await world.applyConnection(
      {
        region: testRegion,
        endpoint: s3.endpoint,
        stsEndpoint: s3.endpoint,
        role: { arn: role.arn, externalID: 'chosen-42' },
      },
      'chosen',
    );
    const { status } = await world.reconcile('chosen');
    assert.equal(status.externalID, 'chosen-42');
    await role.setTrust(status.policies?.trust ?? '');
    await user.setPolicy(status.policies?.caller);
    assert.equal(ready(await world.reconcile('chosen')), 'True/Succeeded');
  });
});

describe('a source with the policy of its status', () => {
  let user: TestUser;
  let world: SourceWorld;

  before(async () => {
    const bucket = await s3.createBucket({ name: 'acme-events' });
    await bucket.put('web/1.json', '{}\n');
    await bucket.put('other/1.json', '{}\n');
    user = await s3.createUser([]);
    const options = { region: testRegion, endpoint: s3.endpoint, forcePathStyle: true, credentials: user };
    world = await createSourceWorld({ objects: openS3(options) });
  });

  after(() => world.stop());

  async function look(): Promise<S3ImportSource> {
    await world.clock.advance(30 * 60_000);
    await world.reconcile().catch(() => {});
    const source = await world.source();
    assert.deepEqual(lintConditions(source), []);
    return source;
  }

  const results = ({ status }: S3ImportSource) =>
    (status.permissions ?? []).map(({ action, result }) => `${action} ${result}`);

  it('[I-08] [I-11] [C-01] [C-06] is Ready with it, and with one statement removed names just that one', async () => {
    const denied = await look();
    assert.equal(ready(denied), 'False/ListDenied');
    const read = denied.status.policies?.read ?? '';
    assert.match(
      readyMessage(denied),
      /may not s3:ListBucket on arn:aws:s3:::acme-events.*"Sid":"ListObjects"/,
    );
    assert.deepEqual(results(denied), ['s3:ListBucket Denied', 's3:GetObject Unknown']);

    await user.setPolicy(read);
    const granted = await look();
    assert.equal(ready(granted), 'True/Succeeded');
    assert.deepEqual(results(granted), ['s3:ListBucket Allowed', 's3:GetObject Allowed']);

    await user.setPolicy(without(read, 'ReadObjects'));
    const readDenied = await look();
    assert.equal(ready(readDenied), 'False/ReadDenied');
    assert.match(
      readyMessage(readDenied),
      /may not s3:GetObject on arn:aws:s3:::acme-events\/web\/\*.*"Sid":"ReadObjects"/,
    );
    assert.deepEqual(results(readDenied), ['s3:ListBucket Allowed', 's3:GetObject Denied']);

    await user.setPolicy(without(read, 'ListObjects'));
    const listDenied = await look();
    assert.equal(ready(listDenied), 'False/ListDenied');
    assert.ok(!readyMessage(listDenied).includes('s3:GetObject'));
  });

  it('the policy admits the prefix and nothing beside it', async () => {
    await user.setPolicy((await world.source()).status.policies?.read ?? '');
    const options = { region: testRegion, endpoint: s3.endpoint, forcePathStyle: true, credentials: user };
    const objects = openS3(options);
    const signal = AbortSignal.timeout(60_000);
    const bucket = 'acme-events';
    await assert.rejects(objects.listPage({ bucket, prefix: '' }, signal), { reason: 'ListDenied' });
    await assert.rejects(objects.open({ bucket, key: 'other/1.json' }, signal), { reason: 'ReadDenied' });
    objects.close();
  });

  it('a denied read finds files all the same, and starts no worker that could read none', async () => {
    await user.setPolicy(without((await world.source()).status.policies?.read ?? '', 'ReadObjects'));
    const source = await look();
    assert.equal(source.status.files?.pending, 1);
  });
});
