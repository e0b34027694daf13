import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { S3Client } from '@aws-sdk/client-s3';
import { STSClient } from '@aws-sdk/client-sts';
import { fromAwsError } from '../../lib/aws/errors.ts';
import { readPolicy } from '../../lib/aws/policies.ts';
import { messageOf } from '../../lib/errors.ts';
import { readProjectFile } from '../support/project-files.ts';

const regions = [
  { region: 'us-east-1', partition: 'aws', domain: 'amazonaws.com' },
  { region: 'eu-central-1', partition: 'aws', domain: 'amazonaws.com' },
  { region: 'us-gov-west-1', partition: 'aws-us-gov', domain: 'amazonaws.com' },
  { region: 'cn-north-1', partition: 'aws-cn', domain: 'amazonaws.com.cn' },
] as const;

/** The host that an error tells of, where a name is not known. */
function toldHost(service: 's3' | 'sts', region: string): string {
  const cause = Object.assign(new Error('getaddrinfo ENOTFOUND'), { code: 'ENOTFOUND' });
  const action = service === 's3' ? 's3:ListBucket' : 'sts:GetCallerIdentity';
  const error = fromAwsError(cause, { action, region });
  return /\b(?:s3|sts)\.[\w.-]*\w/u.exec(messageOf(error))?.[0] ?? messageOf(error);
}

suite('where AWS is asked', () => {
  for (const { region, partition, domain } of regions) {
    test(`[I-09] the region ${region} chooses the addresses of S3 and STS, and the partition of policies`, () => {
      const s3 = new S3Client({ region }).config.endpointProvider({ Region: region, Bucket: 'acme-events' });
      assert.equal(s3.url.host, `acme-events.s3.${region}.${domain}`);
      assert.equal(toldHost('s3', region), `s3.${region}.${domain}`);
      const sts = new STSClient({ region }).config.endpointProvider({
        Region: region,
        UseGlobalEndpoint: false,
      });
      assert.equal(sts.url.host, `sts.${region}.${domain}`);
      assert.equal(toldHost('sts', region), `sts.${region}.${domain}`);
      const [list] = readPolicy({ bucket: 'acme-events', prefix: '', region }).Statement;
      assert.equal(list?.Resource, `arn:${partition}:s3:::acme-events`);
    });
  }

  test('[I-55] the addresses that a firewall has to admit are documented', () => {
    const page = readProjectFile('docs/access.md').split('## Addresses to allow')[1]?.split('\n## ')[0] ?? '';
    for (const service of ['s3', 'sts'] as const) {
      assert.ok(page.includes(`\`${toldHost(service, 'REGION')}\`, 443`), service);
    }
    for (const field of ['endpoint', 'stsEndpoint', 'Kubernetes API', 'PostgreSQL']) {
      assert.ok(page.includes(field), field);
    }
    assert.ok(page.includes('amazonaws.com.cn'), 'China');
  });
});
