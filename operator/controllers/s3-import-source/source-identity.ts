import type { S3Connection } from '../../../crds/generated/s3-connection.ts';
import type { S3ImportSource } from '../../../crds/generated/s3-import-source.ts';
import type { SourceIdentity } from '../../../lib/store/types.ts';

/** What a person must not change for the ledger to stay the same one. */
export function sourceIdentityOf(
  { metadata, spec }: S3ImportSource,
  connection: S3Connection,
): SourceIdentity {
  return {
    namespace: metadata.namespace,
    ledgerName: spec.ledgerName ?? metadata.name,
    endpoint: connection.spec.endpoint ?? '',
    bucket: spec.bucket,
    prefix: spec.prefix,
    projectId: spec.projectID,
    destination: 'eventStore',
  };
}
