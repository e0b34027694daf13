import type { S3Connection } from '../../../crds/generated/s3-connection.ts';
import type { S3ImportSource, S3ImportSourceStatus } from '../../../crds/generated/s3-import-source.ts';
import { readPolicy } from '../../../lib/aws/policies.ts';
import { findingOf, gatesUntil, passed, unknown, type Finding } from '../../conditions/finding.ts';
import type { Probe } from '../../../lib/discovery/probe-import.ts';
import type { ImportProgress } from './facts.ts';

const storagePasses = [
  passed('Authenticated', 'Authenticated', 'S3 takes the credentials.'),
  passed('BucketAccessible', 'BucketAccessible', 'The bucket is there and answers.'),
  passed('PermissionsVerified', 'PermissionsVerified', 'The prefix may be listed, and its objects read.'),
];

/** S3 is not asked anything for a source that is switched off. */
const storageUnasked = storagePasses.map((finding): Finding => ({
  ...finding,
  message: 'Not looked at while the source is suspended.',
}));

const nothingToRead = unknown(
  'PermissionsVerified',
  'VerificationInconclusive',
  'The prefix may be listed. Whether objects may be read is tried on the first one that is there.',
);

/** What S3 admits, by the probes, and by the listing, which comes more often. */
export function findStorage({ permissions, listing }: ImportProgress): readonly Finding[] {
  if (listing === undefined) return storageUnasked;
  const { error } = permissions.find((probe) => probe.error !== undefined) ?? listingError(listing);
  if (error !== undefined)
    return gatesUntil(storagePasses, findingOf(error, 'BucketAccessible', storagePasses));
  if (permissions.every(({ result }) => result === 'Allowed')) return storagePasses;
  return [...storagePasses.filter(({ type }) => type !== nothingToRead.type), nothingToRead];
}

function listingError(listing: NonNullable<ImportProgress['listing']>): { readonly error?: unknown } {
  return 'error' in listing ? listing : {};
}

/** Whether workers could read nothing; a run would only end with the same words. */
export function isReadDenied(permissions: readonly Probe[]): boolean {
  return permissions.some(({ action, result }) => action !== 's3:ListBucket' && result === 'Denied');
}

type Access = Pick<S3ImportSourceStatus, 'permissions' | 'policies'>;

/** What was tried, and the policy that allows just what the source needs. */
export function deriveAccess(
  { spec: { bucket, prefix } }: S3ImportSource,
  connection: S3Connection | undefined,
  progress: ImportProgress | undefined,
): Access {
  const permissions = progress?.permissions;
  return {
    ...(permissions === undefined || permissions.length === 0
      ? {}
      : { permissions: permissions.map(({ action, resource, result }) => ({ action, resource, result })) }),
    ...(connection === undefined ? {} : { policies: { read: printRead(bucket, prefix, connection) } }),
  };
}

function printRead(bucket: string, prefix: string, { spec: { region }, status }: S3Connection): string {
  return JSON.stringify(readPolicy({ bucket, prefix, region, account: status.account }), undefined, 2);
}
