import type { S3Connection } from '../../../crds/generated/s3-connection.ts';
import { accessKeySecret } from '../../../crds/names.ts';
import type { S3Options } from '../../../lib/aws/s3.ts';
import { checkCABundle, readConfigMap, readSecret, type Resolved } from '../../references.ts';
import type { ApiClient } from '../../runtime/api-client.ts';

/** How S3 is reached, and what moves when a Secret or ConfigMap of it does. */
export interface S3Access {
  readonly options: S3Options;
  readonly revision: string;
}

/** Resolves what the connection refers to. Errors: those of `readSecret` and `readConfigMap`, `CABundleInvalid`. */
export async function gatherS3Access(
  connection: S3Connection,
  client: ApiClient,
  signal: AbortSignal,
): Promise<S3Access> {
  const { region, endpoint, forcePathStyle } = connection.spec;
  const keys = await readKeys(connection, client, signal);
  const ca = await readCaBundle(connection, client, signal);
  const { accessKeyID, secretAccessKey, sessionToken } = accessKeySecret;
  return {
    revision: [keys.revision, ca?.revision ?? ''].join(' '),
    options: {
      region,
      endpoint,
      forcePathStyle,
      caPem: ca?.pem,
      credentials: {
        accessKeyId: keys.values[accessKeyID] ?? '',
        secretAccessKey: keys.values[secretAccessKey] ?? '',
        sessionToken: keys.values[sessionToken],
      },
    },
  };
}

function readKeys(
  { metadata: { namespace }, spec: { credentials } }: S3Connection,
  client: ApiClient,
  signal: AbortSignal,
): Promise<Resolved> {
  const { accessKeyID, secretAccessKey, sessionToken } = accessKeySecret;
  const name = credentials.secretRef?.name ?? '';
  const keys = [accessKeyID, secretAccessKey];
  return readSecret(client, { namespace, name, keys, optionalKeys: [sessionToken] }, signal);
}

async function readCaBundle(
  { metadata: { namespace }, spec: { caBundleRef } }: S3Connection,
  client: ApiClient,
  signal: AbortSignal,
): Promise<{ readonly pem: string; readonly revision: string } | undefined> {
  if (caBundleRef === undefined) return undefined;
  const { name, key } = caBundleRef;
  const { values, revision } = await readConfigMap(client, { namespace, name, keys: [key] }, signal);
  const pem = values[key] ?? '';
  checkCABundle(`Key ${key} of ConfigMap ${namespace}/${name}`, pem);
  return { pem, revision };
}
