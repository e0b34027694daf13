import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { runMillrace } from '../../support/millrace-command.ts';
import { connectionManifest, sourceManifest, storeManifest } from '../../support/manifests.ts';
import {
  startMiniStack,
  testRegion,
  type MiniStack,
  type TestBucket,
  type TestRole,
  type TestUser,
} from '../../support/ministack.ts';
import { reasonToSkipMiniStack } from '../../support/ministack/install.ts';

describe('millrace check and millrace policy', { skip: await reasonToSkipMiniStack() }, () => {
  let folder: string;
  let s3: MiniStack;
  let bucket: TestBucket;
  let user: TestUser;
  let role: TestRole;
  let path: string;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'millrace-check-'));
    s3 = await startMiniStack();
    bucket = await s3.createBucket();
    await bucket.put('web/1.json', '{}\n');
    user = await s3.createUser([]);
    role = await s3.createRole();
    const manifests = [
      {
        apiVersion: 'v1',
        kind: 'Secret',
        metadata: { name: 'lake-keys' },
        stringData: { accessKeyID: user.accessKeyId, secretAccessKey: user.secretAccessKey },
      },
      connectionManifest({
        region: testRegion,
        endpoint: s3.endpoint,
        stsEndpoint: s3.endpoint,
        forcePathStyle: true,
        role: { arn: role.arn, externalID: 'acme-42' },
      }),
      storeManifest(),
      sourceManifest({ bucket: bucket.name }),
    ];
    path = join(folder, 'source.yaml');
    await writeFile(path, manifests.map((one) => JSON.stringify(one)).join('\n---\n'));
  });

  after(async () => {
    await s3?.stop();
    await rm(folder, { recursive: true, force: true });
  });

  const policyOf = async (only: string, ...more: readonly string[]) =>
    (await runMillrace(['policy', '-f', path, '--only', only, ...more])).stdout;

  it('[I-07] [I-08] [I-11] [P-04] [P-06] [R-04] what policy prints makes check pass, step by step', async () => {
    const denied = await runMillrace(['check', '-f', path]);
    assert.equal(denied.code, 1);
    assert.match(denied.stdout, /sts:AssumeRole +arn:aws:iam::\d+:role\/\S+ +Failed +AssumeRoleDenied/);

    await role.setTrust(await policyOf('trust', '--principal', user.arn));
    await user.setPolicy(await policyOf('caller'));
    const assumed = await runMillrace(['check', '-f', path]);
    assert.equal(assumed.code, 1);
    assert.match(assumed.stdout, /sts:AssumeRole .*Allowed/);
    assert.match(assumed.stdout, /s3:ListBucket .*Denied +ListDenied/);
    assert.match(assumed.stderr, /Add to its policy the statement \{"Sid":"ListObjects"/);

    await role.setPolicy(await policyOf('read'));
    const allowed = await runMillrace(['check', '-f', path]);
    assert.deepEqual([allowed.code, allowed.stderr], [0, '']);
    assert.match(allowed.stdout, /s3:GetObject .*Allowed/);
    for (const { stdout, stderr } of [denied, assumed, allowed]) {
      assert.ok(!`${stdout}${stderr}`.includes(user.secretAccessKey));
    }
  });

  it('a policy that does not follow from the manifests is said to be missing', async () => {
    const { code, stderr } = await runMillrace(['policy', '-f', path, '--only', 'trust']);
    assert.equal(code, 1);
    assert.match(stderr, /there is no policy trust/);
  });
});
