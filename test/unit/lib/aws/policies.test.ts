import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { isOwnEndpoint } from '../../../../lib/aws/own-endpoints.ts';
import { roleOfSession } from '../../../../lib/aws/arns.ts';
import { readPolicy, trustPolicy, webIdentityTrustPolicy } from '../../../../lib/aws/policies.ts';

describe('policies ready to paste', () => {
  it('[I-08] reading admits the prefix and nothing else', () => {
    assert.deepEqual(readPolicy({ bucket: 'acme', prefix: 'web/', region: 'us-east-1' }).Statement, [
      {
        Sid: 'ListObjects',
        Effect: 'Allow',
        Action: 's3:ListBucket',
        Resource: 'arn:aws:s3:::acme',
        Condition: { StringLike: { 's3:prefix': 'web/*' } },
      },
      {
        Sid: 'ReadObjects',
        Effect: 'Allow',
        Action: 's3:GetObject',
        Resource: 'arn:aws:s3:::acme/web/*',
      },
    ]);
  });

  it('reading a whole bucket has no condition', () => {
    const [list] = readPolicy({ bucket: 'acme', prefix: '', region: 'us-east-1' }).Statement;
    assert.equal(list?.Condition, undefined);
  });

  it('signs of a prefix that mean something in a policy are written so that they do not', () => {
    const [list, read] = readPolicy({ bucket: 'acme', prefix: 'a*b?$/', region: 'us-east-1' }).Statement;
    assert.equal(list?.Condition?.['StringLike']?.['s3:prefix'], 'a${*}b${?}${$}/*');
    assert.equal(read?.Resource, 'arn:aws:s3:::acme/a${*}b${?}${$}/*');
  });

  it('[P-08] an access point is named by its ARN, and its objects below it', () => {
    const bucket = 'arn:aws:s3:us-east-1:111122223333:accesspoint/import';
    const resources = readPolicy({ bucket, prefix: 'web/', region: 'us-east-1' }).Statement.map(
      ({ Resource }) => Resource,
    );
    assert.deepEqual(resources, [bucket, `${bucket}/object/web/*`]);
  });

  it('[P-08] an alias, which policies do not know, stands for the access points of the account', () => {
    const scope = { bucket: 'import-abc-s3alias', prefix: '', region: 'eu-west-1', account: '111122223333' };
    const [list] = readPolicy(scope).Statement;
    assert.equal(list?.Resource, 'arn:aws:s3:eu-west-1:111122223333:accesspoint/*');
  });

  it('[I-07] [P-04] trust asks for the external id', () => {
    const [statement] = trustPolicy('arn:aws:iam::1:role/x', 'mr-1').Statement;
    assert.deepEqual(statement?.Principal, { AWS: 'arn:aws:iam::1:role/x' });
    assert.deepEqual(statement.Condition, { StringEquals: { 'sts:ExternalId': 'mr-1' } });
  });

  it('trust in a ServiceAccount is of its issuer, subject and audience alone', () => {
    const issuer = 'https://oidc.eks.eu-west-1.amazonaws.com/id/ABC';
    const subject = 'system:serviceaccount:acme:importer';
    const claims = { issuer, subject, audience: 'sts.amazonaws.com' };
    const [statement] = webIdentityTrustPolicy('arn:aws:iam::111122223333:role/own', claims).Statement;
    const provider = 'oidc.eks.eu-west-1.amazonaws.com/id/ABC';
    assert.deepEqual(statement?.Principal, {
      Federated: `arn:aws:iam::111122223333:oidc-provider/${provider}`,
    });
    assert.deepEqual(statement.Condition, {
      StringEquals: { [`${provider}:sub`]: subject, [`${provider}:aud`]: 'sts.amazonaws.com' },
    });
  });

  it('a session is trusted by its role', () => {
    const session = 'arn:aws-cn:sts::111122223333:assumed-role/own/session-1';
    assert.equal(roleOfSession(session), 'arn:aws-cn:iam::111122223333:role/own');
    assert.equal(roleOfSession('arn:aws:iam::1:user/x'), 'arn:aws:iam::1:user/x');
  });
});

describe('addresses that Amazon alone answers for', () => {
  const own = [
    'https://sts.amazonaws.com',
    'https://sts.us-east-1.amazonaws.com',
    'https://sts-fips.us-east-1.amazonaws.com/',
    'https://sts.cn-north-1.amazonaws.com.cn',
    'https://s3.dualstack.eu-west-1.amazonaws.com',
    'https://vpce-0a1b-2c.sts.us-east-1.vpce.amazonaws.com',
    'https://bucket.vpce-0a1b-2c.s3.us-east-1.vpce.amazonaws.com',
  ];
  const foreign = [
    'http://sts.amazonaws.com',
    'https://sts.amazonaws.com.evil.example',
    'https://evil.execute-api.us-east-1.amazonaws.com',
    'https://sts.us-east-1.elb.amazonaws.com',
    'https://ec2-1-2-3-4.compute-1.amazonaws.com',
    'https://minio.storage.svc:9000',
    'no address',
  ];
  for (const address of own) it(`${address} is one`, () => assert.equal(isOwnEndpoint(address), true));
  for (const address of foreign) it(`${address} is none`, () => assert.equal(isOwnEndpoint(address), false));
});
