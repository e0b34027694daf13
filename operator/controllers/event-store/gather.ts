import type { EventStore } from '../../../crds/generated/event-store.ts';
import { storeSecretCAKey } from '../../../crds/names.ts';
import { checkCABundle, readSecret } from '../../references.ts';
import type { ApiClient } from '../../runtime/api-client.ts';
import type { StoreAccess } from '../../stores.ts';

/** How the store is reached, its Secrets resolved. Errors: those of `readSecret`, `CABundleInvalid`. */
export async function gatherStoreAccess(
  store: EventStore,
  client: ApiClient,
  signal: AbortSignal,
): Promise<StoreAccess> {
  const { namespace } = store.metadata;
  const { secretRef, ownerSecretRef, schema } = store.spec.postgres;
  const read = (ref: { readonly name: string; readonly key: string }) =>
    readSecret(
      client,
      { namespace, name: ref.name, keys: [ref.key], optionalKeys: [storeSecretCAKey] },
      signal,
    );
  const main = await read(secretRef);
  const owner = ownerSecretRef === undefined ? undefined : await read(ownerSecretRef);
  const caPem = main.values[storeSecretCAKey];
  if (caPem !== undefined) {
    checkCABundle(`Key ${storeSecretCAKey} of Secret ${namespace}/${secretRef.name}`, caPem);
  }
  return {
    url: main.values[secretRef.key] ?? '',
    ownerUrl: ownerSecretRef === undefined ? undefined : owner?.values[ownerSecretRef.key],
    caPem,
    schema,
    revision: [main.revision, owner?.revision ?? ''].join(' '),
  };
}
