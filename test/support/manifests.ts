import type { Kind } from '../../crds/names.ts';

/** A custom resource as a user writes it. */
export interface Manifest {
  readonly apiVersion: 'millrace.dev/v1alpha1';
  readonly kind: Kind;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly annotations?: Readonly<Record<string, string>>;
  };
  readonly spec: Readonly<Record<string, unknown>>;
}

export type ManifestMetadata = Partial<Manifest['metadata']>;

/** Fields of the spec in place of the usual ones; undefined takes one away. */
export type SpecChanges = Readonly<Record<string, unknown>>;

export function connectionManifest(changes: SpecChanges = {}, metadata: ManifestMetadata = {}): Manifest {
  const usual = { region: 'us-east-1', credentials: { secretRef: { name: 'lake-keys' } } };
  return build('S3Connection', { name: 'lake', ...metadata }, { ...usual, ...changes });
}

export function storeManifest(changes: SpecChanges = {}, metadata: ManifestMetadata = {}): Manifest {
  const usual = {
    postgres: { secretRef: { name: 'analytics-db' } },
    organizationID: '1042',
    projects: [{ id: '168342', name: 'web' }],
  };
  return build('EventStore', { name: 'analytics', ...metadata }, { ...usual, ...changes });
}

export function sourceManifest(changes: SpecChanges = {}, metadata: ManifestMetadata = {}): Manifest {
  const usual = {
    connectionRef: { name: 'lake' },
    bucket: 'acme-events',
    prefix: 'web/',
    storeRef: { name: 'analytics' },
    projectID: '168342',
    files: { format: 'JSONLines' },
    conversion: { amplitude: { convertToAmplitudeFunc: { event_type: 'event', user_id: 'uid' } } },
    destination: { eventStore: {} },
  };
  return build('S3ImportSource', { name: 'web-events', ...metadata }, { ...usual, ...changes });
}

function build(kind: Kind, metadata: Manifest['metadata'], spec: SpecChanges): Manifest {
  const given = Object.entries(spec).filter(([, value]) => value !== undefined);
  return { apiVersion: 'millrace.dev/v1alpha1', kind, metadata, spec: Object.fromEntries(given) };
}
