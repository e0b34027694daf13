import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, describe, it } from 'node:test';
import type { Reason } from '../../../crds/reasons.ts';
import { openS3 } from '../../../lib/aws/s3.ts';
import { createConnectionWorld } from '../../support/connection-world.ts';
import { conditionOf } from '../../support/import-world.ts';
import { lintConditions } from '../../support/lint-conditions.ts';
import { startMemoryApi, type MemoryApi } from '../../support/memory-api.ts';
import { createSourceWorld } from '../../support/source-world.ts';

/** What the store answers; a `key` answers the read of an object, whose listing then succeeds. */
interface Refusal {
  readonly status: number;
  readonly code: string;
  readonly message?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly onRead?: true;
}

const listing =
  '<ListBucketResult><EncodingType>url</EncodingType><IsTruncated>false</IsTruncated><Contents><Key>web/1.json</Key>' +
  '<ETag>"e"</ETag><Size>3</Size><LastModified>2026-01-01T00:00:00.000Z</LastModified></Contents></ListBucketResult>';

async function withAnswers<T>(refusal: Refusal, work: (endpoint: string) => Promise<T>): Promise<T> {
  const { status, code, message = code, headers = {}, onRead } = refusal;
  const server = createServer((request, response) => {
    const isList = request.url?.includes('list-type=2') === true;
    const body = request.method === 'POST';
    if (isList && onRead === true) {
      response.writeHead(200, { 'content-type': 'application/xml' }).end(listing);
      return;
    }
    const error = `<Error><Code>${code}</Code><Message>${message}</Message></Error>`;
    const answer = body ? `<ErrorResponse>${error}</ErrorResponse>` : error;
    response.writeHead(status, { 'content-type': 'application/xml', ...headers }).end(answer);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  try {
    return await work(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  } finally {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
}

const user = 'arn:aws:iam::111122223333:user/importer';
const deniedTo = (action: string, why: string) =>
  `User: ${user} is not authorized to perform: ${action} on resource: "arn:aws:s3:::acme-events/web/1.json" ${why}`;

describe('reasons of a source, each by what a store answers', () => {
  const cases: readonly (readonly [Reason, Refusal, RegExp])[] = [
    ['BucketNotFound', { status: 404, code: 'NoSuchBucket' }, /Create it, or correct the name/],
    ['BucketNotFound', { status: 404, code: 'NoSuchAccessPoint' }, /acme-events/],
    [
      'BucketRegionMismatch',
      { status: 301, code: 'PermanentRedirect', headers: { 'x-amz-bucket-region': 'eu-west-1' } },
      /Set region to eu-west-1/,
    ],
    ['AccessPointUnsupported', { status: 400, code: 'InvalidAccessPoint' }, /open to the internet/],
    ['UnsupportedProvider', { status: 501, code: 'NotImplemented' }, /does not know a call/],
    ['Throttled', { status: 503, code: 'SlowDown' }, /fewer requests/],
    ['StorageUnavailable', { status: 500, code: 'InternalError' }, /error of its own/],
    ['InvalidAccessKeyId', { status: 403, code: 'InvalidAccessKeyId' }, /check accessKeyID/],
    ['SignatureDoesNotMatch', { status: 403, code: 'SignatureDoesNotMatch' }, /secret key/],
    ['InvalidSessionToken', { status: 400, code: 'InvalidToken' }, /session token/],
    ['CredentialsExpired', { status: 400, code: 'ExpiredToken' }, /has expired/],
    ['RequestTimeTooSkewed', { status: 403, code: 'RequestTimeTooSkewed' }, /Set the clock/],
    ['AccountDisabled', { status: 403, code: 'AccountProblem' }, /account/],
    ['AuthenticationFailed', { status: 403, code: 'InvalidSecurity' }, /refuses the credentials/],
    ['ListDenied', { status: 403, code: 'AccessDenied', message: 'Access Denied' }, /"Sid":"ListObjects"/],
    [
      'ReadDenied',
      { status: 403, code: 'AccessDenied', message: 'Access Denied', onRead: true },
      /may not s3:GetObject on arn:aws:s3:::acme-events\/web\/\*.*"Sid":"ReadObjects"/,
    ],
    [
      'ReadDenied',
      {
        status: 403,
        code: 'AccessDenied',
        message: deniedTo('s3:GetObject', 'because no session policy allows the s3:GetObject action'),
        onRead: true,
      },
      /no session policy allows it\. Add to the session policy the statement/,
    ],
    [
      'ExplicitDeny',
      {
        status: 403,
        code: 'AccessDenied',
        message: deniedTo('s3:GetObject', 'with an explicit deny in a service control policy'),
        onRead: true,
      },
      /a service control policy denies it explicitly/,
    ],
    [
      'VPCEndpointDenied',
      {
        status: 403,
        code: 'AccessDenied',
        message: deniedTo('s3:GetObject', 'because no VPC endpoint policy allows the s3:GetObject action'),
        onRead: true,
      },
      /Add to the VPC endpoint policy the statement/,
    ],
    [
      'KMSAccessDenied',
      {
        status: 403,
        code: 'AccessDenied',
        message: `User: ${user} is not authorized to perform: kms:Decrypt on resource: arn:aws:kms:us-east-1:111122223333:key/1 because no resource-based policy allows the kms:Decrypt action`,
        onRead: true,
      },
      /may not kms:Decrypt on arn:aws:kms:us-east-1:111122223333:key\/1/,
    ],
    ['KMSAccessDenied', { status: 400, code: 'KMS.DisabledException', onRead: true }, /Enable the key/],
  ];

  for (const [reason, refusal, says] of cases) {
    const when = refusal.onRead === true ? ' to a read' : '';
    it(`[I-11] [C-01] [C-06] [C-08] ${refusal.code}${when} (${says.source}) is told as ${reason}, and once`, async () => {
      await withAnswers(refusal, async (endpoint) => {
        const credentials = { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'a-secret-key' };
        const objects = openS3({ region: 'us-east-1', endpoint, forcePathStyle: true, credentials });
        const world = await createSourceWorld({ objects });
        try {
          await world.reconcile().catch(() => {});
          const first = await world.source();
          const ready = conditionOf(first.status.conditions, 'Ready');
          assert.deepEqual([ready?.status, ready?.reason], ['False', reason]);
          assert.match(ready?.message ?? '', says);
          assert.deepEqual(lintConditions(first), []);
          await world.reconcile().catch(() => {});
          assert.equal((await world.source()).metadata.resourceVersion, first.metadata.resourceVersion);
        } finally {
          objects.close();
          await world.stop();
        }
      });
    });
  }
});

describe('reasons of a connection, each by what STS answers', () => {
  let api: MemoryApi;
  before(async () => {
    api = startMemoryApi();
    const metadata = { name: 'millrace-system' };
    const body = { apiVersion: 'v1', kind: 'Namespace', metadata };
    await api.transport.request({ method: 'POST', path: '/api/v1/namespaces', body });
  });
  after(() => api.stop());

  const region = 'us-east-1';
  const keys = { accessKeyID: 'AKIDEXAMPLE', secretAccessKey: 'a-secret-key' };
  const cases: readonly (readonly [Reason, Refusal])[] = [
    ['InvalidAccessKeyId', { status: 403, code: 'InvalidClientTokenId' }],
    ['SignatureDoesNotMatch', { status: 403, code: 'SignatureDoesNotMatch' }],
    ['CredentialsExpired', { status: 403, code: 'ExpiredToken' }],
    ['AccountDisabled', { status: 403, code: 'RegionDisabledException' }],
    ['RequestTimeTooSkewed', { status: 403, code: 'RequestTimeTooSkewed' }],
    ['Throttled', { status: 400, code: 'Throttling' }],
    ['StorageUnavailable', { status: 503, code: 'ServiceUnavailable' }],
  ];

  for (const [reason, refusal] of cases) {
    it(`[I-11] [C-06] ${refusal.code} of STS is told as ${reason}, and once`, async () => {
      await withAnswers(refusal, async (endpoint) => {
        const namespace = await api.createNamespace('acme');
        const world = createConnectionWorld({ transport: api.transport, namespace });
        await world.applySecret('lake-keys', keys);
        await world.applyConnection({ region, stsEndpoint: endpoint });
        const first = await world.reconcile();
        assert.equal(conditionOf(first.status.conditions, 'Ready')?.reason, reason);
        assert.deepEqual(lintConditions(first), []);
        const second = await world.reconcile();
        assert.equal(second.metadata.resourceVersion, first.metadata.resourceVersion);
      });
    });
  }

  it('a token that no cluster can give is told as TokenRequestRefused', async () => {
    const namespace = await api.createNamespace('acme');
    const world = createConnectionWorld({ transport: api.transport, namespace });
    const account = { apiVersion: 'v1', kind: 'ServiceAccount' };
    const roleArn = 'arn:aws:iam::111122223333:role/own';
    const metadata = { name: 'importer', namespace, annotations: { 'eks.amazonaws.com/role-arn': roleArn } };
    await api.transport.request({
      method: 'POST',
      path: `/api/v1/namespaces/${namespace}/serviceaccounts`,
      body: { ...account, metadata },
    });
    await world.applyConnection({ region, credentials: { serviceAccountName: 'importer' } });
    const { status } = await world.reconcile();
    const ready = conditionOf(status.conditions, 'Ready');
    assert.equal(ready?.reason, 'TokenRequestRefused');
    assert.match(ready.message, /local mode/);
  });

  it('who a ServiceAccount without a role is, a pod is asked: IdentityProbePending', async () => {
    const namespace = await api.createNamespace('acme');
    const world = createConnectionWorld({ transport: api.transport, namespace });
    await api.transport.request({
      method: 'POST',
      path: `/api/v1/namespaces/${namespace}/serviceaccounts`,
      body: { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'importer', namespace } },
    });
    await world.applyConnection({ region, credentials: { serviceAccountName: 'importer' } });
    const { status } = await world.reconcile();
    assert.equal(conditionOf(status.conditions, 'Ready')?.reason, 'IdentityProbePending');
  });

  it('a role of another partition is told as InvalidRoleARN', async () => {
    const namespace = await api.createNamespace('acme');
    const world = createConnectionWorld({ transport: api.transport, namespace });
    await world.applySecret('lake-keys', keys);
    await world.applyConnection({ region: 'cn-north-1', role: { arn: 'arn:aws:iam::111122223333:role/x' } });
    const { status } = await world.reconcile();
    assert.equal(conditionOf(status.conditions, 'Ready')?.reason, 'InvalidRoleARN');
  });
});
