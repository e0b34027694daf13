import { resourceTypes } from './resource-types.ts';
import type { ApiClient } from './runtime/api-client.ts';
import { isAlreadyExists } from './runtime/api-error.ts';
import type { KubernetesObject } from './runtime/objects.ts';
import { managedBy, labels } from './resources/names.ts';

interface InstallationSecret extends KubernetesObject {
  readonly data?: Readonly<Record<string, string>>;
  readonly stringData?: Readonly<Record<string, string>>;
}

/** The Secret that makes an installation the same one after an upgrade or a restored backup. */
const name = 'millrace-installation';
const field = 'installationID';

/** The id of this installation, made at the first start. Two replicas that start at once get the same. */
export async function ensureInstallationId(
  client: ApiClient,
  namespace: string,
  newId: () => string,
  signal: AbortSignal,
): Promise<string> {
  const found = await client.find<InstallationSecret>(resourceTypes.secrets, { namespace, name }, { signal });
  const data = found?.data?.[field];
  if (data !== undefined) return Buffer.from(data, 'base64').toString('utf8');
  const id = newId();
  const secret: InstallationSecret = {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name, namespace, labels: { [labels.managedBy]: managedBy } },
    stringData: { [field]: id },
  };
  try {
    await client.create(resourceTypes.secrets, secret, { signal });
    return id;
  } catch (error) {
    if (!isAlreadyExists(error)) throw error;
    return await ensureInstallationId(client, namespace, newId, signal);
  }
}
