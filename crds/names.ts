/**
 * The words of the API that code needs: group, kinds, annotations, keys of Secrets, and the members of each
 * registry. `test/architecture/registries.test.ts` holds them to the schemas in `crds/*.yaml` and to the registries.
 */

export const group = 'millrace.dev';
export const version = 'v1alpha1';
export const apiVersion = 'millrace.dev/v1alpha1';

export const kinds = {
  S3Connection: { plural: 's3connections', manifest: 's3connections.yaml' },
  EventStore: { plural: 'eventstores', manifest: 'eventstores.yaml' },
  S3ImportSource: { plural: 's3importsources', manifest: 's3importsources.yaml' },
} as const satisfies Record<string, { readonly plural: string; readonly manifest: string }>;

export type Kind = keyof typeof kinds;

export const kindNames = Object.keys(kinds) as readonly Kind[];

/** Where the definition of a kind is: the one source of its schema, defaults, rules and columns. */
export function manifestURL(kind: Kind): URL {
  return new URL(kinds[kind].manifest, import.meta.url);
}

export const annotations = {
  /** Any new value asks for a reconcile at once; mirrored to `status.lastHandledReconcileAt` when handled. */
  requestedAt: 'millrace.dev/requestedAt',
} as const;

/** Keys of the Secret that `S3Connection.spec.credentials.secretRef` names; `sessionToken` is optional. */
export const accessKeySecret = {
  accessKeyID: 'accessKeyID',
  secretAccessKey: 'secretAccessKey',
  sessionToken: 'sessionToken',
} as const;

/** Key of an EventStore's Secrets with the certificate (PEM) that the server's is checked against; optional. */
export const storeSecretCAKey = 'ca.crt';

export const formats = ['JSONLines', 'CSV', 'Parquet'] as const;
export type Format = (typeof formats)[number];

/** What a file may say of its compression; `Auto` tells it from the first bytes and is no codec itself. */
export const compressions = ['Auto', 'None', 'Gzip'] as const;
export type Compression = (typeof compressions)[number];

/** The members of the union `S3ImportSource.spec.conversion`. */
export const conversions = ['amplitude'] as const;
export type ConversionName = (typeof conversions)[number];

/** The members of the union `S3ImportSource.spec.destination`. */
export const destinations = ['eventStore'] as const;
export type DestinationName = (typeof destinations)[number];
