import { connectionManifest } from '../manifests.ts';
import { accepted, acceptedWith, refused, type CrdCase } from './crd-case.ts';

const minio = 'https://minio.storage.svc:9000';
const keys = { secretRef: { name: 'lake-keys' } };

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
  ...(['serviceAccountName', 'ambient'] as const).map((member) => ({
    name: `credentials of the kind ${member}, which nothing serves yet, are refused as unknown`,
    object: connectionManifest({ credentials: { ...keys, [member]: {} } }),
    expect: refused('', `.spec.credentials.${member}: field not declared in schema`),
  })),
];
