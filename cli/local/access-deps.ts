import type { AccessDeps } from '../../operator/controllers/s3-connection/gather.ts';
import type { ApiClient } from '../../operator/runtime/api-client.ts';
import { UsageError } from '../command.ts';

/** Manifests of a person are used with what that person's own environment holds; there is no operator to make ids. */
export function personsAccess(client: ApiClient, externalId: string | undefined): AccessDeps {
  return {
    client,
    identityPolicy: { allowsAmbient: true, trustedEndpoints: [] },
    externalIdOf: ({ metadata }) => {
      if (externalId !== undefined) return Promise.resolve(externalId);
      throw new UsageError(
        `the role of S3Connection ${metadata.name} is assumed with an external id that the operator makes; ` +
          'give it by --external-id (status.externalID of the connection)',
      );
    },
  };
}
