import type { LoadedManifest } from '../manifests.ts';

export interface DemoPlaces {
  readonly endpoint: string;
  readonly databaseUrl: string;
  readonly bucket: string;
}

/** The same as a person writes them; `examples/` has them as files. */
export function demoManifests({ endpoint, databaseUrl, bucket }: DemoPlaces): readonly LoadedManifest[] {
  const ours = 'millrace.dev/v1alpha1';
  const objects = [
    secret('lake-keys', { accessKeyID: 'demo', secretAccessKey: 'demo-secret' }),
    secret('analytics-db', { url: databaseUrl }),
    {
      apiVersion: ours,
      kind: 'S3Connection',
      metadata: { name: 'lake' },
      spec: {
        region: 'us-east-1',
        endpoint,
        forcePathStyle: true,
        credentials: { secretRef: { name: 'lake-keys' } },
      },
    },
    {
      apiVersion: ours,
      kind: 'EventStore',
      metadata: { name: 'analytics' },
      spec: {
        postgres: { secretRef: { name: 'analytics-db' } },
        organizationID: '1042',
        projects: [{ id: '168342', name: 'shop' }],
      },
    },
    source('shop-json', bucket, 'shop/json/', 'JSONLines'),
    source('shop-csv', bucket, 'shop/csv/', 'CSV'),
  ];
  return objects.map((object) => ({ object, place: 'demo' }));
}

function secret(name: string, stringData: Readonly<Record<string, string>>) {
  return { apiVersion: 'v1', kind: 'Secret', metadata: { name }, stringData: { ...stringData } };
}

function source(name: string, bucket: string, prefix: string, format: string) {
  return {
    apiVersion: 'millrace.dev/v1alpha1',
    kind: 'S3ImportSource',
    metadata: { name },
    spec: {
      connectionRef: { name: 'lake' },
      storeRef: { name: 'analytics' },
      projectID: '168342',
      bucket,
      prefix,
      files: { pattern: { regex: '.*\\.gz' }, format },
      discovery: { interval: '5s' },
      workers: { max: 2, lingerSeconds: 1 },
      conversion: {
        amplitude: {
          convertToAmplitudeFunc: {
            event_type: 'event',
            user_id: 'user',
            insert_id: 'id',
            time: ['iso_time_to_ms', 'at'],
            event_properties: { city: 'city', price: 'price' },
          },
        },
      },
      destination: { eventStore: {} },
    },
  };
}
