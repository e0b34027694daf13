import { stringify } from 'yaml';
import type { Mapping } from './guess-mapping.ts';
import type { Sample } from './read-sample.ts';

/** What a first manifest names. */
export interface SourcePlan {
  readonly name: string;
  readonly bucket: string;
  readonly prefix: string;
  /** Of the names of files. */
  readonly regex: string;
  readonly projectID: string;
  /** Objects that exist already; else they are written too, with places to fill in. */
  readonly connection: { readonly name: string; readonly exists: boolean };
  readonly store: { readonly name: string; readonly exists: boolean };
  readonly region: string;
  readonly endpoint: string | undefined;
  readonly sample: Pick<Sample, 'format' | 'compression' | 'csv'>;
  readonly mapping: Mapping;
}

const apiVersion = 'millrace.dev/v1alpha1';

/** The manifests as a person would write them, with what is left to do in comments. */
export function renderSource(plan: SourcePlan): string {
  const parts = [
    ...(plan.connection.exists ? [] : [connectionText(plan)]),
    ...(plan.store.exists ? [] : [storeText(plan)]),
    sourceText(plan),
  ];
  return parts.join('---\n');
}

function connectionText({ connection, region, endpoint }: SourcePlan): string {
  const { name } = connection;
  return [
    '# The keys are in a Secret of this namespace; keep it out of git. To make it:',
    `#   kubectl create secret generic ${name}-keys --from-literal=accessKeyID=… --from-literal=secretAccessKey=…`,
    yaml({
      apiVersion,
      kind: 'S3Connection',
      metadata: { name },
      spec: {
        region,
        ...(endpoint === undefined ? {} : { endpoint, forcePathStyle: true }),
        credentials: { secretRef: { name: `${name}-keys` } },
      },
    }),
  ].join('\n');
}

function storeText({ store, projectID }: SourcePlan): string {
  const { name } = store;
  return [
    '# Where events go. The connection string is in a Secret of this namespace; to make it:',
    `#   kubectl create secret generic ${name}-db --from-literal=url='postgres://USER:PASSWORD@HOST:5432/DATABASE?sslmode=verify-full'`,
    yaml({
      apiVersion,
      kind: 'EventStore',
      metadata: { name },
      spec: {
        postgres: { secretRef: { name: `${name}-db` } },
        organizationID: '1',
        projects: [{ id: projectID, name: 'main' }],
      },
    }),
  ].join('\n');
}

function sourceText(plan: SourcePlan): string {
  const { format, compression, csv } = plan.sample;
  return [
    '# Try it before anything is stored: millrace preview -f THIS-FILE',
    yaml({
      apiVersion,
      kind: 'S3ImportSource',
      metadata: { name: plan.name },
      spec: {
        connectionRef: { name: plan.connection.name },
        bucket: plan.bucket,
        prefix: plan.prefix,
        storeRef: { name: plan.store.name },
        projectID: plan.projectID,
        files: {
          pattern: { regex: plan.regex },
          format,
          compression,
          ...(Object.keys(csv).length === 0 ? {} : { csv: { ...csv } }),
        },
        conversion: { amplitude: { convertToAmplitudeFunc: { ...plan.mapping } } },
        destination: { eventStore: {} },
      },
    }),
  ].join('\n');
}

function yaml(value: Readonly<Record<string, unknown>>): string {
  return stringify(value, { lineWidth: 0, flowCollectionPadding: false });
}
