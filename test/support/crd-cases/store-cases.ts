import { storeManifest } from '../manifests.ts';
import { accepted, acceptedWith, refused, type CrdCase } from './crd-case.ts';

const secretRef = { name: 'analytics-db' };

export const storeCases: readonly CrdCase[] = [
  {
    name: 'a store with a database, an organisation and a project is accepted, and the defaults are filled in',
    object: storeManifest(),
    expect: acceptedWith({
      'spec.postgres.secretRef.key': 'url',
      'spec.postgres.schema': 'millrace',
      'spec.postgres.maxConnections': 32,
      'spec.deduplicationWindow': '168h',
    }),
  },
  {
    name: 'a store with every field is accepted',
    object: storeManifest({
      displayName: 'Analytics',
      description: 'All events',
      postgres: {
        secretRef: { name: 'analytics-db', key: 'dsn' },
        ownerSecretRef: { name: 'analytics-owner' },
        schema: 'acme_events',
        maxConnections: 100,
      },
      projects: [{ id: '168342', name: 'web' }, { id: 'mobile-app' }],
      deduplicationWindow: '1h30m',
      retention: { events: '400d', rejects: '1d', runs: '99999d' },
    }),
    expect: acceptedWith({
      'spec.postgres.ownerSecretRef.key': 'url',
      'spec.projects[0].limits': { filesPerSecond: 50, eventsPerSecond: 30_000 },
    }),
  },
  {
    name: 'a store without projects is refused',
    object: storeManifest({ projects: [] }),
    expect: refused('spec.projects', 'should have at least 1 items'),
  },
  {
    name: 'a store whose list names a project twice is refused',
    object: storeManifest({ projects: [{ id: '1' }, { id: '2' }, { id: '1' }] }),
    expect: refused('', 'duplicate entries for key [id="1"]'),
  },
  {
    name: 'a project id with a space is refused',
    object: storeManifest({ projects: [{ id: 'web app' }] }),
    expect: refused('spec.projects[0].id', 'should match'),
  },
  {
    name: 'a store without organisation is refused',
    object: storeManifest({ organizationID: undefined }),
    expect: refused('spec.organizationID', 'Required value'),
  },
  {
    name: 'a store without a Secret is refused',
    object: storeManifest({ postgres: {} }),
    expect: refused('spec.postgres.secretRef', 'Required value'),
  },
  {
    name: 'a schema with capital letters is refused',
    object: storeManifest({ postgres: { secretRef, schema: 'Acme' } }),
    expect: refused('spec.postgres.schema', 'should match'),
  },
  {
    name: 'a schema of the names that PostgreSQL keeps is refused',
    object: storeManifest({ postgres: { secretRef, schema: 'pg_events' } }),
    expect: refused('spec.postgres.schema', 'must not begin with pg_'),
  },
  {
    name: 'fewer connections than the operator and one worker need are refused',
    object: storeManifest({ postgres: { secretRef, maxConnections: 5 } }),
    expect: refused('spec.postgres.maxConnections', 'greater than or equal to 6'),
  },
  ...['1h', '9600h', '90m', '1.5h'].map((deduplicationWindow) => ({
    name: `the deduplication window ${deduplicationWindow} is accepted`,
    object: storeManifest({ deduplicationWindow }),
    expect: accepted,
  })),
  ...['59m', '9600h1s', '0s'].map((deduplicationWindow) => ({
    name: `the deduplication window ${deduplicationWindow} is refused as too short or too long`,
    object: storeManifest({ deduplicationWindow }),
    expect: refused('spec.deduplicationWindow', 'must be between 1h and 9600h (400 days)'),
  })),
  ...['7d', '168', '', '-1h', '1h 30m'].map((deduplicationWindow) => ({
    name: `the deduplication window ${JSON.stringify(deduplicationWindow)} is refused as no duration`,
    object: storeManifest({ deduplicationWindow }),
    expect: refused('spec.deduplicationWindow', 'should match'),
  })),
  {
    name: '[C-02] the organisation of a store cannot change',
    object: storeManifest(),
    update: storeManifest({ organizationID: '1043' }),
    expect: refused('spec.organizationID', 'Create a new EventStore, with a schema of its own'),
  },
  {
    name: '[C-02] the schema of a store cannot change',
    object: storeManifest({ postgres: { secretRef, schema: 'one' } }),
    update: storeManifest({ postgres: { secretRef, schema: 'two' } }),
    expect: refused('spec.postgres.schema', 'Create a new EventStore for the other schema.'),
  },
  {
    name: '[C-02] the schema of a store cannot be removed later, which would give the default',
    object: storeManifest({ postgres: { secretRef, schema: 'one' } }),
    update: storeManifest(),
    expect: refused('spec.postgres.schema', 'spec.postgres.schema cannot change'),
  },
  {
    name: '[C-02] the default schema of a store may be written down later',
    object: storeManifest(),
    update: storeManifest({ postgres: { secretRef, schema: 'millrace' } }),
    expect: accepted,
  },
  {
    name: '[I-13] names, Secrets, projects, connections and window of a store can change',
    object: storeManifest({ displayName: 'Old' }),
    update: storeManifest({
      displayName: 'New',
      postgres: { secretRef: { name: 'other', key: 'dsn' }, maxConnections: 8 },
      projects: [{ id: '7', name: 'seven' }],
      deduplicationWindow: '24h',
    }),
    expect: acceptedWith({
      'spec.displayName': 'New',
      'spec.projects': [{ id: '7', name: 'seven', limits: { filesPerSecond: 50, eventsPerSecond: 30_000 } }],
    }),
  },
  ...['0d', '400', '400h', '-1d', '1.5d', '100000d'].map((events) => ({
    name: `the retention ${events} is refused, being no number of days`,
    object: storeManifest({ retention: { events } }),
    expect: refused('spec.retention.events', events.length > 6 ? 'may not be' : 'should match'),
  })),
  {
    name: '[I-46][I-47] a project may have limits of its own, and keeps the default of the one that it does not name',
    object: storeManifest({ projects: [{ id: '1', limits: { filesPerSecond: 5 } }] }),
    expect: acceptedWith({ 'spec.projects[0].limits': { filesPerSecond: 5, eventsPerSecond: 30_000 } }),
  },
  ...[{ filesPerSecond: 0 }, { eventsPerSecond: 99 }].map((limits) => ({
    name: `the limits ${JSON.stringify(limits)} of a project are refused as too low to import anything`,
    object: storeManifest({ projects: [{ id: '1', limits }] }),
    expect: refused(`spec.projects[0].limits.${Object.keys(limits)[0] ?? ''}`, 'greater than or equal to'),
  })),
  {
    name: 'limits of a whole store are refused: they are its projects’',
    object: storeManifest({ limits: {} }),
    expect: refused('', '.spec.limits: field not declared in schema'),
  },
];
