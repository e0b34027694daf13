import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import type { TaskIdentity } from '../../../lib/contract/task.ts';
import { planIdentity, type IdentityConfig } from '../../../worker/plan-identity.ts';

const { signal } = new AbortController();

function config(identity: Partial<TaskIdentity>, s3: Partial<IdentityConfig['s3']> = {}): IdentityConfig {
  return {
    task: {
      connection: { region: 'eu-west-1' },
      identity: { base: { kind: 'keys' }, sessionName: 'millrace-acme-lake', ...identity },
    },
    s3: { caPem: undefined, keys: undefined, tokenFile: undefined, ...s3 },
  };
}

suite('how a worker comes to its identity', () => {
  test('by the keys of its variables, and a role over them', () => {
    const keys = { accessKeyId: 'key', secretAccessKey: 'secret' };
    const role = { arn: 'arn:aws:iam::1:role/x', externalId: 'mr-1', durationSeconds: 3600 };
    const plan = planIdentity(config({ role, stsEndpoint: 'https://sts.example' }, { keys }));
    assert.deepEqual(plan, {
      base: { kind: 'keys', credentials: keys },
      role,
      sts: { region: 'eu-west-1', endpoint: 'https://sts.example', caPem: undefined },
      sessionName: 'millrace-acme-lake',
    });
  });

  test('by a token that is read anew each time, since the kubelet renews it', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'millrace-token-'));
    try {
      const tokenFile = join(folder, 'token');
      const base = { kind: 'webIdentity', roleArn: 'arn:aws:iam::1:role/own', audience: 'sts' } as const;
      const plan = planIdentity(config({ base }, { tokenFile }));
      assert.equal(plan.base.kind, 'webIdentity');
      const { token } = plan.base;
      await assert.rejects(token(signal), { reason: 'TokenRequestFailed' });
      await writeFile(tokenFile, 'first\n');
      assert.equal(await token(signal), 'first');
      await writeFile(tokenFile, 'second\n');
      assert.equal(await token(signal), 'second');
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });

  test('by what its environment has', () => {
    assert.deepEqual(planIdentity(config({ base: { kind: 'ambient' } })).base, { kind: 'ambient' });
  });
});
