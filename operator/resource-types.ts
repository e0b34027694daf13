import { group, kinds, version, type Kind } from '../crds/names.ts';
import type { ResourceType } from './runtime/objects.ts';

/** How each resource that the operator reads or writes is addressed. */
function ofOurs(kind: Kind): ResourceType {
  return { group, version, kind, plural: kinds[kind].plural, namespaced: true };
}

function ofCore(kind: string, plural: string): ResourceType {
  return { group: '', version: 'v1', kind, plural, namespaced: true };
}

export const resourceTypes = {
  s3Connections: ofOurs('S3Connection'),
  eventStores: ofOurs('EventStore'),
  s3ImportSources: ofOurs('S3ImportSource'),
  secrets: ofCore('Secret', 'secrets'),
  configMaps: ofCore('ConfigMap', 'configmaps'),
  serviceAccounts: ofCore('ServiceAccount', 'serviceaccounts'),
  pods: ofCore('Pod', 'pods'),
  jobs: { group: 'batch', version: 'v1', kind: 'Job', plural: 'jobs', namespaced: true },
} as const satisfies Readonly<Record<string, ResourceType>>;
