import type { S3Connection } from '../../../crds/generated/s3-connection.ts';
import { accessKeySecret } from '../../../crds/names.ts';
import type { S3Options } from '../../../lib/aws/s3.ts';
import { readConfigMap, readSecret } from '../../references.ts';
import type { ApiClient } from '../../runtime/api-client.ts';

/** How S3 is reached, and what moves when a Secret or ConfigMap of it does. */
export interface S3Access {
  readonly options: S3Options;
  readonly revision: string;
}

/** Resolves what the connection refers to. Errors: those of `readSecret` and `readConfigMap`. */
export async function gatherS3Access(
  connection: S3Connection,
  client: ApiClient,
  signal: AbortSignal,
): Promise<S3Access> {
  const { namespace } = connection.metadata;
  const { credentials, region, endpoint, forcePathStyle, caBundleRef } = connection.spec;
  const { accessKeyID, secretAccessKey, sessionToken } = accessKeySecret;
  const secret = await readSecret(
    client,
    {
      namespace,
      name: credentials.secretRef?.name ?? '',
      keys: [accessKeyID, secretAccessKey],
      optionalKeys: [sessionToken],
    },
    signal,
  );
  const ca =
    caBundleRef &&
    (await readConfigMap(client, { namespace, name: caBundleRef.name, keys: [caBundleRef.key] }, signal));
  const token = secret.values[sessionToken];
  const caPem = caBundleRef && ca?.values[caBundleRef.key];
  return {
    revision: [secret.revision, ca?.revision ?? ''].join(' '),
    options: {
      region,
      forcePathStyle,
      ...(endpoint === undefined ? {} : { endpoint }),
      ...(caPem === undefined ? {} : { caPem }),
      credentials: {
        accessKeyId: secret.values[accessKeyID] ?? '',
        secretAccessKey: secret.values[secretAccessKey] ?? '',
        ...(token === undefined ? {} : { sessionToken: token }),
      },
    },
  };
}
