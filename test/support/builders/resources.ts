import type { Condition } from '../../../crds/conditions.ts';
import type { EventStore } from '../../../crds/generated/event-store.ts';
import type { S3Connection } from '../../../crds/generated/s3-connection.ts';
import type {
  S3ImportSource,
  S3ImportSourceSpec,
  S3ImportSourceStatus,
} from '../../../crds/generated/s3-import-source.ts';
import type { ObjectMeta } from '../../../crds/object-meta.ts';

export const startTime = Date.UTC(2026, 0, 1);

function metadata(name: string): ObjectMeta {
  return {
    name,
    namespace: 'acme',
    uid: `uid of ${name}`,
    generation: 1,
    resourceVersion: '1',
    creationTimestamp: new Date(startTime).toISOString(),
  };
}

export function condition(type: string, changes: Partial<Condition> = {}): Condition {
  return {
    type,
    status: 'True',
    observedGeneration: 1,
    lastTransitionTime: new Date(startTime).toISOString(),
    reason: 'Succeeded',
    message: 'Everything is as the spec says.',
    ...changes,
  };
}

export type Change<T> = (object: T) => T;

function changed<T>(object: T, changes: readonly Change<T>[]): T {
  return changes.reduce((before, change) => change(before), object);
}

/** A source as the API server gives it, with its defaults; looked at by nobody yet. */
export function importSource(...changes: readonly Change<S3ImportSource>[]): S3ImportSource {
  return changed(
    {
      apiVersion: 'millrace.dev/v1alpha1',
      kind: 'S3ImportSource',
      metadata: metadata('web-events'),
      spec: {
        connectionRef: { name: 'acme-lake' },
        bucket: 'acme-events',
        prefix: 'web/',
        storeRef: { name: 'analytics' },
        projectID: '168342',
        files: { format: 'JSONLines', compression: 'Auto' },
        discovery: { interval: '1m' },
        conversion: { amplitude: { convertToAmplitudeFunc: { event_type: 'event', user_id: 'uid' } } },
        destination: { eventStore: {} },
        workers: { max: 4, lingerSeconds: 30, maxLifetime: '1h', resources: {} },
        errors: { maxAttempts: 5 },
        suspend: false,
      },
      status: { observedGeneration: -1 },
    },
    changes,
  );
}

export function withSpec(spec: Partial<S3ImportSourceSpec>): Change<S3ImportSource> {
  return (source) => ({ ...source, spec: { ...source.spec, ...spec } });
}

export const suspended = withSpec({ suspend: true });

export const withoutConversion: Change<S3ImportSource> = (source) => {
  const { conversion: _, ...spec } = source.spec;
  return { ...source, spec };
};

export function withStatus(status: S3ImportSourceStatus): Change<S3ImportSource> {
  return (source) => ({ ...source, status });
}

export function withMetadata<T extends { readonly metadata: ObjectMeta }>(
  changes: Partial<ObjectMeta>,
): Change<T> {
  return (object) => ({ ...object, metadata: { ...object.metadata, ...changes } });
}

/** Ready, in `us-east-1` of AWS. */
export function connection(...changes: readonly Change<S3Connection>[]): S3Connection {
  return changed(
    {
      apiVersion: 'millrace.dev/v1alpha1',
      kind: 'S3Connection',
      metadata: metadata('acme-lake'),
      spec: {
        region: 'us-east-1',
        forcePathStyle: false,
        credentials: { secretRef: { name: 'acme-lake-key' } },
      },
      status: { observedGeneration: 1, conditions: [condition('Ready')] },
    },
    changes,
  );
}

export function withConnectionSpec(spec: Partial<S3Connection['spec']>): Change<S3Connection> {
  return (object) => ({ ...object, spec: { ...object.spec, ...spec } });
}

/** Ready, with one project. */
export function eventStore(...changes: readonly Change<EventStore>[]): EventStore {
  return changed(
    {
      apiVersion: 'millrace.dev/v1alpha1',
      kind: 'EventStore',
      metadata: metadata('analytics'),
      spec: {
        postgres: {
          secretRef: { name: 'analytics-db', key: 'url' },
          schema: 'millrace',
          maxConnections: 32,
        },
        organizationID: '1042',
        projects: [{ id: '168342', name: 'web', limits: { filesPerSecond: 50, eventsPerSecond: 30_000 } }],
        deduplicationWindow: '168h',
      },
      status: { observedGeneration: 1, conditions: [condition('Ready')] },
    },
    changes,
  );
}

export function withPostgres(changes: Partial<EventStore['spec']['postgres']>): Change<EventStore> {
  return (store) => ({
    ...store,
    spec: { ...store.spec, postgres: { ...store.spec.postgres, ...changes } },
  });
}

/** What stands in the status of a dependency. */
export function withConditions<T extends { readonly status: object }>(
  ...conditions: readonly Condition[]
): Change<T> {
  return (object) => ({ ...object, status: { ...object.status, conditions } });
}
