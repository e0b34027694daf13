import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import type { S3Connection } from '../../../../crds/generated/s3-connection.ts';
import { findIdentityFault } from '../../../../operator/preflight/find-identity-fault.ts';
import { connection, withConnectionSpec } from '../../../support/builders/resources.ts';

const closed = { allowsAmbient: false, trustedEndpoints: [] };
const open = { allowsAmbient: true, trustedEndpoints: ['https://minio.storage.svc:9000'] };
const ambient = { ambient: {} };
const account = { serviceAccountName: 'importer' };
const trusted = 'https://minio.storage.svc:9000/sts';

function reasonOf(spec: Partial<S3Connection['spec']>, policy = open): string | undefined {
  return findIdentityFault(connection(withConnectionSpec(spec)), policy)?.reason;
}

suite('whose credentials may be used, and where', () => {
  test('keys of a Secret go wherever the connection says', () => {
    assert.equal(
      reasonOf({ endpoint: 'http://anywhere', stsEndpoint: 'http://anywhere' }, closed),
      undefined,
    );
  });

  test('ambient credentials are refused unless they are allowed', () => {
    assert.equal(reasonOf({ credentials: ambient }, closed), 'IdentityNotAllowed');
    assert.equal(reasonOf({ credentials: ambient }), undefined);
  });

  test('ambient credentials go to Amazon and to trusted addresses alone', () => {
    assert.equal(reasonOf({ credentials: ambient, endpoint: 'https://evil.example' }), 'IdentityNotAllowed');
    assert.equal(
      reasonOf({ credentials: ambient, stsEndpoint: 'https://evil.example' }),
      'IdentityNotAllowed',
    );
    assert.equal(reasonOf({ credentials: ambient, endpoint: trusted }), undefined);
    assert.equal(
      reasonOf({ credentials: ambient, endpoint: 'https://s3.us-east-1.amazonaws.com' }),
      undefined,
    );
  });

  test('tokens of ServiceAccounts go to Amazon’s STS and to trusted ones alone', () => {
    assert.equal(reasonOf({ credentials: account }), undefined);
    assert.equal(reasonOf({ credentials: account, stsEndpoint: trusted }), undefined);
    assert.equal(reasonOf({ credentials: account, stsEndpoint: trusted }, closed), 'IdentityNotAllowed');
    assert.equal(
      reasonOf({ credentials: account, stsEndpoint: 'http://minio.storage.svc:9000' }),
      'IdentityNotAllowed',
    );
  });

  test('a role of another partition than the region is refused', () => {
    const role = { arn: 'arn:aws:iam::111122223333:role/x', sessionDuration: '1h' };
    assert.equal(reasonOf({ role }), undefined);
    assert.equal(reasonOf({ role, region: 'cn-north-1' }), 'InvalidRoleARN');
    assert.equal(reasonOf({ role, region: 'cn-north-1', endpoint: 'https://own.example' }), undefined);
  });
});
