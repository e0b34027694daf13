import { connectionManifest } from '../manifests.ts';
import { accepted, acceptedWith, refused, type CrdCase } from './crd-case.ts';

const minio = 'https://minio.storage.svc:9000';
const keys = { secretRef: { name: 'lake-keys' } };
const account = { serviceAccountName: 'millrace-worker' };
const role = { arn: 'arn:aws:iam::111122223333:role/acme-millrace' };

export const connectionCases: readonly CrdCase[] = [
  {
    name: 'a connection with region and credentials is accepted, and the defaults are filled in',
    object: connectionManifest(),
    expect: acceptedWith({ 'spec.forcePathStyle': false, 'spec.endpoint': undefined }),
  },
  {
    name: 'a connection with every field is accepted',
    object: connectionManifest({
      displayName: 'Lake',
      description: 'All of it',
      endpoint: minio,
      forcePathStyle: true,
      caBundleRef: { name: 'internal-ca' },
      stsEndpoint: 'https://sts.us-east-1.amazonaws.com',
    }),
    expect: acceptedWith({ 'spec.caBundleRef.key': 'ca.crt' }),
  },
  {
    name: 'a connection without region is refused',
    object: connectionManifest({ region: undefined }),
    expect: refused('spec.region', 'Required value'),
  },
  {
    name: 'a region with capital letters is refused',
    object: connectionManifest({ region: 'US-East' }),
    expect: refused('spec.region', 'should match'),
  },
  {
    name: 'a connection without credentials is refused',
    object: connectionManifest({ credentials: undefined }),
    expect: refused('spec.credentials', 'Required value'),
  },
  {
    name: 'credentials with no way to sign in are refused',
    object: connectionManifest({ credentials: {} }),
    expect: refused('spec.credentials', 'must set exactly one way to sign in: secretRef'),
  },
  {
    name: 'a reference to a Secret by a name that none can have is refused',
    object: connectionManifest({ credentials: { secretRef: { name: '../other' } } }),
    expect: refused('spec.credentials.secretRef.name', 'should match'),
  },
  ...['http://127.0.0.1:9000', 'https://[::1]:9000', 'https://store.example/s3'].map((endpoint) => ({
    name: `the endpoint ${endpoint} is accepted`,
    object: connectionManifest({ endpoint }),
    expect: accepted,
  })),
  ...[
    'minio:9000',
    'ftp://minio',
    'https://user:secret@minio',
    'https://minio/?x=1',
    'https://',
    'https://a b',
    'https://minio/\n',
  ].map((endpoint) => ({
    name: `the endpoint ${JSON.stringify(endpoint)} is refused`,
    object: connectionManifest({ endpoint }),
    expect: refused('spec.endpoint', 'must be an http:// or https:// address with a host'),
  })),
  {
    name: 'an address of STS that is none is refused',
    object: connectionManifest({ stsEndpoint: 'sts.amazonaws.com' }),
    expect: refused('spec.stsEndpoint', 'must be an http:// or https:// address with a host'),
  },
  {
    name: '[I-12] [C-02] the endpoint of a connection cannot change',
    object: connectionManifest({ endpoint: minio }),
    update: connectionManifest({ endpoint: 'https://other:9000' }),
    expect: refused('spec.endpoint', 'Create a new S3Connection for the other endpoint.'),
  },
  {
    name: '[I-12] [C-02] the endpoint of a connection cannot be added later',
    object: connectionManifest(),
    update: connectionManifest({ endpoint: minio }),
    expect: refused('spec.endpoint', 'cannot change, nor be added or removed'),
  },
  {
    name: '[I-12] [C-02] the endpoint of a connection cannot be removed later',
    object: connectionManifest({ endpoint: minio }),
    update: connectionManifest(),
    expect: refused('spec.endpoint', 'cannot change, nor be added or removed'),
  },
  {
    name: '[I-13] names, region, style, CA, STS and the Secret of a connection can change',
    object: connectionManifest({ endpoint: minio, displayName: 'Lake' }),
    update: connectionManifest({
      endpoint: minio,
      displayName: 'Sea',
      description: 'More of it',
      region: 'eu-west-1',
      forcePathStyle: true,
      caBundleRef: { name: 'ca', key: 'bundle.pem' },
      stsEndpoint: 'http://sts:4566',
      credentials: { secretRef: { name: 'new-keys' } },
    }),
    expect: acceptedWith({ 'spec.displayName': 'Sea', 'spec.credentials.secretRef.name': 'new-keys' }),
  },
  {
    name: 'a description of 1025 characters is refused',
    object: connectionManifest({ description: 'x'.repeat(1025) }),
    expect: refused('spec.description', 'may not be more than 1024'),
  },
  {
    name: '[P-01] [R-01] a connection by a ServiceAccount and a role is accepted, and a session lasts an hour',
    object: connectionManifest({ credentials: account, role }),
    expect: acceptedWith({ 'spec.role.sessionDuration': '1h', 'spec.role.externalID': undefined }),
  },
  {
    name: 'ambient credentials are accepted; whether they may be used is the operator’s to say',
    object: connectionManifest({ credentials: { ambient: {} }, role }),
    expect: accepted,
  },
  {
    name: 'two ways to sign in are refused',
    object: connectionManifest({ credentials: { ...keys, ...account } }),
    expect: refused('spec.credentials', 'must set exactly one way to sign in'),
  },
  ...['arn:aws:iam::1:role/x', 'arn:aws:iam::111122223333:user/someone', 'acme-millrace-role-name'].map(
    (arn) => ({
      name: `the role ${arn} is refused`,
      object: connectionManifest({ role: { arn } }),
      expect: refused('spec.role.arn', 'should match'),
    }),
  ),
  ...['14m', '13h', 'long', '1d'].map((sessionDuration) => ({
    name: `a session of ${sessionDuration} is refused`,
    object: connectionManifest({ role: { ...role, sessionDuration } }),
    expect: refused('spec.role.sessionDuration', 'must be a duration from 15m to 12h'),
  })),
  {
    name: '[P-02] an external id with a space is refused',
    object: connectionManifest({ role: { ...role, externalID: 'acme 42' } }),
    expect: refused('spec.role.externalID', 'should match'),
  },
  {
    name: 'an external id that is chosen is refused with credentials that others may share',
    object: connectionManifest({ credentials: { ambient: {} }, role: { ...role, externalID: 'acme-42' } }),
    expect: refused('spec.role.externalID', 'status.externalID gives the one to use'),
  },
  {
    name: 'a role at a store without Security Token Service is refused',
    object: connectionManifest({ endpoint: minio, role }),
    expect: refused('spec.stsEndpoint', 'need spec.stsEndpoint where spec.endpoint is set'),
  },
  {
    name: 'a ServiceAccount at a store without Security Token Service is refused',
    object: connectionManifest({ endpoint: minio, credentials: account }),
    expect: refused('spec.stsEndpoint', 'need spec.stsEndpoint where spec.endpoint is set'),
  },
  {
    name: '[I-12] [C-02] the way to sign in cannot change',
    object: connectionManifest(),
    update: connectionManifest({ credentials: account }),
    expect: refused('spec.credentials', 'for another way create a new S3Connection'),
  },
  {
    name: '[P-09] another ServiceAccount may be named later',
    object: connectionManifest({ credentials: account }),
    update: connectionManifest({ credentials: { serviceAccountName: 'other' } }),
    expect: acceptedWith({ 'spec.credentials.serviceAccountName': 'other' }),
  },
  {
    name: '[I-12] [C-02] a role cannot be added later',
    object: connectionManifest(),
    update: connectionManifest({ role }),
    expect: refused('spec.role', 'cannot be added or removed'),
  },
  {
    name: '[I-12] [C-02] a role cannot be removed later',
    object: connectionManifest({ role }),
    update: connectionManifest(),
    expect: refused('spec.role', 'cannot be added or removed'),
  },
  {
    name: '[I-12] [C-02] the ARN of a role cannot change',
    object: connectionManifest({ role }),
    update: connectionManifest({ role: { arn: `${role.arn}-2` } }),
    expect: refused('spec.role.arn', 'Create a new S3Connection for the other role'),
  },
  {
    name: '[I-12] [C-02] the external id of a role cannot be added later',
    object: connectionManifest({ role }),
    update: connectionManifest({ role: { ...role, externalID: 'acme-42' } }),
    expect: refused('spec.role.externalID', 'cannot change, nor be added or removed'),
  },
  {
    name: '[I-13] how long a session lasts can change',
    object: connectionManifest({ role }),
    update: connectionManifest({ role: { ...role, sessionDuration: '15m' } }),
    expect: acceptedWith({ 'spec.role.sessionDuration': '15m' }),
  },
];
